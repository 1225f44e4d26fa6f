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
# # 10 · Why 0.80 was not 0.80
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/10_why_080_was_not_080.ipynb)
#
# [Previous: brain tumours](09_brain_tumour.ipynb) ·
# [Next: seven more ways to be wrong](14_ways_to_be_wrong.ipynb)
#
# You will learn
#
# - to take a published score apart, one cause at a time, and to measure each;
# - what a training score, a leak, a batch of one and a way of counting are worth;
# - to check the strangest of them yourself, on a network trained in front of you.
#
# The trainings of the claim took hours and are stored with the repository; here they are read.
# One tiny network is trained, twice. The notebook takes about 2 minutes on 2 CPU cores.

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

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import seglib
from seglib import lessons, plotting, reporting
from seglib.lessons import mistakes
from study.questions.waterfall_tables import branch_table, cited, waterfall_table
from study.results import read_manifest, read_results, stored_figure

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
print(f"for the network that is trained here: {study.slices.name}, {len(study.train)} slices "
      f"of {len(study.train.patients)} patients")

# %% [markdown]
# ## One claim, taken apart
#
# A project published a "modified spatial attention U-Net" for the left ventricle, trained on
# Sunnybrook, the data of this study. It is one of the
# [five systems](../reports/README.md#the-five-systems) that we take up; we call it system 1.
# These scores, [Dice](../docs/glossary.md#dice) and [Jaccard](../docs/glossary.md#jaccard), are its
# own, from one row of its training history:

# %%
claim = pd.DataFrame(
    {"training": [0.8036, 0.6973], "validation": [0.4333, 0.3125]}, index=["Dice", "Jaccard"]
)
lessons.show_table(claim.rename_axis("published"))


# %% [markdown]
# Only the left column was claimed. A test set existed, but was never scored. So the question
# is not only whether the score is right. It is: *what is it a score of?*
#
# ### How we take it apart
#
# We repeat the published training, then change **one thing at a time**, each on top of the
# one before, and score after every change. First the steps that only alter what is scored,
# and how; they lead down to the honest score of the *same* recipe. Then the repairs, which
# lead up again.
#
# Before you look at any result: which step would you expect to cost most, and which repair
# to bring most?

# %%
def run_by_run(table):
    return table["by_seed"].str.split(expand=True).astype(float).add_prefix("run ")


steps = waterfall_table()
steps = steps.join(run_by_run(steps))
names = cited(steps)
lessons.show_table(steps[["changed", "source"]])

# %% [markdown]
# ### What is slim about it
#
# The published network has a hundred million parameters. Ours has the same layers with an
# eighth of the filters, sees frames of half the side, and trains for a few
# [epochs](../docs/glossary.md#epoch): what
# two processor cores can repeat often enough to measure spread. Its training score
# is therefore not the published one, and its overfitting need not be either. What carries
# over is the direction of a step and its cause, not its third decimal.

# %%
manifest = read_manifest(next(name for name in names if "/patients/" in name))
recipe = manifest["recipe"]
fields = ["architecture", "filters", "depth", "norm", "loss", "optimizer", "batch_size", "epochs"]
slim = {**{f: recipe[f] for f in fields}, "side": recipe["preprocessing"]["resize"]}
slim |= {"training pairs": manifest["train_slices"], "parameters": manifest["parameters"]}
lessons.show_table(pd.Series(slim, name="our copy of system 1"))

# %% [markdown]
# ### The leak, counted
#
# System 1 grew its slices into thousands of turned and mirrored variants *first*, and split
# them at random *afterwards*. For how many of its test pairs does a variant of the very same
# slice stand in training? Our [leaking](../docs/glossary.md#leak) copy does the same, and names are enough to count:

# %%
grown = read_manifest(next(name for name in names if "/leaked/" in name))["offline_pairs"]
everyone = read_results("comparison", "per_slice", ["unet"]).query("seed == 0")
shares = {
    "as published: 805 pairs": mistakes.shared_slices(805, 3500, SEED),
    f"our copy: {len(everyone)} pairs": mistakes.shared_slices(len(everyone), grown, SEED),
}
lessons.show_table(pd.DataFrame(shares).T.rename_axis("share of test pairs with a sibling in"))

