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
# # Solutions 01 · Data preparation
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/01_data_preparation.ipynb)
#
# [The lesson](../01_data_preparation.ipynb)
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
# ## 1 · What a darker image changes
#
# Level: predict · 5 minutes · 1 point · `01-normalise`
#
# A scanner gives the same slice again, with every pixel at half its value and 5 more. Which
# normalisation then has the same output as before? (a) none, (b) the z-score alone, (c) min–max alone,
# (d) the z-score and min–max, but not the division by 255.
#
# *Expected: one letter, foreseen without running anything.*

# %% tags=["solution"]
unmoved: str = "d"

# %%
lessons.question("01-normalise").check(unmoved)

# %% [markdown]
# ## 2 · From pixels to millilitres
#
# Level: apply · 10 minutes · 2 points · `01-volume`
#
# An expert has outlined the blood pool on six parallel slices. The header of the files gives the
# sizes. How large is the blood pool?
#
# *Expected: a number of millilitres, right to 0.1 %.*

# %%
areas = [310, 420, 505, 480, 390, 215]  # pixels inside the outline, slice by slice
pixel_spacing = 1.5  # mm, in both directions
slice_thickness = 8.0  # mm
spacing_between_slices = 10.0  # mm, from the middle of a slice to the next

# %% tags=["solution"]
# A slice stands for all that lies between it and the next.
millilitres: float = sum(areas) * pixel_spacing**2 * spacing_between_slices / 1000

# %%
lessons.question("01-volume").check(millilitres)

# %% [markdown]
# ## 3 · How far off may a mask lie?
#
# Level: apply · 15 minutes · 2 points · `01-shift`
#
# Here are a simulated blood pool with its wall, and the lesson's contrast in its simplest form: the
# mean inside the mask minus the mean in a ring of three pixels around it.

# %%
rows, columns = np.mgrid[-32:32, -32:32]
radius = np.hypot(rows, columns)
image = np.where(radius < 12, 200.0, np.where(radius < 20, 60.0, 110.0))  # blood, wall, rest
mask = radius < 12


# %%
def contrast(image, mask):
    wide = mask.copy()
    for _ in range(3):
        steps = [np.roll(wide, step, axis) for axis in (0, 1) for step in (-1, 1)]
        wide = np.logical_or.reduce([wide, *steps])
    return image[mask].mean() - image[wide & ~mask].mean()


print(f"contrast of the right mask: {contrast(image, mask):.0f} grey values")

# %% [markdown]
# Shift the mask to the right with `np.roll`. What is the smallest shift that leaves less than half of
# the contrast?
#
# *Expected: a whole number of pixels.*

# %% tags=["solution"]
limit = contrast(image, mask) / 2
shift: int = next(n for n in range(1, 32) if contrast(image, np.roll(mask, n, axis=1)) < limit)

# %%
lessons.question("01-shift").check(shift)


# %% [markdown]
# ## 4 · The smallest crop
#
# Level: build · 20 minutes · 3 points · `01-crop`
#
# A central crop spares the network work. Which is the smallest that loses no mask pixel? Write a
# function that says it for any set of masks. A crop of even side `size` begins at row and column
# `(side - size) // 2`.
#
# *Expected: 4 for the masks below, and 14 where one of them reaches one pixel from the left border.*

# %% tags=["solution"]
def smallest_crop(masks):
    """Side of the smallest central square, even, that holds all pixels of (N, side, side, 1)."""
    side = masks.shape[1]
    for size in range(2, side + 1, 2):
        start = (side - size) // 2
        kept = masks[:, start : start + size, start : start + size]
        if np.count_nonzero(kept) == np.count_nonzero(masks):
            return size


# %%
masks = np.zeros((2, 16, 16, 1), np.uint8)
masks[:, 6:10, 7:9] = 1
print("smallest crop:", smallest_crop(masks))
masks[1, 7, 1] = 1
print("with one pixel near the border:", smallest_crop(masks))

# %%
lessons.question("01-crop").check(smallest_crop)


# %% [markdown]
# ## 5 · How much of a test leaks?
#
# Level: build · 20 minutes · 3 points · `01-leak`
#
# A split is a list of test rows; all other rows train. A test slice leaks if its patient trains too.
# Write a function that gives the share of the test slices that leak.
#
# *Expected: 0.5 for the split below. Slice 0 leaks: patient A trains with slice 1.*

# %% tags=["solution"]
def leaking_share(patients, test):
    """Share (0 to 1) of the test rows whose patient has other rows too; `patients` one a slice."""
    patients = np.asarray(patients)
    others = np.setdiff1d(np.arange(len(patients)), test)
    return np.isin(patients[test], patients[others]).mean()


# %%
print("share that leaks:", leaking_share(["A", "A", "B", "B", "C"], [0, 4]))

# %%
lessons.question("01-leak").check(leaking_share)

# %% [markdown]
# [Back to the lesson](../01_data_preparation.ipynb)
