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
# # Exercises 15 · Break it
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/exercises/15_break_it.ipynb)
#
# [The lesson](../15_break_it.ipynb)
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
# ## 1 · Which way does it go?
#
# Level: predict · 5 minutes · 1 point · `15-signs`
#
# A network has learnt to draw well, but it is unsure: inside it says 0.6. Which of these mistakes
# *raise* the number that is reported?
#
# - a: Neighbouring slices of the test patients train, too.
# - b: Images and masks are shifted by two generators that no longer draw the same numbers.
# - c: The Dice of the background enters the mean.
# - d: Pairs in which both masks are empty count as 1.
# - e: Training hearts are moved up and down; the test hearts lie further left or right.
# - f: Probabilities are scored in the place of masks.
#
# *Expected: a set of letters such as {"a", "b"}, foreseen without running anything.*

# %%
raised: set = ...  # write your answer here

# %%
lessons.question("15-signs").check(raised)

# %% [markdown]
# ## 2 · Who would have stopped it?
#
# Level: apply · 10 minutes · 2 points · `15-stopped`
#
# `seglib.check_no_leaks` is called with the parts that train, validate and test. Which of these does it
# stop?
#
# - a: Slices are split at random, not patients.
# - b: Turned copies of all slices are made, and then all are split at random.
# - c: One patient was copied under a second name, and the two names stand in two parts.
# - d: Patients are split, and the epoch is chosen on the test part.
# - e: The labels of the training part are interpolated.
# - f: The prediction is scored against itself.
#
# *Expected: a set of letters. `import seglib; help(seglib.splits.find_leaks)` says what is compared.*

# %%
stopped: set = ...  # write your answer here

# %%
lessons.question("15-stopped").check(stopped)

# %% [markdown]
# ## 3 · The epoch that was chosen
#
# Level: apply · 10 minutes · 2 points · `15-chosen`
#
# Here is the Dice of two groups of patients after each of six epochs. Somebody reports the best epoch
# of the test patients. How much does that add to the honest score, that of the epoch which the
# validation patients choose?
#
# *Expected: a number with its sign, right to 0.0005.*

# %%
validation = np.array([0.60, 0.72, 0.78, 0.81, 0.80, 0.79])
test = np.array([0.58, 0.70, 0.79, 0.74, 0.77, 0.76])

# %%
gain: float = ...  # write your answer here

# %%
lessons.question("15-chosen").check(gain)


# %% [markdown]
# ## 4 · Two numbers called HD95
#
# Level: build · 15 minutes · 3 points · `15-hd95`
#
# `there` holds the distance of each pixel of the expert's outline to the predicted one, `back` that of
# each predicted pixel to the expert's. Give both definitions of the lesson: first the larger of the two
# 95th percentiles, then the 95th percentile of all distances together. `np.percentile` as it is
# will do.
#
# *Expected: about [30, 2.45] below: the far island is in the first number and hardly in the second.*

# %%
def two_hd95(there, back):
    """Both definitions of HD95, a list of two numbers; `there` and `back` are (n,) and (m,)."""
    return ...  # write your answer here


# %%
there, back = np.ones(20), np.array([1.0] * 18 + [30.0] * 2)
print("two definitions:", two_hd95(there, back))

# %%
lessons.question("15-hd95").check(two_hd95)


# %% [markdown]
# ## 5 · Smaller labels, no new classes
#
# Level: build · 25 minutes · 3 points · `15-shrink`
#
# Make a label image half as wide and half as high. Each pixel takes the class that most pixels of its
# block of 2 x 2 have; of several such classes the one with the smallest number. Height and width are
# even, and the classes are 0, 1, 2 and so on.
#
# *Expected: [[0, 2]] below. The mean of the first block is 0.5, which is no class.*

# %%
def shrink(labels):
    """Labels (H / 2, W / 2) from labels (H, W), whole numbers."""
    return ...  # write your answer here


# %%
print("smaller:", shrink(np.array([[0, 0, 2, 2], [0, 2, 2, 2]])))

# %%
lessons.question("15-shrink").check(shrink)

# %% [markdown]
# [Back to the lesson](../15_break_it.ipynb)