# %% [markdown]
# ### Step 1: from training pairs to pairs it did not train on
#
# The claimed score is the last one that training printed: [soft
# Dice](../docs/glossary.md#soft-dice), averaged over [batches](../docs/glossary.md#batch) of one,
# on the pairs that the weights had just been fitted to. First we ask the same of our copy, then
# score it on the held-out fifth of the *same leaking split*. How much of the score was memory, or
# came from how the network is run while it trains?

# %%
SCORES = ["dice", "low", "high", "difference", "difference_low", "difference_high"]
SCORES += ["p_holm", "verdict", "patients", *run_by_run(steps)]


def up_to(last, rows=2):
    end = steps.index.get_loc(last) + 1
    return lessons.show_table(steps.iloc[end - rows : end][SCORES])


up_to("pairs it did not train on", rows=3)

# %% [markdown]
# *95 % from* and *to* is the 95 % [bootstrap interval](../docs/glossary.md#bootstrap-interval) over
# patients; *difference* is the change from the row above, with its own interval, patient by
# patient, where both rows have the same patients, and with the *verdict* of notebook 06's
# criterion: all steps are tested together, and an interval alone decides nothing. It is a dash beside
# a score of others, and beside other patients. The last columns hold the runs: three in the chain,
# each with a [seed](../docs/glossary.md#seed) *and* a [fold](../docs/glossary.md#cross-validation)
# of its own. The interval of a leaking split says too little: the patients in it are not new to the
# network.
#
# ### Step 2: split by patient
#
# Now whole patients are held out before anything is augmented. If remembering siblings paid,
# this row is lower. If it is not, ask why: a small network that trains briefly may not
# remember much, and the held-out pictures have changed too, for they are now the slices
# as they are, no longer turned. A leak is a mistake whether or not it pays, because nobody
# can say in advance how much.

# %%
up_to("split by patient")

# %% [markdown]
# ### Step 3: hard masks, pooled by patient
#
# Nobody uses probabilities as a contour. We cut at one half, then pool the slices of each
# volume and average over patients, against the masks the expert drew, on their own grid.
# Nothing is trained anew: the same predictions are counted in other ways.

# %%
up_to("pooled by patient", rows=3)

# %% [markdown]
# The last row is the honest score of the published recipe, as far as a slim copy can tell.
#
# ### Step 4: a label is not an image
#
# From here on something is repaired. The first repair: system 1 resized its masks as if they
# were photographs. With nearest neighbour, no outline is rounded. (The expert's masks that
# we score against are never resized.)

# %%
up_to("masks by nearest neighbour")

# %% [markdown]
# ### Step 5: a batch of more than one
#
# [Batch normalisation](../docs/glossary.md#batch-normalisation) subtracts the mean of the batch and
# divides by its spread. While it trains on one image at a time, that is *this image's* mean. Later,
# at test time, it uses a moving average over all images. The two are not the same network. With
# eight images a batch they come closer; with group normalisation the batch plays no part.

# %%
up_to("batch 8")

# %%
stored_figure("waterfall_branches",
              "Training score and held-out Dice by batch size, and with groups")

# %% [markdown]
# The figure is the [report](../reports/README.md)'s. A grey bar joins the training score to the
# same measure on held-out patients. Where is it longest? A long bar with a high training score is
# the published situation: training looks well, and only the held-out patients tell. With groups the
# bar is all but gone. That points to batch statistics, not memory, for a part of step 1's fall. Is the
# held-out Dice another one? *Verdict*, below, compares each with batch 1: neither a difference nor
# equality may be shown.
#
# Two cautions. The [rate](../docs/glossary.md#learning-rate) grows with the batch, for larger
# batches take fewer *steps*; but the moving averages do not know that. They take over one hundredth
# of the new mean at each step, so after few steps they can still describe a network of long ago.
# And the groups of group normalisation know no average at all: its training and test networks are
# one.

# %%
branches = branch_table()
lessons.show_table(branches.drop(columns=["runs", "by_seed"]).join(run_by_run(branches)))

# %% [markdown]
# ### Step 6: the network itself
#
# Three changes of construction and optimiser, one by one: the skip connections that a
# "U-Net" should have had, a head without the two ReLU filters that everything had to pass,
# and Adam instead of SGD. Which of the three are shown to matter? An interval may lie clear of
# zero where the verdict is "not shown": a few patients who gain much move a mean, and most need
# not gain. Now follow each *run* from row to row: do the three tell the same story?

