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
# # 11 · The label audit: which labels would you check first?
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/11_label_audit.ipynb)
#
# [Previous: break it](15_break_it.ipynb) ·
# [Next: uncertainty](12_uncertainty.ipynb)
#
# You will learn
#
# - to let networks point at labels that may be wrong, without letting them learn the faults;
# - to say how unusual a disagreement is, for patients and for single slices;
# - to tell a label in the wrong place from a label of the wrong shape;
# - to measure what such an audit finds and what it misses, by planting faults.
#
# With the Sunnybrook data nothing is trained, for the predictions are stored with the
# repository: about 1 minute on 2 CPU cores. With the phantom three tiny networks are
# trained, which takes about 2 minutes.

# %% tags=["setup"]
# Finds the study, fetches it where it is absent (on Colab), installs what is missing there.
import os
import subprocess
import sys

places = (".", "..", "seglib", "/content/seglib")
root = next((place for place in places if os.path.isfile(f"{place}/seglib/slices.py")), None)
if root is None:
    root, home = "seglib", "https://github.com/seglib/seglib"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", home, root], check=True)
os.chdir(f"{root}/notebooks")
sys.path.insert(0, os.path.abspath(".."))
from seglib.environment import install_missing

install_missing()

# %% tags=["parameters"]
PROFILE = os.environ.get("SEGLIB_PROFILE", "quick")  # smoke, quick or full
DATASET = os.environ.get("SEGLIB_DATASET", "auto")  # auto, sunnybrook or phantom
SEED = int(os.environ.get("SEGLIB_SEED", "0"))

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import seglib
from seglib import audit, datasets, lessons, reporting
from seglib.datasets import sunnybrook
from seglib.phantoms import heart
from study.questions import audit as question
from study.results import read_manifest, read_results, stored_figure, stored_names

lessons.describe_environment()

# %% [markdown]
# ## Ten looks
#
# You are given 45 patients with labels, and time to look at ten. Some labels may be wrong.
# Whose do you open?
#
# Not the first ten, and not ten at random: ten of 45 would find a wrong patient about one
# time in five. Ask a network where it disagrees. But which network? One that was trained on
# the wrong label has learnt it, and agrees.
#
# So every patient is predicted **out of fold**
# ([cross-validation](../docs/glossary.md#cross-validation)): the patients are cut into five parts,
# and each part is predicted by a network trained on the other four. These trainings are stored. One
# patient whose labels are known to be wrong was left in on purpose.

# %%
names = stored_names("audit")
trained = {name: read_manifest(name) for name in names}
lessons.show_table(pd.DataFrame({
    name: {"test patients": len(m["test_patients"]), "slices": m["test_slices"],
           "minutes": m["seconds"] / 60}
    for name, m in trained.items()
}).T, 1)

# %% [markdown]
# Is each patient in exactly one of the parts? If not, stop here.

# %%
tested = [patient for m in trained.values() for patient in m["test_patients"]]
assert len(tested) == len(set(tested))
print(f"{len(tested)} patients, each predicted once; wrong ones among them: "
      f"{', '.join(sorted(set(tested) & set(sunnybrook.WRONG_LABELS)))}")

# %% [markdown]
# ## Disagreement by hand
#
# What is stored of a slice are three counts of pixels: in the expert's mask, in the predicted one,
# in both. That is enough for [Dice](../docs/glossary.md#dice): pool the slices of a case, then take
# the mean of the patient's cases.

# %%
per_slice = read_results("audit", "per_slice")
cases = per_slice.groupby(["patient", "case"])[["truth", "predicted", "overlap"]].sum()
by_case = 2 * cases["overlap"] / (cases["truth"] + cases["predicted"])
by_hand = by_case.groupby("patient").mean().sort_values()
lessons.show_table(by_hand.head().rename("Dice"))

# %% [markdown]
# How unusual is the lowest one? Mean and standard deviation would be stretched by the very
# outlier we look for. The median is not, nor is the median distance from it (MAD). Times
# 1.4826 it equals the standard deviation of normal values.

