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
# # Exercises 14 · Seven more ways to be wrong
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/exercises/14_ways_to_be_wrong.ipynb)
#
# [The lesson](../14_ways_to_be_wrong.ipynb)
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
os.chdir(f"{root}/notebooks/exercises")
sys.path.insert(0, os.path.abspath("../.."))
from seglib.environment import install_missing

install_missing()

# %%
import numpy as np

from seglib import lessons

# %% [markdown]
# ## 1 · Half a score for nothing
#
# Level: predict · 5 minutes · 1 point · `14-background`
#
# An image has 100 pixels, 4 of them organ. A network calls everything background. What is the mean of
# the two Dice, that of the background and that of the organ?
#
# *Expected: a number between 0 and 1, right to 0.002; paper and pencil are enough.*

# %%
mean: float = ...  # write your answer here

# %%
lessons.question("14-background").check(mean)

# %% [markdown]
# ## 2 · Find the mistake
#
# Level: predict · 5 minutes · 1 point · `14-inherits`
#
# Six lines compare two losses. Nothing fails, and the second loss wins. Before which line is one
# missing?
#
#     a   model = build()
#     b   model.compile(loss=cross_entropy); model.fit(images, masks)
#     c   first = model.predict(test_images) > 0.5
#     d   model.compile(loss=dice_loss); model.fit(images, masks)
#     e   second = model.predict(test_images) > 0.5
#     f   scores = dice(test_masks, first), dice(test_masks, second)
#
# *Expected: one letter, found by reading alone.*

# %%
line: str = ...  # write your answer here

# %%
lessons.question("14-inherits").check(line)

# %% [markdown]
# ## 3 · A perfect mask with a bad soft value
#
# Level: apply · 15 minutes · 2 points · `14-unsure`
#
# The organ fills 2 % of an image. The network says 0.6 in the organ and always the same `outside`
# elsewhere; cut at 0.5 its mask is perfect. At which `outside` has the soft Dice fallen to 0.5? As in
# the lesson, it is twice the sum of truth · probability, divided by the sum of both.
#
# *Expected: a small probability, right to 0.0001.*

# %%
truth = np.arange(10_000) < 200  # the organ first, in one row
print(f"share of the organ: {truth.mean():.0%}")

# %%
outside: float = ...  # write your answer here

# %%
lessons.question("14-unsure").check(outside)


# %% [markdown]
# ## 4 · Dice by batch
#
# Level: build · 20 minutes · 3 points · `14-batch`
#
# Pool the pixels of each batch, form one Dice a batch, and average these. Batches follow one another;
# the last may have fewer images, and counts as well. A batch without any mask, in truth or prediction,
# has no Dice and is left out.
#
# *Expected: 0.429 below for batches of one, and 0.75 for a batch of two.*

# %%
def batch_dice(truth, prediction, size):
    """Mean Dice of batches of `size` images; `truth` and `prediction` are bool (N, H, W)."""
    return ...  # write your answer here


# %%
truth = np.zeros((2, 4, 4), bool)
truth[0] = True
truth[1, 0] = True
prediction = truth.copy()
prediction[0, 0] = prediction[1] = False
for size in (1, 2):
    print(f"batches of {size}:", batch_dice(truth, prediction, size))

# %%
lessons.question("14-batch").check(batch_dice)

# %% [markdown]
# ## 5 · Wrong on purpose
#
# Level: build · 25 minutes · 3 points · `14-probe`
#
# Somebody gives you a function that "computes Dice". In truth it might be Jaccard, Dice with the
# prediction itself, the mean Dice of organ and background, the share of right pixels, or the
# sensitivity. Draw *one* prediction for the expert's mask below for which Dice and these five all lie
# 0.03 or more from each other: a test that no wrong scorer passes.
#
# *Expected: a mask of 16 x 16 pixels; many answers are right.*

# %%
expert = np.zeros((16, 16), bool)
expert[3:9, 4:10] = True
print(f"{expert.sum()} of {expert.size} pixels")

# %%
probe: np.ndarray = ...  # write your answer here

# %%
lessons.question("14-probe").check(probe)

# %% [markdown]
# [Back to the lesson](../14_ways_to_be_wrong.ipynb)
