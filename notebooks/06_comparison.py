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
# # 06 · The comparison: networks and optimisers
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/06_comparison.ipynb)
#
# [Previous: spatial attention U-Net](05_spatial_attention_unet.ipynb) ·
# [Next: atrium volumes](07_atrium_volumes.ipynb)
#
# You will learn
#
# - to compare networks fairly: same data, same recipe, one thing changed at a time;
# - to choose on validation patients, and to open the test patients once;
# - to read a mean together with its interval, its box plot and its worst case;
# - to test a difference patient by patient, and to say no more than the test allows: not
#   shown to differ is not shown to be equal.
#
# In the `quick` profile this notebook trains the networks that the earlier ones have not
# trained yet, about 3 minutes on 2 CPU cores; finished runs are read back.

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
import matplotlib.pyplot as plt
import pandas as pd

import seglib
from seglib import evaluation, inference, lessons, plotting, reporting
from study.questions.heart import REFERENCES
from study.questions.networks import NAMES
from study.results import read_results, stored_figure
from study.variants import compare_variants, compare_with

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
print(f"{study.slices.name}: train {len(study.split.train)}, validate "
      f"{len(study.split.validation)}, test {len(study.split.test)} patients")

# %% [markdown]
# ## What is compared
#
# Five networks with AdamW, and some of them with other optimisers. Everything else stays as
# the recipe says.
#
# Optimisers need their own learning rates; one rate for all would compare the rate. AdamW
# and Adam share theirs, for Adam here is AdamW without weight decay. SGD has momentum 0.9
# with Nesterov's look-ahead and a rate of 0.1, the customary pair for networks with batch
# normalisation. With momentum 0.9 a steady slope is followed ten times as far as the rate
# says, so this is the same stride as nnU-Net's 0.01 with momentum 0.99.

# %%
NETWORKS = {
    "encoder_decoder": "encoder–decoder",
    "unet": "U-Net",
    "attention_unet": "additive gate",
    "channel_attention_unet": "channel attention",
    "spatial_attention_unet": "spatial attention",
}
SGD = {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9}
ADAM = {"optimizer": "adam"}

# %% [markdown]
# How many of the pairs are trained depends on the profile.

# %%
some = ("encoder_decoder", "unet", "spatial_attention_unet")
plan = [(name, "AdamW", {}) for name in NETWORKS] + [(name, "SGD", SGD) for name in some]
if PROFILE == "full":
    plan += [(name, "Adam", ADAM) for name in some]
if PROFILE == "smoke":
    plan = plan[:2]
recipes = {
    f"{NETWORKS[name]}, {optimizer}": seglib.get_recipe(name, PROFILE, **changes)
    for name, optimizer, changes in plan
}
fields = ["architecture", "optimizer", "learning_rate", "schedule", "batch_size", "epochs"]
plans = {label: {f: getattr(r, f) for f in fields} for label, r in recipes.items()}
lessons.show_table(pd.DataFrame(plans).T)

# %% [markdown]
# A run is known by its recipe, its data, its seed and the code. What an earlier notebook has
# trained is read from disk; the rest is trained now.

# %%
runs = {label: lessons.train_for(study, recipe) for label, recipe in recipes.items()}
ids = [run.id for run in runs.values()]

# %% [markdown]
# First the networks, all with AdamW. Which curves can you tell apart on the validation
# patients (dashed)?

# %%
adamw = {label.split(",")[0]: run.history for label, run in runs.items() if "AdamW" in label}
fig = plotting.plot_history(adamw)
reporting.save_figure(fig, "06_history_networks", **study.labels, runs=ids)
plt.show()

# %% [markdown]
# Then the optimisers on one network. Look at the first epochs and at the last ones: the
# faster start need not be the better end.

# %%
optimisers = {label: run.history for label, run in runs.items() if label.startswith("U-Net")}
fig = plotting.plot_history(optimisers)
reporting.save_figure(fig, "06_history_optimisers", **study.labels, runs=ids)
plt.show()

# %% [markdown]
# ## Choose first
#
# On the validation patients, as in the earlier notebooks. Whatever the test will say, this
# is the network we would hand on.