# %%
distance = by_hand - by_hand.median()
z = distance / (1.4826 * distance.abs().median())
suspects = audit.rank_suspects(per_slice)
assert np.allclose(suspects["dice"], by_hand) and np.allclose(suspects["z"], z)
lessons.show_table(suspects.head(10), 2)

# %% [markdown]
# The whole ranking is one function; the rest of the audit is in [`seglib.audit`](../seglib/audit).

# %%
print(inspect.getsource(audit.rank_suspects))

# %% [markdown]
# *Gap* is about how far apart the two outlines lie, in pixels (more on it below);
# *area, network / expert* above 1 means that the network draws more. *Worst slice* is
# where to look first.
#
# Does the wrong patient come out on top? How far is the second one from it, and how far
# from the rest? The figure is the [report](../reports/README.md)'s; `audit.plot_ranking(suspects)`
# draws it.

# %%
stored_figure("audit_ranking",
              "Every patient by Dice with its out-of-fold prediction, lowest first")

# %%
place = suspects.index[suspects["patient"].isin(sunnybrook.WRONG_LABELS)]
unusual = suspects[suspects["z"] < -3.5]
print(f"wrong patient: rank {place[0]} of {len(suspects)}; "
      f"{len(unusual)} patient(s) lie more than 3.5 scaled MADs below the median")

# %% [markdown]
# ## Look
#
# A rank is a reason to look, nothing more. For pictures we need images: those of
# Sunnybrook with the stored masks, or, without the real data, simulated patients. There we
# plant a fault ourselves, displace all labels of one patient, and run a tiny audit here and
# now, the same in every profile.

# %%
TINY = {"epochs": 20, "depth": 2, "preprocessing": seglib.Preprocessing(size=32), "name": "tiny"}
real = datasets.load(DATASET).name == "Sunnybrook"
if real:
    found = question.read_audit(sunnybrook.load(exclude_wrong=False))
    labels = {"dataset": "Sunnybrook", "profile": "5 folds of 45 patients"}
    wrong = list(sunnybrook.WRONG_LABELS)
else:
    simulated, wrong = heart.make(patients=12, slices=4, size=64), ["phantom-05"]
    spoilt = question.displace(simulated, wrong[0], pixels=5, seed=SEED)
    found = audit.audit(spoilt, seglib.get_recipe("unet", "quick", **TINY), folds=3, seed=SEED)
    labels = {"dataset": "phantom", "profile": PROFILE}

# %%
print(f"{len(found.slices.patients)} patients of {labels['dataset']}, {len(found.slices)} slices; "
      f"known to be wrong: {', '.join(wrong)}")

# %% [markdown]
# The first three, large; the [report](../reports/README.md) shows five. Solid is the expert, dashed
# the network that never saw this patient. For each row, decide: who is wrong? Where could both be
# right?

# %%
suspects = audit.rank_suspects(found.per_slice)
fig = audit.show_suspects(found.slices, found.prediction, suspects.head(3), columns=4)
reporting.save_figure(fig, "11_suspects", **labels, runs=found.runs)
plt.show()

# %% [markdown]
# What to look for:
#
# - a label that lies beside the heart, or on the right ventricle: a fault;
# - the first slices: where ventricle, atrium and aorta meet, experts follow a convention
#   that a network can only guess;
# - the last slices: the blood pool is a few pixels wide, and how much of the dim rim around
#   it belongs to it is a matter of taste;
# - papillary muscles, dark inside the pool: the experts' outline goes around them, and a
#   network may cut them off.
#
# Only the first is a wrong label. The others say where the task itself is vague, or where
# the network is weak.
#
# ## Wrong place or wrong shape?
#
# Move the expert's mask until it fits the prediction best. If it then fits well, the shape
# was right and the place was wrong. First a test with a known answer: move a mask, and ask
# how to move it back.

