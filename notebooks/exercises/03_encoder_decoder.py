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
# # Exercises 03 · Encoder–decoder
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/exercises/03_encoder_decoder.ipynb)
#
# [The lesson](../03_encoder_decoder.ipynb)
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
# ## 1 · All black
#
# Level: predict · 5 minutes · 1 point · `03-black`
#
# The blood pool is 2 % of the pixels. A network answers black everywhere. Which score is 0?
# (a) The pixel accuracy. (b) The Dice of the background. (c) The mean Dice of both classes. (d) The
# Dice of the blood pool.
#
# *Expected: one letter. Say to yourself how large the other three are.*

# %%
zero: str = ...  # write your answer here

# %%
lessons.question("03-black").check(zero)

# %% [markdown]
# ## 2 · A wider view
#
# Level: apply · 15 minutes · 2 points · `03-field`
#
# The lesson's block has two 3×3 convolutions, and a 2×2 pooling stands between one block and the next.
# Give each block three. How large is the receptive field at the bottom of a network with four poolings?
#
# *Expected: the side of the square, in pixels.*

# %%
side: int = ...  # write your answer here

# %%
lessons.question("03-field").check(side)

# %% [markdown]
# ## 3 · Two means
#
# Level: apply · 15 minutes · 2 points · `03-means`
#
# A patient has two slices, one with a large chamber and one with a small one. Draw a prediction for
# which the mean Dice of the two slices is *above* the Dice of all pixels pooled.

# %%
truth = np.zeros((2, 8, 8), np.uint8)
truth[0, 1:7, 1:7] = 1
truth[1, 3:5, 3:5] = 1

# %% [markdown]
# *Expected: an array of the same shape, of 0 and 1.*

# %%
prediction: np.ndarray = ...  # write your answer here

# %%
lessons.question("03-means").check(prediction)


# %% [markdown]
# ## 4 · Dice, once by hand
#
# Level: build · 20 minutes · 3 points · `03-dice`
#
# Write the Dice of two masks: twice what both have, divided by the sum of what each has. Whatever
# is not 0 is inside, for many files hold 0 and 255. Two empty masks give `np.nan`: there is nothing
# to score.
#
# *Expected: 0.5 for the masks below.*

# %%
def dice(truth, prediction):
    """Dice (0 to 1) of the non-zero pixels of two arrays of one shape; NaN if both are empty."""
    return ...  # write your answer here


# %%
print("Dice:", dice(np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0])))

# %%
lessons.question("03-dice").check(dice)


# %% [markdown]
# ## 5 · What a block weighs
#
# Level: build · 15 minutes · 2 points · `03-parameters`
#
# How many parameters has the lesson's block: two 3×3 convolutions without bias, each followed by a batch
# normalisation? Write a function of the number of channels that come in and of filters, without Keras.
# Count as `count_params()` does: all that is kept, learnt or not.
#
# *Expected: 2,576 for 1 channel and 16 filters.*

# %%
def parameters(channels, filters):
    """Parameters of a block that reads so many channels and has so many filters."""
    return ...  # write your answer here


# %%
print("parameters:", parameters(1, 16))

# %%
lessons.question("03-parameters").check(parameters)

# %% [markdown]
# [Back to the lesson](../03_encoder_decoder.ipynb)