# %%
validated = {label: lessons.score(run, study.validation) for label, run in runs.items()}
table = lessons.results_table(runs, validated)
choice = table["dice"].idxmax()
reporting.save_table(table, "06_validation", **study.labels, runs=ids)
print(f"our choice: {choice}")
lessons.show_table(table[["dice", "low", "high", "jaccard", "hd95", "unit", "patients"]])

# %% [markdown]
# With so few validation patients the choice is partly luck. That is no harm: the test
# patients do not know which one we picked.
#
# ## Test, once
#
# **In this notebook, this is the cell that opens this split's test patients.** If you change a
# recipe after reading its result, they have become validation patients.

# %%
tested = {label: lessons.score(run, study.test) for label, run in runs.items()}
comparison = lessons.results_table(runs, tested)
reporting.save_table(comparison, "comparison", **study.labels, runs=ids, markdown=True)
lessons.show_table(comparison)

# %%
per_case = pd.concat([s.per_case.assign(network=label) for label, s in tested.items()])
reporting.save_table(per_case, "06_per_case", **study.labels, runs=ids)
row = comparison.loc[choice]
print(f"our choice, {choice}: Dice {row['dice']:.3f} [{row['low']:.3f}, {row['high']:.3f}] "
      f"over {row['patients']} test patients")

# %% [markdown]
# *Dice* is the mean over patients, *95 % from* and *to* its 95 % bootstrap interval, *HD95* the
# distance that 95 % of the outline stays below: in pixels (px) where the data do not say
# how large a pixel is. *Cases missed* counts volumes in which nothing was found.
#
# ## Every patient a point
#
# A mean hides its patients. Which networks have a long tail downwards? Is it the same length
# for all?
#
# On Sunnybrook the lines are published scores. They are not quite the same measure: the
# challenge's scoring leaves failed contours out of the mean, we leave none out.

# %%
patients = {label: seglib.per_patient(s.per_case) for label, s in tested.items()}
published = REFERENCES if study.slices.name == "Sunnybrook" else ()
boxes = {label.replace(", ", "\n"): table for label, table in patients.items()}
fig = plotting.box_plot_per_patient(boxes, references=published)
reporting.save_figure(fig, "06_box_plot", **study.labels, runs=ids)
plt.show()

# %% [markdown]
# ## Best, median, worst
#
# Of the network we chose. Before you blame it for the worst case, ask whether the *expert's*
# outline there is the only one possible.

# %%
best = tested[choice]
fig = plotting.cases_best_median_worst(best.slices, best.prediction, best.per_case)
reporting.save_figure(fig, "06_cases", **study.labels, runs=[runs[choice].id])
plt.show()

# %% [markdown]
# ## Which hearts are hard?
#
# Mean Dice by diagnosis. In Sunnybrook, HF-I is heart failure after an infarct, HF-NI without
# one, HYP a thickened wall, N a normal heart. How many patients a group has stands above it:
# read that first.

# %%
by_pathology = pd.DataFrame(
    {label: table.groupby("pathology")["dice"].mean() for label, table in patients.items()}
).T.rename_axis("network")
sizes = patients[choice].groupby("pathology").size()
by_pathology.columns = [f"{name} (n = {sizes[name]})" for name in by_pathology]
reporting.save_table(by_pathology, "06_pathology", **study.labels, runs=ids)
lessons.show_table(by_pathology)

# %% [markdown]
# ## Which slices are hard?
#
# Here, and only to look for the place of the errors, Dice is taken slice by slice: from the
# base of the heart (0) to its apex (1).

# %%
position = study.test.table.groupby("case")["slice"].rank(method="dense")
last = position.groupby(study.test.table["case"]).transform("max")
fifth = pd.cut((position - 1) / (last - 1), 5, labels=["base", "2", "middle", "4", "apex"])
by_position = pd.DataFrame({
    label: evaluation.per_slice(s.slices, s.prediction)["dice"].groupby(fifth, observed=True).mean()
    for label, s in tested.items() if "AdamW" in label
})
lessons.show_table(by_position.rename_axis("position").T)

