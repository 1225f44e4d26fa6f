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
# # Solutions 05 · Spatial attention U-Net
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/05_spatial_attention_unet.ipynb)
#
# [The lesson](../05_spatial_attention_unet.ipynb)
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
# ## 1 · A heart in a mirror
#
# Level: predict · 5 minutes · 1 point · `05-mirror`
#
# The features on a skip are mirrored: left becomes right. Which attention then gives the very same
# weights, number for number? (a) channel attention alone, (b) spatial attention alone, (c) both,
# (d) neither.
#
# *Expected: one letter, foreseen without running anything.*

# %% tags=["solution"]
unmoved: str = "a"

# %%
lessons.question("05-mirror").check(unmoved)

# %% [markdown]
# ## 2 · How far can attention turn a feature down?
#
# Level: apply · 10 minutes · 1 point · `05-range`
#
# A feature has the value 3; its weight may be anything from 0 to 1. The channel attention of the
# published network adds the weighted skip to the skip itself. Between which two values lies what comes
# out?
#
# *Expected: two numbers, the smaller one first.*

# %% tags=["solution"]
bounds: tuple = (3 + 0 * 3, 3 + 1 * 3)

# %%
lessons.question("05-range").check(bounds)

# %% [markdown]
# ## 3 · What attention costs
#
# Level: apply · 10 minutes · 2 points · `05-cost`
#
# A skip has 64 channels. How many parameters has
#
# - channel attention: a dense layer from 64 means to 8 values, and one from these to 64 weights;
# - spatial attention: one 7×7 convolution from the mean and the maximum over the channels to one map?
#
# Both have biases.
#
# *Expected: two whole numbers, in this order.*

# %% tags=["solution"]
channel = (64 * 8 + 8) + (8 * 64 + 64)
spatial = 7 * 7 * 2 + 1
parameters: tuple = (channel, spatial)

# %%
lessons.question("05-cost").check(parameters)


# %% [markdown]
# ## 4 · Does the map care for the heart?
#
# Level: build · 15 minutes · 2 points · `05-ratio`
#
# Eyes see what they hope for, so measure: the mean weight inside the expert's mask, divided by the mean
# weight outside it. A map of a deeper level is coarser than the mask; take then every second, or every
# fourth, row and column of the mask, beginning with the first.
#
# *Expected: 3 for the map below. A ratio of 1 means that the map does not care.*

# %% tags=["solution"]
def inside_outside(weights, mask):
    """Mean of `weights` (h, w) inside by outside of `mask` (H, W); H is a multiple of h."""
    step = mask.shape[0] // weights.shape[0]
    heart = mask[::step, ::step] > 0
    return weights[heart].mean() / weights[~heart].mean()


# %%
mask = np.zeros((8, 8))
mask[:4, :4] = 1
weights = np.full((4, 4), 0.25)
weights[:2, :2] = 0.75
print("inside by outside:", inside_outside(weights, mask))

# %%
lessons.question("05-ratio").check(inside_outside)

# %% [markdown]
# ## 5 · Spatial attention by hand
#
# Level: build · 30 minutes · 3 points · `05-spatial`
#
# Compute the map of spatial attention. At each position take the mean and the maximum over the
# channels, in this order. Slide the kernel over both, with zeros beyond the border and *without*
# turning it, as the convolution of a network does (`scipy.ndimage.correlate`); add up the two
# results and the bias; a sigmoid, 1 / (1 + exp(-z)), makes a weight of the sum. First, see what
# `correlate` does with one picture: how many of the 3×3 neighbours are 1?

# %%
picture = np.array([[0, 0, 1], [0, 1, 0], [1, 1, 0]])
ndimage.correlate(picture, np.ones((3, 3), int), mode="constant")


# %% [markdown]
# *Expected: `True` below, where a kernel of zeros and a bias of 0 give a weight of 0.5 everywhere.*

# %% tags=["solution"]
def spatial_map(x, kernel, bias):
    """Weights (H, W) for features `x` (H, W, C), a `kernel` (k, k, 2) and one number `bias`."""
    statistics = [x.mean(axis=-1), x.max(axis=-1)]
    z = bias + sum(
        ndimage.correlate(picture, kernel[..., n], mode="constant")
        for n, picture in enumerate(statistics)
    )
    return 1 / (1 + np.exp(-z))


# %%
found = spatial_map(np.ones((5, 5, 4)), np.zeros((3, 3, 2)), 0.0)
print("a weight of 0.5 everywhere:", found is not ... and np.allclose(found, 0.5))

# %%
lessons.question("05-spatial").check(spatial_map)

# %% [markdown]
# [Back to the lesson](../05_spatial_attention_unet.ipynb)
