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
# # Exercises 08 · Brain tissue
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/exercises/08_brain_tissue.ipynb)
#
# [The lesson](../08_brain_tissue.ipynb)
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
# ## 1 · Other logits, same probabilities
#
# Level: predict · 5 minutes · 1 point · `08-logits`
#
# A pixel has four logits. Which change leaves the probabilities of the softmax as they were?
# (a) adding 5 to all four, (b) doubling all four, (c) both, (d) neither.
#
# *Expected: one letter, foreseen without running anything.*

# %%
change: str = ...  # write your answer here

# %%
lessons.question("08-logits").check(change)

# %% [markdown]
# ## 2 · As many steps
#
# Level: apply · 10 minutes · 1 point · `08-steps`
#
# A published training had 9600 slices, batches of 64 and 15 epochs. You have 120 slices and take
# batches of 8. How many epochs give you as many optimiser steps?
#
# *Expected: a whole number.*

# %%
epochs: int = ...  # write your answer here

# %%
lessons.question("08-steps").check(epochs)

# %% [markdown]
# ## 3 · All tissue as one
#
# Level: apply · 15 minutes · 2 points · `08-pooled`
#
# A confusion matrix counts pixels: rows are the expert's classes, columns the network's. The
# first row and column are background (the numbers are made up). Now call everything that is not
# background *tissue*, whichever tissue it is. What is the Dice of that one class?
#
# *Expected: a number between 0 and 1, right to 0.001.*

# %%
matrix = np.array([
    [800, 15, 5, 0],  # background
    [30, 60, 20, 0],  # fluid
    [10, 30, 250, 20],  # grey matter
    [0, 0, 40, 150],  # white matter
])

# %%
pooled: float = ...  # write your answer here

# %%
lessons.question("08-pooled").check(pooled)


# %% [markdown]
# ## 4 · The mean that says most
#
# Level: build · 15 minutes · 2 points · `08-mean`
#
# Write a function that takes such a matrix, of any number of classes, and gives the mean of the
# classes' Dice, without background. Compare it with your answer above: why is it lower?
#
# *Expected: 0.730 for the matrix above, rounded.*

# %%
def tissue_dice(matrix):
    """Mean Dice of all classes but the first; `matrix` (K, K) has the expert's classes as rows."""
    return ...  # write your answer here


# %%
print("mean of the tissues:", tissue_dice(matrix))

# %%
lessons.question("08-mean").check(tissue_dice)


# %% [markdown]
# ## 5 · Cross-entropy with weights
#
# Level: build · 30 minutes · 3 points · `08-entropy`
#
# A thin tissue has few pixels and hardly any say in a mean over pixels. So give each class a weight:
# the cost of a pixel, minus the logarithm of the probability of its *true* class, is multiplied by
# the weight of that class; then take the mean over the pixels. It must also work for logits of 1000,
# where `np.exp` alone would overflow.
#
# *Expected: 0.6931 below, the logarithm of 2, with weights of 1; three times as much with weights of 3.*

# %%
def weighted_cross_entropy(logits, truth, weights):
    """One number, for `logits` (N, K), the true classes `truth` (N,) and a weight a class (K,)."""
    return ...  # write your answer here


# %%
logits, truth = np.array([[1000.0, 1000.0], [2.0, 2.0]]), np.array([0, 1])
for weight in (1.0, 3.0):
    print(f"weights of {weight}:", weighted_cross_entropy(logits, truth, np.full(2, weight)))

# %%
lessons.question("08-entropy").check(weighted_cross_entropy)

# %% [markdown]
# [Back to the lesson](../08_brain_tissue.ipynb)
