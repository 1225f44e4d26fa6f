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
# # Solutions 04 · U-Net
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/04_unet.ipynb)
#
# [The lesson](../04_unet.ipynb)
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

from seglib import lessons

# %% [markdown]
# ## 1 · After the join
#
# Level: predict · 5 minutes · 1 point · `04-join`
#
# One level of a U-Net: the encoder has made features of (96, 96, 16), rows, columns, channels. The
# level below has (48, 48, 32). A transposed convolution with 16 filters and stride 2 brings these up,
# then both are concatenated. What is the shape now?
#
# *Expected: three whole numbers, foreseen without running anything.*

# %% tags=["solution"]
shape: tuple = (96, 96, 32)

# %%
lessons.question("04-join").check(shape)

# %% [markdown]
# ## 2 · What the skip costs
#
# Level: apply · 10 minutes · 1 point · `04-cost`
#
# The next layer is a 3×3 convolution with 16 filters. Without the skip it would see the 16 channels
# from below, with the skip it sees 32. How many parameters does the skip add to this layer?
#
# *Expected: a whole number, between 2000 and 3000.*

# %% tags=["solution"]
with_skip = 3 * 3 * 32 * 16 + 16  # the last 16: one bias a filter
without = 3 * 3 * 16 * 16 + 16
added: int = with_skip - without

# %%
lessons.question("04-cost").check(added)

# %% [markdown]
# ## 3 · A perfect mask, softly scored
#
# Level: apply · 15 minutes · 2 points · `04-soft`
#
# A slice has 10 000 pixels, 500 of them blood pool. A network gives 0.9 to each of the 500 and 0.1 to
# each other pixel. At the threshold 0.5 its mask is perfect: the hard Dice is 1. How large is the
# soft Dice, 2 Σ t p / (Σ t + Σ p), where t is 1 in the blood pool and 0 elsewhere, and p the
# probability?
#
# *Expected: a number between 0 and 1, right to 0.001.*

# %% tags=["solution"]
truth = np.arange(10_000) < 500
probability = np.where(truth, 0.9, 0.1)
soft: float = 2 * np.sum(truth * probability) / (np.sum(truth) + np.sum(probability))

# %%
lessons.question("04-soft").check(soft)


# %% [markdown]
# ## 4 · One step of the decoder
#
# Level: build · 15 minutes · 2 points · `04-level`
#
# Write the step up and the join in NumPy. The coarse features grow to twice as many rows and columns:
# each pixel becomes a block of 2×2 equal pixels. Then the fine features and the grown ones are
# concatenated along the channels, the fine ones first.
#
# *Expected: (4, 4, 2) for the arrays below; the second channel holds four blocks of 2×2 equal numbers.*

# %% tags=["solution"]
def step_up(fine, coarse):
    """Join `fine` (2h, 2w, C) with the grown `coarse` (h, w, D); the result is (2h, 2w, C + D)."""
    grown = coarse.repeat(2, axis=0).repeat(2, axis=1)
    return np.concatenate([fine, grown], axis=-1)


# %%
fine = np.zeros((4, 4, 1))
coarse = np.array([[1, 2], [3, 4]])[..., None]
joined = step_up(fine, coarse)
print("shape:", np.shape(joined))

# %%
lessons.question("04-level").check(step_up)


# %% [markdown]
# ## 5 · Dice for several classes
#
# Level: build · 20 minutes · 3 points · `04-classes`
#
# A mask holds class numbers: 0 is background, then 1, 2, ... Write a function that gives the Dice of
# each class without the background. Where a class is in neither mask nothing can be measured: then its
# value is `np.nan`.
#
# *Expected: 0.8 and 0.5 for the masks below, and `nan` for a third class.*

# %% tags=["solution"]
def dice_by_class(truth, prediction, classes):
    """Dice of the classes 1 to `classes` - 1, in a list; NaN for a class that is in neither mask."""
    found = []
    for number in range(1, classes):
        a, b = truth == number, prediction == number
        total = a.sum() + b.sum()
        found.append(float(2 * np.sum(a & b) / total) if total else np.nan)
    return found


# %%
truth = np.array([[0, 1, 1], [0, 2, 2], [0, 0, 0]])
prediction = np.array([[1, 1, 1], [0, 2, 0], [2, 0, 0]])
print("two classes:", dice_by_class(truth, prediction, 3))
print("three:", dice_by_class(truth, prediction, 4))

# %%
lessons.question("04-classes").check(dice_by_class)

# %% [markdown]
# [Back to the lesson](../04_unet.ipynb)