# %%
fig, axes = plt.subplots(figsize=(6.5, 3.4))
colours = plotting.network_colours(by_position)
for (label, dice), colour in zip(by_position.items(), colours, strict=True):
    axes.plot(dice.index, dice, marker="o", color=colour, label=label)
axes.set(xlabel="position in the heart", ylabel="mean Dice per slice", ylim=(0, 1))
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
reporting.save_figure(fig, "06_position", **study.labels, runs=ids)
plt.show()

# %% [markdown]
# Near the apex a blood pool is a few pixels wide, so one pixel of disagreement costs much
# Dice. Is the base worse than the middle here?
#
# ## A clean-up, reported
#
# A ventricle is one piece on each slice. Keeping only the largest piece removes islands; it
# can also remove the ventricle, when an island is larger. Papers often do this and do not
# say so. Compare the columns before and after; the table of results above is without it.

# %%
cleaned = {}
for label, s in tested.items():
    masks = inference.largest_component(s.prediction)
    cleaned[label] = lessons.Scored(s.slices, masks, seglib.score_cases(s.slices, masks))
after = lessons.results_table(runs, cleaned)
shown = ["dice", "hd95", "missed"]
clean_up = pd.concat({"as predicted": comparison[shown], "largest piece": after[shown]}, axis=1)
lessons.show_table(clean_up)

# %%
flat = clean_up.set_axis([f"{what} ({how})" for how, what in clean_up.columns], axis=1)
reporting.save_table(flat, "06_clean_up", **study.labels, runs=ids)
print(f"mean change of Dice {(after['dice'] - comparison['dice']).mean():+.4f}, "
      f"of HD95 {(after['hd95'] - comparison['hd95']).mean():+.2f} {row['unit']}")

# %% [markdown]
# ## Is the difference one?
#
# All networks saw the same patients, so we compare patient by patient: one difference for
# each. The Wilcoxon signed-rank test asks how surprising these differences would be if the
# two networks were equally good. Several tests give several chances of a false alarm, and
# [Holm's adjustment](../docs/glossary.md#holms-correction) pays for them. One criterion decides, here and in the whole study: a
# difference is *shown* if its adjusted p-value lies below 0.05.
#
# "No difference was found" is not "there is none". Who wants to say that two networks are
# equally good must first say how large a difference would matter. We say 0.01 Dice, and turn
# the question round: how surprising would these differences be if the networks were at least
# that far apart? Two tests, one for each side, answer it.

# %%
paired = seglib.compare_paired(patients, reference="U-Net, AdamW")
reporting.save_table(paired, "06_paired", **study.labels, runs=ids)
lessons.show_table(paired, 4)

# %% [markdown]
# The function that corrects for many tests is short enough to read; the tests themselves are in
# [`seglib.evaluation.comparison`](../seglib/evaluation/comparison.py).

# %%
import inspect

print(inspect.getsource(evaluation.holm))

# %% [markdown]
# Read a row like this:
#
# - *difference* is what the network has over the U-Net, *95 % from* and *to* how far that mean
#   would move with other patients. The interval describes; it decides nothing;
# - a small *p (Holm)* says the differences lean to one side, *for these two trainings*. It does
#   not say that the difference is large enough to matter;
# - *smallest p possible* is what it would be if every single patient leaned to the same side. With
#   very few patients it lies above 0.05: then nothing can be shown, whatever the networks do;
# - a small *p of equivalence*, adjusted too, says that they differ by less than 0.01;
# - *verdict* puts it in words. "Not shown" is neither a difference nor an equality.

# %%
for label, test in paired.iterrows():
    print(f"{label}: {test['difference']:+.3f} Dice over {test['n']:.0f} patients, "
          f"{test['verdict']}; the smallest p possible is {test['p_smallest']:.2g}")

