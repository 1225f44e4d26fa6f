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
# # Solutions 16 · Your own images
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/16_own_data.ipynb)
#
# [The lesson](../16_own_data.ipynb)
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
# ## 1 · Three names, one person
#
# Level: predict · 5 minutes · 1 point · `16-loop`
#
# A and C look alike, and B and C do. So all three names are one person. The lesson joins names with
# this loop. Which groups do A, B and C have at its end?
#
#     group = {"A": "A", "B": "B", "C": "C"}
#     for first, second in [("A", "C"), ("B", "C")]:
#         group[second] = group[first]
#
# *Expected: a list of three letters, foreseen without running anything.*

# %% tags=["solution"]
groups: list = ["A", "B", "B"]

# %%
lessons.question("16-loop").check(groups)

# %% [markdown]
# ## 2 · What an outline fills
#
# Level: apply · 10 minutes · 2 points · `16-centre`
#
# Somebody has drawn a rectangle, from column 1.7 to 5.4 and from row 1.3 to 4.4. The first pixel
# reaches from 0 to 1, in both directions. By the lesson's rule, a pixel is inside if its centre is.
# How many pixels has the mask?
#
# *Expected: a whole number; paper and pencil are enough.*

# %% tags=["solution"]
pixels: int = len([2.5, 3.5, 4.5]) * len([1.5, 2.5, 3.5])

# %%
lessons.question("16-centre").check(pixels)

# %% [markdown]
# ## 3 · How many patients?
#
# Level: apply · 10 minutes · 2 points · `16-enough`
#
# The Dice of four test patients has a standard deviation (SD) of 0.06. Suppose that it stays so. How
# many test patients does it take until the 95 % interval of the mean, 1.96 · SD / √n to each side,
# reaches at most 0.02 to each side?
#
# *Expected: the smallest such number of patients.*

# %% tags=["solution"]
patients: int = int(np.ceil((1.96 * 0.06 / 0.02) ** 2))

# %%
lessons.question("16-enough").check(patients)


# %% [markdown]
# ## 4 · Who is it?
#
# Level: build · 10 minutes · 2 points · `16-name`
#
# A hospital names its images after patient, phase and slice: `P07_ED_03`. If a patient came again, the
# number of the visit follows after a hyphen: `P07-2_ED_03`. Write a function that gives the patient.
#
# *Expected: P07 for both names below.*

# %% tags=["solution"]
def patient_of(name):
    """The patient in the name of an image, without visit, phase and slice."""
    return name.split("_")[0].split("-")[0]


# %%
for name in ("P07_ED_03", "P07-2_ED_03", "HF1803_ES_10"):
    print(name, patient_of(name))

# %%
lessons.question("16-name").check(patient_of)


# %% [markdown]
# ## 5 · All names of one person
#
# Level: build · 25 minutes · 3 points · `16-groups`
#
# Write the loop of question 1 so that no order of the pairs takes a person apart. Names are one person
# if a chain of pairs joins them. The label of a person is the first of the names, by the alphabet.
#
# *Expected: A, B and C have the label A below, and D has its own.*

# %% tags=["solution"]
def person_of(names, pairs):
    """The label of each name, a dictionary; `pairs` are two names each that look alike."""
    person = {name: name for name in names}
    for a, b in pairs:
        first, other = sorted((person[a], person[b]))
        for name in names:
            if person[name] == other:
                person[name] = first
    return person


# %%
print(person_of(["A", "B", "C", "D"], [("A", "C"), ("B", "C")]))

# %%
lessons.question("16-groups").check(person_of)

# %% [markdown]
# [Back to the lesson](../16_own_data.ipynb)