# %%
up_to("Adam", rows=4)

# %% [markdown]
# Adam came with its customary rate, not with a searched one, so that step says something
# about the pair. If a step goes the wrong way, look closer before you explain it. Below, run by
# run, the last epoch's *training* pairs are counted in two ways, by slice and pooled, beside the
# area that is predicted on held-out patients, as a share of the expert's. A few flooded images
# hardly move a mean over slices; they ruin a pooled value. Does that happen anywhere here?
# And in the run that fails with skips: is it the training that fails, or what comes after?

# %%
chain = ["patients", "nearest", "batch8", "skips", "head", "adam"]
last = read_results("waterfall", "history", chain).groupby(["variant", "seed"]).last()
area = read_results("waterfall", "per_slice", chain).groupby(["variant", "seed"])
area = area[["predicted", "truth"]].sum()
lessons.show_table(pd.DataFrame({
    "training, soft, by slice": 1 - last["loss"], "training, hard, pooled": last["dice"],
    "area, held out": area["predicted"] / area["truth"],
}).unstack().loc[chain].rename(columns="run {}".format, level="seed"), 2)

# %% [markdown]
# ### Step 7: a recipe chosen on purpose
#
# The study's own recipe changes everything else at once: crop,
# [normalisation](../docs/glossary.md#normalisation),
# [augmentation](../docs/glossary.md#augmentation), schedule, network. It was tested on the same
# patients, with each seed on all of them. It stands on the Adam step, so most of its difference
# only undoes that step; compare it with *plain head*. The last row is the study's best network,
# larger and trained for longer; it follows the literature's protocol and is scored on *its* test
# patients, so it has no difference.

# %%
up_to("the study's best", rows=4)

# %% [markdown]
# ### All of it
#
# Read the report's figure from top to bottom: hatched is what was published, grey what we measured
# from zero, coloured what a step takes or gives. White dots are single runs. The dashed line is the
# published validation Dice; Jaccard, a lower number for the same masks, is not on this axis.

# %%
stored_figure("waterfall", "From the claimed Dice step by step to the honest one and up again")

# %%
lessons.show_table(steps[[*SCORES, "seed_sd"]])

# %% [markdown]
# *SD of the runs* is the spread of their means. In the chain each seed also holds out another fold
# of patients, so it contains both. The test is over patients and knows one run of each: a step
# smaller than this SD may be one of these runs alone. The order of the steps matters as well: what
# a repair brings depends on what was repaired before.

# %% [markdown]
# ## Live: a network that is two networks
#
# Step 5 blamed batch normalisation at batch 1. Check it: this trains a tiny copy of the
# published network, one image at a time.

# %%
recipe = seglib.get_recipe(
    "lv_published", PROFILE, name="batch_of_one", filters=4, depth=3, augmentation=None,
    epochs=1 if PROFILE == "smoke" else 8,
    preprocessing=seglib.Preprocessing(size=96, normalisation="255", multiple=8),
)  # fmt: skip
run = lessons.train_for(study, recipe)
fig = plotting.plot_history(run.history, metrics=("dice",))
reporting.save_figure(fig, "10_live_history", **study.labels, runs=[run.id])
plt.show()

# %% [markdown]
# Solid is training, dashed is validation. Does the dashed line follow the solid one, or does
# it jump? By default the weights of the epoch with the best validation Dice are kept. That would hide
# what we look for: it picks an epoch in which the moving averages happen to fit. So we train the
# same once more *without* validation patients; then no epoch can be chosen, and the weights are
# those of the last one.

# %%
last = seglib.train(recipe, study.train, seed=SEED)
print(f"epochs {len(last.history)}; Dice of the training pairs in the last one, "
      f"{last.history['dice'].iloc[-1]:.3f}, with validation {run.history['dice'].iloc[-1]:.3f}")

# %% [markdown]
# The same weights, the same images, twice: once with the moving averages, as every
# network is used, and once with each image's own statistics, as this one was trained. This is the
# whole function that does the second; the rest of the demonstrations stand in
# [`seglib.lessons.mistakes`](../seglib/lessons/mistakes.py).