# %% [markdown]
# None of this covers the training itself: another seed gives other weights, and networks of
# one recipe can differ among themselves as much as two recipes do. One seed each, as here,
# cannot rank architectures, and a verdict is one on two trainings. A claim about networks
# needs at least three seeds of each.
#
# ## Five folds, more seeds
#
# So the study ran a comparison once more where it can say more: five folds over all 44
# Sunnybrook patients, each tested once by networks that never saw them, and more seeds. That
# takes many hours on two cores; the runs are stored with the repository, and here they are
# only read. `python -m study status` says how many are still to come: the column *seeds* says
# how many trainings each row is the mean of. More patients train there, and the crop is 96
# instead of 128, so the two tables cannot be compared.
#
# Where a network has several seeds, its interval resamples patients *and* seeds, and so holds
# the doubt of the training too. Of three seeds it sees little, of one nothing.
#
# Losses are in it too. Before you look: which of them would you expect to matter?

# %%
folds = read_results("comparison", "per_case")
by_variant = compare_variants(folds)
lessons.show_table(by_variant.rename(index=NAMES).drop(columns="missed"))

# %% [markdown]
# *SD of the runs* is how far apart the means of equal trainings lie. Compare it with the distances
# between the rows. In the figure, each seed's own mean is a tick. Published means are lines: how
# far their patients spread says nothing about a mean, so no band of it is drawn.

# %%
stored_figure("comparison_means", "Mean Dice of each variant over five folds, with its interval")

# %% [markdown]
# And the verdicts against the U-Net. Which of them rest on one training?

# %%
verdicts = compare_with(folds, "unet").rename(index=NAMES)
shown = ["difference", "low", "high", "p_holm", "verdict", "seeds", "reference_seeds"]
lessons.show_table(verdicts.sort_values("difference", ascending=False)[shown])

# %% [markdown]
# Which hearts and which slices are hard, now with every patient in: diagnosis, heart phase,
# place from base to apex, and size of the expert's mask. How much of the other three is
# really the size?

# %%
stored_figure("comparison_strata",
              "Dice of a slice by diagnosis, heart phase, place in the heart and size of the mask")

# %% [markdown]
# ## What it costs
#
# Parameters and minutes belong beside a Dice value. Is there a cheaper network that was not
# shown to be worse than the U-Net?

# %%
cost = comparison[["dice", "low", "high", "parameters", "minutes"]].join(paired["verdict"])
lessons.show_table(cost.sort_values("parameters"))

# %% [markdown]
# ## What we saw
#
# - One recipe, one change at a time: only then does a difference have a cause.
# - The choice was made before the test patients were seen.
# - Means come with intervals, and every interval here is over patients, not slices.
# - Slice by slice, the apex is where the networks lose Dice; look there before you change the
#   architecture. In a pooled volume its few pixels weigh little.
# - A paired test with an adjustment says when nothing is shown, and that is a result too.
#   Equality is a claim of its own: it needs a margin, and its own test.
#
# ## Limits
#
# One data set; one split first, five folds after; one seed a network here, and as many as the
# column says in the stored runs; a training as short as the profile allows, and learning rates
# that were not searched for each network. The published scores drawn beside ours count
# differently.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/06_comparison.ipynb):
#
# 1. Better on five patients of five: what may you write?
# 2. How many patients does a test of four networks need at the least?
# 3. Four networks, two scores each: which number is reported?
# 4. Compare two networks patient by patient, whatever the order of their rows.
# 5. Write Holm's method for several tests.
#
# To try here, the first and the fourth with trainings:
#
# - Run the comparison with `SEED = 1` and `SEED = 2`. Does the order of the networks hold?
# - Compare HD95 instead of Dice: `compare_paired(patients, "U-Net, AdamW", metric="hd95")`.
#   Which sign is now the better one?
# - Find the patient on whom two networks differ most, and draw both masks with
#   `plotting.show_slices`. Which one would you have drawn?
# - Give SGD the learning rate of AdamW, and AdamW that of SGD. What would a paper have
#   concluded from it?
# - How many patients would it take to show a difference of 0.01, or equality within it?
#   Resample the differences with more patients and ask `seglib.evaluation.judge_differences`.
#
# Next: [atrium volumes](07_atrium_volumes.ipynb)
