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
# # Solutions 11 · The label audit
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/11_label_audit.ipynb)
#
# [The lesson](../11_label_audit.ipynb)
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
# ## 1 · Too large, or beside?
#
# Level: predict · 5 minutes · 1 point · `11-column`
#
# An expert has drawn all masks of one patient two pixels too large. What, in the lesson's table of
# suspects, says that they are too *large*, and not that they lie beside the heart? (a) `dice`, for it
# is low, (b) `gap`, for it is wide, (c) `area_ratio`, for it is above 1, (d) `area_ratio`, for it is
# below 1.
#
# *Expected: one letter, foreseen without running anything.*

# %% tags=["solution"]
column: str = "d"

# %%
lessons.question("11-column").check(column)

# %% [markdown]
# ## 2 · How unusual is the lowest?
#
# Level: apply · 10 minutes · 2 points · `11-robust`
#
# Here is the Dice of eight patients. How far does the lowest lie from the others, in the lesson's
# robust `z`: from the median, in units of 1.4826 times the median distance (MAD)?
#
# *Expected: a number with its sign, right to one decimal.*

# %%
dice = np.array([0.91, 0.88, 0.93, 0.90, 0.41, 0.89, 0.92, 0.87])

# %% tags=["solution"]
distance = dice - np.median(dice)
z: float = distance.min() / (1.4826 * np.median(np.abs(distance)))

# %%
lessons.question("11-robust").check(z)

# %% [markdown]
# ## 3 · What may be reported?
#
# Level: apply · 10 minutes · 2 points · `11-repair`
#
# An audit sends the two lowest of eight test patients back to the expert. The label of the fifth was of
# another heart; it is drawn anew, and the same prediction now has a Dice of 0.84. The label of the
# seventh is right: the heart is hard. Which mean Dice may you report after the audit?
#
# *Expected: a number, right to 0.0005.*

# %%
scored = np.array([0.91, 0.88, 0.93, 0.90, 0.41, 0.89, 0.62, 0.92])

# %% tags=["solution"]
corrected = scored.copy()
corrected[4] = 0.84
mean: float = corrected.mean()

# %%
lessons.question("11-repair").check(mean)


# %% [markdown]
# ## 4 · Move it back
#
# Level: build · 25 minutes · 3 points · `11-move`
#
# Move the label by up to 3 rows and up to 3 columns. After which move does it share most pixels with
# the prediction? Give rows (down is positive) and columns (to the right is positive). No label lies
# near the border, so `np.roll` will do.
#
# *Expected: (2, -1) below, since the prediction is the label moved so.*

# %% tags=["solution"]
def best_move(label, prediction):
    """Rows and columns by which to move `label` onto `prediction`; both are bool (H, W)."""
    moves = [(y, x) for y in range(-3, 4) for x in range(-3, 4)]
    return max(moves, key=lambda move: (np.roll(label, move, axis=(0, 1)) & prediction).sum())


# %%
label = np.zeros((16, 16), bool)
label[5:10, 6:8] = label[8:10, 6:11] = True
print("best move:", best_move(label, np.roll(label, (2, -1), axis=(0, 1))))

# %%
lessons.question("11-move").check(best_move)


# %% [markdown]
# ## 5 · What would we have missed?
#
# Level: build · 25 minutes · 3 points · `11-planted`
#
# Of each patient you know the Dice with sound labels, and with faulty ones. Plant the faults one at a
# time: one patient has faulty labels, all others sound ones. You look at the patients with the
# lowest Dice first. Which share of the faults is among the first `looks`?
#
# *Expected: 0.75 with one look below: the second patient's fault is not found.*

# %% tags=["solution"]
def share_found(sound, faulty, looks):
    """Share (0 to 1) of the faults found; Dice `sound[n]` and `faulty[n]` are patient n's."""
    found = 0
    for n, one in enumerate(faulty):
        rank = 1 + np.sum(np.delete(sound, n) < one)
        found += rank <= looks
    return found / len(faulty)


# %%
sound, faulty = [0.90, 0.80, 0.85, 0.70], [0.60, 0.75, 0.65, 0.50]
print("share found with one look:", share_found(sound, faulty, looks=1))

# %%
lessons.question("11-planted").check(share_found)

# %% [markdown]
# [Back to the lesson](../11_label_audit.ipynb)
