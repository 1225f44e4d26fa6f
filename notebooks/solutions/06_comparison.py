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
# # Solutions 06 · The comparison
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/06_comparison.ipynb)
#
# [The lesson](../06_comparison.ipynb)
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
# ## 1 · Five patients
#
# Level: predict · 5 minutes · 1 point · `06-five`
#
# A new network is better than the old one on all five test patients, by 0.03 to 0.08 Dice. The
# two-sided Wilcoxon signed-rank test decides; below 0.05 a difference is shown. What may you write?
# (a) The new network is better: all patients say so. (b) Nothing is shown, and with five patients
# nothing could be. (c) The two are equally good. (d) Nothing is shown, but with gains ten times as
# large it would be.
#
# *Expected: one letter, foreseen without running anything.*

# %% tags=["solution"]
conclusion: str = "b"

# %%
lessons.question("06-five").check(conclusion)

# %% [markdown]
# ## 2 · How many patients must it be?
#
# Level: apply · 10 minutes · 2 points · `06-patients`
#
# Where all n differences lean to one side, the two-sided test gives p = 2 / 2ⁿ; it cannot give
# less. Four networks are tested against a fifth, so Holm's correction multiplies the smallest p by 4.
# From how many patients on *can* the smallest corrected p lie below 0.05?
#
# *Expected: a whole number.*

# %% tags=["solution"]
patients: int = next(n for n in range(1, 100) if 4 * 2 / 2**n < 0.05)

# %%
lessons.question("06-patients").check(patients)

# %% [markdown]
# ## 3 · The number to report
#
# Level: apply · 5 minutes · 1 point · `06-report`
#
# Here is the mean Dice of four networks (made-up numbers). The study hands on one network. Which number
# does it report for that one?
#
# *Expected: one of the eight numbers.*

# %%
names = ["A", "B", "C", "D"]
validation = np.array([0.861, 0.883, 0.874, 0.858])
test = np.array([0.849, 0.856, 0.868, 0.862])

# %% tags=["solution"]
chosen = np.argmax(validation)  # the test patients have no say in it
reported: float = test[chosen]

# %%
lessons.question("06-report").check(reported)


# %% [markdown]
# ## 4 · Patient by patient
#
# Level: build · 20 minutes · 3 points · `06-paired`
#
# Two networks were scored on the same patients. Each row of a table is one heart phase of one patient,
# and the two tables are sorted differently. Write a function that averages each patient's rows and
# gives the difference of each patient, new minus old.
#
# *Expected: a dictionary with 0.1 for P1 and -0.2 for P2 below, but for rounding.*

# %% tags=["solution"]
def paired_differences(new, old):
    """New minus old, by patient; each table is a list of rows (patient, Dice)."""

    def mean_of(patient, table):
        return np.mean([dice for name, dice in table if name == patient])

    patients = sorted({name for name, _ in new})
    return {p: float(mean_of(p, new) - mean_of(p, old)) for p in patients}


# %%
new = [("P1", 0.9), ("P1", 0.9), ("P2", 0.6)]
old = [("P2", 0.8), ("P1", 0.7), ("P1", 0.9)]
print("difference by patient:", paired_differences(new, old))

# %%
lessons.question("06-paired").check(paired_differences)


# %% [markdown]
# ## 5 · Several tests, one chance of a false alarm
#
# Level: build · 25 minutes · 3 points · `06-holm`
#
# Holm's method can also be written without changing a p-value. Sort the m p-values. Compare the smallest
# with 0.05 / m, the next with 0.05 / (m - 1), and so on. **Stop** at the first that does not lie below
# its limit: it and all after it are not shown.
#
# *Expected: `[False, True, False]` below: 0.03 does not lie below 0.05 / 2, so 0.04 is not looked at.*

# %% tags=["solution"]
def shown(p_values):
    """For each p-value, in the order given, whether its difference is shown; a list of bool."""
    verdicts = [False] * len(p_values)
    for step, place in enumerate(np.argsort(p_values)):
        if p_values[place] >= 0.05 / (len(p_values) - step):
            break
        verdicts[place] = True
    return verdicts


# %%
print("shown:", shown([0.04, 0.01, 0.03]))

# %%
lessons.question("06-holm").check(shown)

# %% [markdown]
# [Back to the lesson](../06_comparison.ipynb)
