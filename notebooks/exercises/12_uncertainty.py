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
# # Exercises 12 · Uncertainty
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/exercises/12_uncertainty.ipynb)
#
# [The lesson](../12_uncertainty.ipynb)
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
# ## 1 · Always the same answer
#
# Level: predict · 5 minutes · 1 point · `12-constant`
#
# In a crop 3 % of the pixels lie inside the expert's mask. A network says 0.03 in every pixel,
# whatever the image. What are its expected calibration error and its Brier score?
#
# *Expected: a list of these two numbers, right to 0.0002; paper and pencil are enough.*

# %%
errors: list = ...  # write your answer here

# %%
lessons.question("12-constant").check(errors)

# %% [markdown]
# ## 2 · Chosen by the answer
#
# Level: apply · 10 minutes · 2 points · `12-chosen`
#
# A network says 0.2 in each of 100 pixels, and 20 of them lie inside the expert's mask. Somebody
# counts only the pixels near the *expert's* outline: the 20 inside, and 20 others next to them. What
# is the expected calibration error of these 40 pixels, and what is it of all 100?
#
# *Expected: a list of the two numbers; paper and pencil are enough.*

# %%
both: list = ...  # write your answer here

# %%
lessons.question("12-chosen").check(both)


# %% [markdown]
# ## 3 · Cooling down
#
# Level: apply · 10 minutes · 2 points · `12-temperature`
#
# Where a network says 0.8, only 6 of 10 pixels are true. Which temperature turns its 0.8 into 0.6?
#
# *Expected: a number above 1, right to 0.1 %.*

# %%
def logit(p):
    """The number that a sigmoid turns into p."""
    return np.log(p / (1 - p))


print(f"logit of 0.8: {logit(0.8):.3f}")

# %%
temperature: float = ...  # write your answer here

# %%
lessons.question("12-temperature").check(temperature)


# %% [markdown]
# ## 4 · The calibration error
#
# Level: build · 25 minutes · 3 points · `12-error`
#
# Sort pixels into bins of equal width by what the network says; the last bin holds 1 too. The
# expected calibration error is the mean distance between the mean probability and the share of true
# pixels of a bin, each bin counted by its pixels.
#
# *Expected: 0.25 below. In the lower bin 0.2 meets 0.5, in the upper one 0.8 meets 1.*

# %%
def calibration_error(said, true, bins):
    """Expected calibration error of probabilities (n,) against 0 or 1 (n,), in `bins` bins."""
    return ...  # write your answer here


# %%
said, true = np.array([0.1, 0.3, 0.7, 0.9]), np.array([0, 1, 1, 1])
print("calibration error:", calibration_error(said, true, bins=2))

# %%
lessons.question("12-error").check(calibration_error)


# %% [markdown]
# ## 5 · Who is kept?
#
# Level: build · 15 minutes · 3 points · `12-kept`
#
# The `sent` patients with the most doubt are drawn by a human. How good is the network on the
# patients it keeps? Write a function that gives their mean Dice.
#
# *Expected: 0.85 below, where the first patient is sent.*

# %%
def kept_dice(doubt, dice, sent):
    """Mean Dice of those kept; `doubt` and `dice` are (n,), `sent` a number of patients."""
    return ...  # write your answer here


# %%
doubt, dice = np.array([0.9, 0.1, 0.5, 0.3]), np.array([0.60, 0.90, 0.95, 0.70])
print("Dice of the patients kept:", kept_dice(doubt, dice, sent=1))

# %%
lessons.question("12-kept").check(kept_dice)

# %% [markdown]
# [Back to the lesson](../12_uncertainty.ipynb)