# %%
mask = found.slices.masks[len(found.slices) // 2]
moved = question.move(mask[None], y=5, x=-9)[0]
back = audit.mask_shift(moved, mask)
assert (back.y, back.x) == (-5, 9)
print(f"move it by {back.y:+.0f} rows and {back.x:+.0f} columns, then Dice is {back.dice:.2f}")

# %% [markdown]
# Now the first suspect. Arrows show the best move. Is it the same on all slices? Does the
# mask fit after it?

# %%
first = suspects.at[1, "patient"]
moves = audit.shifts(found.slices, found.prediction)
fig = audit.show_moves(found.slices, found.prediction, moves[moves["patient"] == first])
reporting.save_figure(fig, "11_moves", **labels, runs=found.runs)
plt.show()

# %%
columns = ["distance", "dice", "moved_dice"]
of_first = moves["patient"] == first
medians = {first: moves.loc[of_first, columns].median(),
           "all others": moves.loc[~of_first, columns].median()}
lessons.show_table(pd.DataFrame(medians).T)

# %% [markdown]
# Read the table with the pictures. A long move that repairs the Dice speaks for a displaced
# label. If the move differs from slice to slice, no single correction of the patient could
# have repaired it.
#
# ## One wrong slice in a good patient
#
# Pooled Dice forgives a single slice. So we rank slices too, but by what? Sorted by Dice,
# the list is full of small masks: one pixel all around costs the apex far more than the
# base. The *gap* divides the pixels that only one mask has by the length of the outline,
# and that makes it about the distance of the two outlines, whatever their size. By hand,
# for two discs:

# %%
y, x = np.mgrid[:160, :160] - 80
discs = {}
for radius in (6, 20, 60):
    inner, outer = (np.hypot(y, x) < r for r in (radius, radius + 2))
    row = pd.DataFrame({"truth": [inner.sum()], "predicted": outer.sum(), "overlap": inner.sum()})
    discs[f"radius {radius} and {radius + 2}"] = {
        "Dice": 2 * inner.sum() / (inner.sum() + outer.sum()), "gap": audit.gap(row)[0]}
lessons.show_table(pd.DataFrame(discs).T, 2)

# %% [markdown]
# Each slice is then measured against the other slices of its patient, so that a patient
# who is wrong as a whole does not fill the list. *z* is the gap beyond the usual one.

# %%
ranked = audit.rank_slices(found.per_slice)
reporting.save_table(ranked.head(50), "11_slices", **labels, runs=found.runs)
lessons.show_table(ranked.drop(columns="row").head(8), 2)

# %% [markdown]
# The first slices of patients who are *not* among the first three. Who is wrong here? Watch
# for a dashed outline that has run into the other ventricle.

# %%
good = ranked[~ranked["patient"].isin(suspects["patient"].head(3))].head(8)
fig = audit.show_moves(found.slices, found.prediction, moves.loc[good["row"]], columns=4)
reporting.save_figure(fig, "11_slices", **labels, runs=found.runs)
plt.show()

# %% [markdown]
# ## A check without a network
#
# A network is one witness. The first notebook had another: inside the mask the image should
# be brighter than in a ring around it, for blood is bright and muscle dark. It reads the same
# grey values, but learns nothing from any label. Whom do both accuse?

# %%
by_contrast = audit.contrast_per_patient(found.slices)
fig = audit.plot_two_checks(suspects, by_contrast, wrong=wrong)
reporting.save_figure(fig, "11_two_checks", **labels, runs=found.runs)
plt.show()

# %%
both = suspects.set_index("patient")["dice"].rank().to_frame("rank by Dice")
both["rank by contrast"] = by_contrast.rank()
both["contrast"] = by_contrast
lessons.show_table(both.sort_values("rank by Dice").head(6), 2)

# %% [markdown]
# A patient low on both axes is a strong suspect. Low in Dice alone, with a good contrast,
# points at the network; low in contrast alone may be a dim image.
#
# The contrast check costs seconds and needs no training. It works because blood is bright
# in these images; for another organ you would have to find another such rule.
#
# ## What would we have missed?
#
# One fault found says little about the faults that are not. So we plant some: displace the
# labels of one right patient, each slice in a direction of its own, rank it among the
# others, and do so for every patient and several distances. How far must labels be off to
# be among your ten?

# %%
right = ~found.slices.table["patient"].isin(wrong).to_numpy()
sound, prediction = found.slices.take(right), found.prediction[right]
pixels = (1, 2, 3, 4, 6, 8, 10)
planted = question.find_displaced_patients(sound, prediction, pixels, seed=SEED)
hit = {"ranked first": planted["rank"] == 1, "among the first 10": planted["rank"] <= 10}
share = {
    f"a whole patient, {name}": of_all.groupby(planted["pixels"]).mean()
    for name, of_all in hit.items()
}

# %% [markdown]
# The same with single slices, 100 of them, one at a time. Here we can also see whether the
# gap was worth inventing.

# %%
planted = question.find_displaced_slices(sound, prediction, pixels, seed=SEED)
for name in ("gap", "Dice"):
    hit = planted[f"{name.lower()}_rank"] <= 20
    share[f"one slice, among the first 20 by {name}"] = hit.groupby(planted["pixels"]).mean()
fig = audit.plot_found(share)
reporting.save_figure(fig, "11_planted_faults", **labels, runs=found.runs)
plt.show()

# %%
table = pd.DataFrame(share).rename_axis("pixels")
reporting.save_table(table, "11_planted_faults", **labels, runs=found.runs)
lessons.show_table(table.T, 2)

# %% [markdown]
# Faults smaller than the usual disagreement cannot be found this way, however long the list.
# That is the resolution of the audit: read it off before you say that the rest is right.
#
# ## What a suspect is, and what became of ours
#
# **A suspect is a question, not a verdict.** The network may be the one that is wrong. Look,
# ask whoever drew the label, and write down the reason. Three things not to do:
#
# - delete everybody the network fails on: what remains are easy patients, and every Dice
#   after that is too good;
# - replace labels by predictions: then the network marks its own work;
# - audit the test patients again after each change of recipe: they become validation
#   patients.

# %%
for patient, reason in sunnybrook.WRONG_LABELS.items():
    print(f"{patient}: {reason}")

# %% [markdown]
# This patient is left out of training *and* scoring in all other notebooks, and patients are
# counted without it. The reason lies in the labels: it can be seen without any prediction,
# and the contrast check finds it without a network. Its labels were not repaired. The moves
# we measured come from a network's opinion, and labels that follow it would agree with it.
# Whoever sits low in the ranking for another reason stays in.
#
# ## Your own data
#
# The same audit for two folders of pictures, with ranked tables and picture sheets:
#
# ```
# python -m seglib audit --images my_images --masks my_labels --output my_audit \
#     --patients '^(?P<patient>[^_]+)_' --profile quick
# ```
#
# The pattern must tell the patient from the file's name. Without it each file counts as its
# own patient, a network has seen the neighbouring slices, and faults are forgiven.
#
# ## What we saw
#
# - Out-of-fold prediction turns "is this label right?" into "where do they disagree?", and
#   the answer fits into a short list.
# - Median and MAD say how unusual a disagreement is without being fooled by it.
# - The best move of a mask tells a wrong place from a wrong shape.
# - Slices need a measure that does not punish small masks, and a comparison with their own
#   patient.
# - A second check that needs no training is worth more than a second network.
#
# ## Limits
#
# - Faults that many patients share are learnt and agreed with: a convention applied wrongly
#   everywhere is invisible here.
# - One wrong patient also spoils, a little, the networks of the other folds.
# - One network a fold, one [seed](../docs/glossary.md#seed). The lower ranks would change places
#   with another seed.
# - The same image under two patients' names stands on both sides of a fold; look for
#   copies first (`seglib.splits.leaks`).
# - Displacements are one kind of fault. Wrong sizes and wrong slices need their own test.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/11_label_audit.ipynb):
#
# 1. Which column gives a patient away whose masks are all too large?
# 2. How unusual is the lowest Dice of eight, so that the outlier itself does not hide it?
# 3. Which mean may be reported, once the expert has answered the audit?
# 4. Which move brings a label onto the prediction?
# 5. What share of planted faults is among the first looks?
#
# To try yourself, in this notebook:
#
# - Exchange the masks of two slices of one volume. Which list finds it, at which rank?
# - Rank the patients by `gap` instead of Dice. Who moves up, and why?
# - Predict the wrong patient with a network that was trained on it. What is its Dice now?
# - Look at ranks 4 to 10 with `show_suspects(..., suspects.iloc[3:10])`. Which of them
#   would you send back to the expert?
#
# Next: [uncertainty](12_uncertainty.ipynb)