# %%
print(inspect.getsource(mistakes.with_batch_statistics))


# %%
def dice_of(outputs, slices):
    whole = recipe.preprocessing.restore(outputs, slices.images.shape[1:3])
    return seglib.per_patient(seglib.score_cases(slices, np.uint8(whole >= 0.5)))["dice"].mean()


answers, table = {}, {}
for part, slices in (("training", study.train), ("validation", study.validation)):
    x = recipe.preprocessing.images(slices.images)
    answers[part] = {"moving averages": last.model.predict_on_batch(x),
                     "own statistics": mistakes.with_batch_statistics(last.model, x)}
    table[part] = {name: dice_of(outputs, slices) for name, outputs in answers[part].items()}
lessons.show_table(pd.DataFrame(table).T.rename_axis("last epoch"))

# %% [markdown]
# Which of the two columns would a training score be, and which one a user's? Look at the two training
# slices on which the answers differ most.

# %%
both = answers["training"].values()
rows = np.argsort(np.abs(np.subtract(*both)).mean(axis=(1, 2, 3)))[-2:]
stacks = [study.train.images[rows], *(recipe.preprocessing.restore(
    answer[rows], study.slices.images.shape[1:3]) for answer in both)]
titles = [name for name in ("image", *answers["training"]) for _ in rows]
window = plotting.heart_window(study.train.masks[rows], margin=25)
fig = plotting.show_images([image for stack in stacks for image in stack], titles,
                           masks=[*study.train.masks[rows]] * 3, window=window, columns=len(rows))
reporting.save_figure(fig, "10_live_masks", **study.labels, runs=[last.id])
plt.show()

# %% [markdown]
# If the two rows below the images differ, then what trained is not what is used, and no training
# score can tell you.
#
# ### How silent is the two-filter head?
#
# Everything the published network knows passes through two ReLU filters. Where both are at
# zero, nothing passes and nothing before them is learnt. At 1, the output is one value
# everywhere, whatever the image. How near do fresh networks come to it?

# %%
x = recipe.preprocessing.images(study.train.images[::8])
silent = {"after training": mistakes.silent_share(last.model, x)}
for seed in range(5):
    keras.utils.set_random_seed(seed)
    fresh = seglib.build_model("published_lv", x.shape[1:], filters=4, depth=3)
    silent[f"fresh, seed {seed}"] = mistakes.silent_share(fresh, x)
lessons.show_table(pd.Series(silent, name="share of silent pixels"))

# %% [markdown]
# After training, silence over the background is what one expects: one low value will do there.
# Before it, it is a matter of luck which pixels can teach the network anything at all.
#
# ## What we saw
#
# - A score is a score *of* something: which images, which network state, which count.
# - Change one thing at a time and measure; then every part of a wrong score has a cause, and
#   the parts that no test shows are not explained.
# - Show every run. In two of three the skips bring the whole rise and the plain head adds
#   nothing. The third fits its training pairs with skips, yet draws too little on unseen hearts:
#   the row "plain head" owes its gain to that run alone, and three runs cannot tell why.
# - Training scores, leaks and batches of one are mistakes even when they cost nothing
#   this time.
#
# ## Limits
#
# The chain was run on a slim network at half the resolution, for few epochs, and on three runs,
# each with its own seed and fold; the published network is far larger. One order of steps was
# measured out of many. The last two rows change several things at once.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/10_why_080_was_not_080.ipynb):
#
# 1. What does batch normalisation make of one pixel, in training and in use?
# 2. How late does a moving average arrive?
# 3. What share of test pictures has a sibling in training, if variants are split at random?
# 4. How are the slices of a patient pooled before the mean over patients?
# 5. What does each repair of a chain bring, in any order?
#
# To try yourself, in this notebook:
#
# - Add a row to the chain in which the leaking split is scored on hard masks. What would it
#   tell, and is it stored?
# - Train the live network with `norm="group"`. What happens to the dashed line, and to the
#   two columns of the table?
# - Score the network of the best epoch, `run`, in the same two ways. What does choosing an epoch
#   hide?
# - Take a paper you like. Of what is its main score a score: which images, which epoch,
#   which mean?
#
# Next: [seven more ways to be wrong](14_ways_to_be_wrong.ipynb)
