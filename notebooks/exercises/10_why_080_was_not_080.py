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
# # Exercises 10 · Why 0.80 was not 0.80
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/exercises/10_why_080_was_not_080.ipynb)
#
# [The lesson](../10_why_080_was_not_080.ipynb)
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
import pandas as pd

from seglib import lessons

# %% [markdown]
# ## 1 · A layer that is two layers
#
# Level: predict · 5 minutes · 1 point · `10-states`
#
# An image has three pixels, 2, 4 and 6. It is alone in its batch, and batch normalisation is the
# next layer (without scale and shift, and epsilon is 0). The layer's moving mean is 10, its moving
# variance 4. What becomes of the *middle* pixel while the network trains, and what in use?
#
# *Expected: a list of two numbers, first of the training, then of the use; foreseen, not run.*

# %%
outputs: list = ...  # write your answer here

# %%
lessons.question("10-states").check(outputs)

# %% [markdown]
# ## 2 · The average that arrives late
#
# Level: apply · 10 minutes · 2 points · `10-moving`
#
# The moving mean of a batch normalisation begins at 0. With each batch it keeps 99 % of itself and
# takes 1 % of the mean of the batch, as Keras does by default. The mean of every batch is 10. After
# how many batches is the moving mean above 9.5 for the first time?
#
# *Expected: a whole number; a loop is enough.*

# %%
batches: int = ...  # write your answer here

# %%
lessons.question("10-moving").check(batches)

# %% [markdown]
# ## 3 · Siblings
#
# Level: apply · 15 minutes · 2 points · `10-siblings`
#
# Each of many slices is grown into 3 variants, and *then* one fifth of all variants is drawn at
# random for the test. For which share of the test pictures does at least one variant of the same
# slice train? Work it out, or draw splits at random and count.
#
# *Expected: a share between 0 and 1, right to 0.002.*

# %%
share: float = ...  # write your answer here

# %%
lessons.question("10-siblings").check(share)


# %% [markdown]
# ## 4 · One number a patient
#
# Level: build · 20 minutes · 3 points · `10-pooled`
#
# Given are counts of pixels, one a slice. Write the score of the lesson's step 3: pool the pixels
# of each patient, form one Dice a patient, and average these.
#
# *Expected: 0.650 below; patient A has 0.8 and patient B has 0.5.*

# %%
def patient_dice(patients, truth, predicted, overlap):
    """Mean over patients of their pooled Dice; all four have one entry a slice."""
    return ...  # write your answer here


# %%
table = pd.DataFrame({"patient": ["A", "A", "B"], "truth": [80, 20, 50],
                      "predicted": [80, 10, 30], "overlap": [76, 0, 20]})
print("mean over patients:", patient_dice(*(table[name].to_numpy() for name in table)))
table

# %%
lessons.question("10-pooled").check(patient_dice)


# %% [markdown]
# ## 5 · What a repair brings depends on the order
#
# Level: build · 25 minutes · 3 points · `10-order`
#
# A recipe has repairs "a", "b" and so on, and every set of them was scored: `scores["ab"]` is the
# score with a and b (the letters of a name are sorted), `scores[""]` that of no repair. Write a function
# that says what each repair brings in a chain, in the order in which they are made.
#
# *Expected: in the two orders below, a and b bring different gains; the sum is the same.*

# %%
def gains(scores, order):
    """List of the gain of each step; `order` is a text such as "ba": first b, then a."""
    return ...  # write your answer here


# %%
scores = {"": 0.40, "a": 0.50, "b": 0.45, "ab": 0.70}
for order in ("ab", "ba"):
    print(order, gains(scores, order))

# %%
lessons.question("10-order").check(gains)

# %% [markdown]
# [Back to the lesson](../10_why_080_was_not_080.ipynb)
