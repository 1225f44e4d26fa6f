# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Solutions 09 · Brain tumour
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/09_brain_tumour.ipynb)
#
# [The lesson](../09_brain_tumour.ipynb)
#
# Write your answer where `...` stands, run the cell, then run the check below it. A check says
# whether an answer is right, and names the usual mistakes. Stuck? With `.hint()` in the place of
# `.check(...)` you get a hint, and with each run a further one; `.solution()` shows a right answer.

# %% tags=["setup"]
# Finds the study, fetches it where it is absent (on Colab), installs what is missing there.
import os
import subprocess
import sys

places = (".", "..", "../..", "seglib", "/content/seglib")
root = next((place for place in places if os.path.isfile(f"{place}/seglib/slices.py")), None)
if root is None:
    root, home = "seglib", "https://github.com/seglib/seglib"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", home, root], check=True)
os.chdir(f"{root}/notebooks/solutions")
sys.path.insert(0, os.path.abspath("../.."))
from seglib.environment import install_missing

install_missing()

# %%
import numpy as np
from scipy import ndimage

from seglib import lessons

# %% [markdown]
# ## 1 · A network that never draws
#
# Level: predict · 5 minutes · 1 point · `09-empty`
#
# A head has 60 slices; 20 of them show a tumour. A network draws nothing on any of them. Which Dice
# does it get by the lesson's three rules: *pooled*, *left out*, *one*?
#
# *Expected: a list of three numbers between 0 and 1, foreseen without running anything.*

# %% tags=["solution"]
scores: list = [0, 0, 40 / 60]

# %%
lessons.question("09-empty").check(scores)

# %% [markdown]
# ## 2 · As sure as you like
#
# Level: apply · 15 minutes · 2 points · `09-weight`
#
# In the lesson a network knows nothing about a pixel, always gives the same probability p, and pays
# a weighted cross-entropy. Now 2 % of the pixels are tumour. Which weight of a tumour pixel makes
# p = 0.8 the cheapest answer?
#
# *Expected: a number above 1, right to 1 %.*

# %%
share = 0.02
guess = np.linspace(0.001, 0.999, 999)


def cost(weight):
    """Mean cost of each probability in `guess`."""
    return -weight * share * np.log(guess) - (1 - share) * np.log(1 - guess)


print(f"cheapest without a weight: {guess[cost(1).argmin()]:.3f}")

# %% tags=["solution"]
# The cost is least where p / (1 - p) = weight * share / (1 - share).
weight: float = 0.8 / (1 - 0.8) * (1 - share) / share

# %%
lessons.question("09-weight").check(weight)

# %% [markdown]
# ## 3 · When the Dice loss wakes up
#
# Level: apply · 10 minutes · 2 points · `09-smooth`
#
# A slice of 100 rows and 100 columns holds no tumour. The network says the same probability in each
# pixel. The lesson's Dice loss is 1 − (2 · overlap + 2) / (sum of the mask + sum of the probabilities
# + 2). To which probability must the network fall before the loss is one half?
#
# *Expected: a very small probability, right to 0.00001; paper and pencil are enough.*

# %% tags=["solution"]
# The mask is empty: 1 - 2 / (s + 2) = 1 / 2, so the probabilities add up to s = 2.
probability: float = 2 / (100 * 100)

# %%
lessons.question("09-smooth").check(probability)


# %% [markdown]
# ## 4 · The rule that leaves out
#
# Level: build · 20 minutes · 3 points · `09-rule`
#
# Write the rule *left out*: the mean Dice of the slices, without those on which both masks are
# empty. What if no slice is left? Then there is no score: NaN.
#
# *Expected: 0.333 below. The first slice has 2/3, the second is left out, the third is a false alarm.*

# %% tags=["solution"]
def mean_dice(truth, prediction):
    """Mean Dice of slices, `truth` and `prediction` bool (N, H, W); NaN if all are left out."""
    areas = truth.sum(axis=(1, 2)) + prediction.sum(axis=(1, 2))
    both = (truth & prediction).sum(axis=(1, 2))
    kept = areas > 0
    return (2 * both[kept] / areas[kept]).mean() if kept.any() else np.nan


# %%
truth, prediction = np.zeros((2, 3, 4, 4), bool)
truth[0, 0] = True
prediction[0, 0, 2:] = True
prediction[2, 3, 3] = True
print("mean Dice:", mean_dice(truth, prediction))

# %%
lessons.question("09-rule").check(mean_dice)


# %% [markdown]
# ## 5 · Pieces on one slice only
#
# Level: build · 25 minutes · 3 points · `09-thin`
#
# A tumour seldom ends after one slice; a false alarm often does. Remove each predicted piece that
# lies on one slice only. Voxels belong together if they share a face; `ndimage.label` takes it so.
#
# *Expected: one of the two pieces below stays, 8 voxels.*

# %% tags=["solution"]
def drop_thin(prediction):
    """The mask, bool (slices, H, W), without the pieces that lie on one slice only."""
    labels, count = ndimage.label(prediction)
    kept = np.zeros(prediction.shape, bool)
    for number in range(1, count + 1):
        piece = labels == number
        if piece.any(axis=(1, 2)).sum() > 1:
            kept |= piece
    return kept


# %%
prediction = np.zeros((5, 9, 9), bool)
prediction[:2, :2, :2] = True
prediction[1, 5:8, 5:8] = True
print(f"{ndimage.label(prediction)[1]} pieces of {prediction.sum()} voxels together")
print("voxels that stay:", np.sum(drop_thin(prediction)))

# %%
lessons.question("09-thin").check(drop_thin)

# %% [markdown]
# [Back to the lesson](../09_brain_tumour.ipynb)
