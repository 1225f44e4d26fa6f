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
# # Solutions 07 · Atrium volumes
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/07_atrium_volumes.ipynb)
#
# [The lesson](../07_atrium_volumes.ipynb)
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
# ## 1 · Scored against itself
#
# Level: predict · 5 minutes · 1 point · `07-itself`
#
# A score compares a network's probabilities with its own mask at 0.5. Which networks then have a
# Dice near 1, all of them and no others? (a) Those that agree with the experts, (b) those that learned
# the training subjects by heart, (c) those that find something and are sure of it, right or wrong,
# (d) those with a low loss.
#
# *Expected: one letter, foreseen without running anything.*

# %% tags=["solution"]
networks: str = "c"

# %%
lessons.question("07-itself").check(networks)

# %% [markdown]
# ## 2 · Where is this voxel?
#
# Level: apply · 10 minutes · 1 point · `07-affine`
#
# This affine leads from voxel numbers to millimetres in the body. Where is voxel (100, 80, 40)?
#
# *Expected: three numbers, in mm.*

# %%
affine = np.array(
    [[0.0, -1.25, 0.0, 90.0], [1.5, 0.0, 0.0, -126.0], [0.0, 0.0, 2.0, -72.0], [0.0, 0.0, 0.0, 1.0]]
)

# %% tags=["solution"]
millimetres: np.ndarray = (affine @ [100, 80, 40, 1])[:3]

# %%
lessons.question("07-affine").check(millimetres)

# %% [markdown]
# ## 3 · One heart, two labels
#
# Level: apply · 15 minutes · 2 points · `07-double`
#
# One scan stands in a test twice, with two labels. The first has 40 000 voxels, the second 44 000, and
# 37 800 are in both (made-up numbers). A network draws *exactly* the first label. What is the mean
# Dice of the two rows?
#
# *Expected: a number between 0 and 1, right to 0.001.*

# %% tags=["solution"]
between = 2 * 37_800 / (40_000 + 44_000)  # Dice of the two labels
mean_dice: float = (1 + between) / 2

# %%
lessons.question("07-double").check(mean_dice)

# %% [markdown]
# ## 4 · Only the largest piece
#
# Level: build · 20 minutes · 3 points · `07-piece`
#
# An atrium is one piece in space. Keep the largest piece of a predicted volume, and nothing else. Voxels
# are neighbours if they share a face, which is how `scipy.ndimage.label` counts unless told otherwise:
# it numbers the pieces 1, 2, ... and says how many there are. An empty volume stays empty.
#
# *Expected: 4 voxels of the 6 below.*

# %%
volume = np.zeros((3, 4, 4), np.uint8)
volume[0, 0, :2] = 1  # two voxels
volume[:, 2, 2] = volume[2, 2, 3] = 1  # four, through all slices
pieces, number = ndimage.label(volume)
print(f"{number} pieces in space")


# %% tags=["solution"]
def largest_piece(volume):
    """The largest connected piece of a mask (D, H, W) of 0 and 1, as 0 and 1."""
    pieces, number = ndimage.label(volume)
    if number == 0:
        return volume
    voxels = np.bincount(pieces.ravel())
    voxels[0] = 0  # the background is no piece
    return (pieces == voxels.argmax()).astype(volume.dtype)


# %%
print("kept voxels:", np.sum(largest_piece(volume)))

# %%
lessons.question("07-piece").check(largest_piece)


# %% [markdown]
# ## 5 · Turn a volume
#
# Level: build · 30 minutes · 3 points · `07-turn`
#
# Three letters say in which direction each axis of an array runs: R or L (to the right, to the left),
# A or P (to the front, to the back), S or I (up, down). With `"SPL"` the first axis runs up, the second
# to the back, the third to the left. Write a function that brings any volume to `"RAS"`.
#
# *Expected: the shape (4, 3, 2) below, and the first voxel, 0, at place [3, 2, 0].*

# %% tags=["solution"]
def to_ras(volume, letters):
    """Turn `volume`, whose axes run to `letters`, so that they run to the right, front and head."""
    order = [next(n for n, letter in enumerate(letters) if letter in pair) for pair in ("RL", "AP", "SI")]
    turned = volume.transpose(order)
    backwards = [axis for axis in range(3) if letters[order[axis]] in "LPI"]
    return np.flip(turned, backwards)


# %%
volume = np.arange(24).reshape(2, 3, 4)
turned = to_ras(volume, "SPL")
print("shape:", np.shape(turned), "first voxel at:", np.argwhere(np.asarray(turned == 0)))

# %%
lessons.question("07-turn").check(to_ras)

# %% [markdown]
# [Back to the lesson](../07_atrium_volumes.ipynb)
