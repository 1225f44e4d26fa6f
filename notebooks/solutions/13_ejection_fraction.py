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
# # Solutions 13 · Ejection fraction
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/13_ejection_fraction.ipynb)
#
# [The lesson](../13_ejection_fraction.ipynb)
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
# ## 1 · A tenth too large
#
# Level: predict · 5 minutes · 1 point · `13-tenth`
#
# Each mask of a network holds all pixels of the expert's, and a tenth more, at ED as well as at ES.
# What is its Dice, and by how many points is its ejection fraction off?
#
# *Expected: a list of the two numbers, the Dice right to 0.005; paper and pencil are enough.*

# %% tags=["solution"]
scores: list = [2 / (1 + 1.1), 0]

# %%
lessons.question("13-tenth").check(scores)

# %% [markdown]
# ## 2 · Perfectly correlated
#
# Level: apply · 5 minutes · 2 points · `13-halved`
#
# A method halves every ejection fraction and adds 30. What is its correlation with the truth, and how
# many points is it off at a true 20 %, and at a true 80 %?
#
# *Expected: a list of three numbers, the two errors with their signs; foreseen, not run.*

# %% tags=["solution"]
found: list = [1, 20 / 2 + 30 - 20, 80 / 2 + 30 - 80]

# %%
lessons.question("13-halved").check(found)

# %% [markdown]
# ## 3 · Without the base
#
# Level: apply · 10 minutes · 2 points · `13-base`
#
# Pixels inside the expert's outline, slice by slice, from the base to the apex. A network draws
# every one of these slices perfectly, but leaves out the base at ES. How far off is its ejection
# fraction?
#
# *Expected: a number of points with its sign, right to 0.1 %.*

# %%
ed = np.array([320, 410, 380, 250, 90])
es = np.array([180, 220, 190, 110, 20])
print(f"true ejection fraction: {100 * (ed.sum() - es.sum()) / ed.sum():.1f} %")

# %% tags=["solution"]
# ED and the other slices of ES cancel: what is left is the missing slice, as a share of ED.
error: float = 100 * es[0] / ed.sum()

# %%
lessons.question("13-base").check(error)


# %% [markdown]
# ## 4 · Limits of agreement
#
# Level: build · 20 minutes · 3 points · `13-limits`
#
# Write Bland and Altman's analysis: the bias (mean of network minus expert) and the two limits of
# agreement. The SD is estimated from a sample, so it divides by n − 1. A patient of whom a value is
# missing (NaN) is left out.
#
# *Expected: about -2.0, -6.2 and 2.2 below.*

# %% tags=["solution"]
def limits(expert, network):
    """Bias, lower and upper limit of agreement, a list or an array, from arrays (n,)."""
    difference = network - expert
    difference = difference[~np.isnan(difference)]
    return difference.mean() + 1.96 * difference.std(ddof=1) * np.array([0, -1, 1])


# %%
expert, network = np.array([60.0, 50.0, 40.0, 30.0]), np.array([57.0, 51.0, 36.0, 28.0])
print("bias and limits:", limits(expert, network))

# %%
lessons.question("13-limits").check(limits)

# %% [markdown]
# ## 5 · Good masks, wrong number
#
# Level: build · 20 minutes · 3 points · `13-masks`
#
# Here are an expert's masks of a heart with one slice, at ED and at ES. Draw two others: each has a Dice
# above 0.9 with the expert's, and yet the ejection fraction falls by at least 8 points.
#
# *Expected: an array of shape (2, 64, 64), ED first; many answers are right.*

# %%
rows, columns = np.mgrid[-32:32, -32:32]
expert_ed, expert_es = (np.hypot(rows, columns) < radius for radius in (20, 12))
print(f"one pixel all around at ED: {np.sum(ndimage.binary_dilation(expert_ed) & ~expert_ed)} pixels")

# %% tags=["solution"]
drawn: np.ndarray = np.array([ndimage.binary_erosion(expert_ed), ndimage.binary_dilation(expert_es)])

# %%
lessons.question("13-masks").check(drawn)

# %% [markdown]
# [Back to the lesson](../13_ejection_fraction.ipynb)
