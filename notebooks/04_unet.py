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
# # 04 · U-Net: what skip connections do
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/04_unet.ipynb)
#
# [Previous: the encoder–decoder](03_encoder_decoder.ipynb) · [Next: spatial attention U-Net](05_spatial_attention_unet.ipynb)
#
# You will learn
#
# - what a U-Net adds to the encoder–decoder of the last notebook, and how few lines that takes;
# - to write the Dice coefficient by hand, and why its soft form is not the score;
# - what changes when the loss is cross-entropy instead of Dice;
# - what the skips bring: the same training with and without them;
# - to look at the worst patient before you believe a mean.
#
# In the `quick` profile this notebook trains four networks: about 3 minutes on 2 CPU cores.

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
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import seglib
from seglib import lessons, losses, plotting, reporting

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
print(f"{study.slices.name}: train {len(study.split.train)}, validate "
      f"{len(study.split.validation)}, test {len(study.split.test)} patients")


# %% [markdown]
# ## One block, and the skip
#
# A U-Net is an encoder–decoder in which every level of the decoder also receives what
# the encoder saw at that resolution. Below is one level of each, by hand. Look at the
# number of channels after the join.

# %%
def block(x, filters):
    for _ in range(2):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return x


image = keras.Input((128, 128, 1))
fine = block(image, 8)  # (N, 128, 128, 8)
coarse = block(keras.layers.MaxPooling2D()(fine), 16)  # (N, 64, 64, 16)
up = keras.layers.Conv2DTranspose(8, 2, strides=2)(coarse)  # (N, 128, 128, 8)
joined = keras.layers.Concatenate()([fine, up])
print("without the skip", up.shape, "with it", joined.shape)

# %% [markdown]
# The library's networks are the same thing, repeated, with batch normalisation. What do the
# skips cost?

# %%
sizes = {
    name: seglib.build_model(name, (128, 128, 1), filters=16).count_params()
    for name in ("encoder_decoder", "unet")
}
lessons.show_table(pd.Series(sizes, name="parameters"))


# %% [markdown]
# ## Dice by hand
#
# Two masks that agree perfectly have Dice 1, two that never meet 0. Background is not
# counted, which is why an all-black prediction cannot hide behind a small heart.

# %%
def dice(truth, prediction):
    truth, prediction = truth > 0, prediction >= 0.5
    return 2 * np.sum(truth & prediction) / (np.sum(truth) + np.sum(prediction))


truth = study.validation.masks[0]
shifted = np.roll(truth, 3, axis=1)
print(f"itself {dice(truth, truth):.3f}, shifted by 3 pixels {dice(truth, shifted):.3f}, "
      f"all black {dice(truth, 0 * truth):.3f}")

# %% [markdown]
# Play with it: move a disc, grow it, pierce it. Which fault does Dice forgive that
# [HD95](../docs/glossary.md#hd95) does not? Make the disc small, and move it by as much again:
# which of the scores changes?

# %%
lessons.metric_playground()

# %% [markdown]
# A network needs a gradient, so its loss uses probabilities instead of hard masks: the
# [*soft* Dice](../docs/glossary.md#soft-dice). Read the two columns: which one is the score that a paper means?

# %%
rows = []
for confidence in (1.0, 0.9, 0.7, 0.55):
    probability = np.where(truth > 0, confidence, 1 - confidence)[None]
    soft = 1 - float(seglib.DiceLoss(smooth=0.0)(truth[None], probability))
    rows.append({"confidence": confidence, "soft": soft, "hard": dice(truth, probability[0])})
lessons.show_table(pd.DataFrame(rows))

# %% [markdown]
# The masks are all perfect, the soft value is not. Watch the loss with the soft form,
# report the hard one. The library's loss in full: a Tversky loss that weighs what is extra and what is
# missed alike is the Dice loss ([`seglib.losses`](../seglib/losses.py)).

# %%
import inspect

print(inspect.getsource(losses.TverskyLoss.call))

# %% [markdown]
# Our function for hard masks and the library's metric agree:

# %%
metric = seglib.DiceScore()
metric.update_state(truth[None], shifted[None].astype("float32"))
assert np.isclose(float(metric.result()), dice(truth, shifted))

# %% [markdown]
# ## Train: Dice against cross-entropy
#
# The other common loss asks each pixel by itself: [cross-entropy](../docs/glossary.md#cross-entropy), minus the logarithm of
# the probability that the network gives to the pixel's true class. For one class the network
# ends in a sigmoid, one probability a pixel; several classes share theirs by a
# [softmax](../docs/glossary.md#softmax), in notebook [08](08_brain_tissue.ipynb).
#
# The recipe is a record of everything the training needs. The two trainings differ in
# one field.

# %%
recipes = {
    "Dice": seglib.get_recipe("unet", PROFILE, loss="dice", name="unet_dice"),
    "cross-entropy": seglib.get_recipe("unet", PROFILE, loss="bce", name="unet_bce"),
}
recipes["Dice"]

# %%
runs = {name: lessons.train_for(study, recipe) for name, recipe in recipes.items()}

# %% [markdown]
# Solid lines are training patients, dashed ones the validation patients. Where do the
# two losses part: at the start, or at the end?

# %%
fig = plotting.plot_history({name: run.history for name, run in runs.items()}, metrics=["dice"])
reporting.save_figure(fig, "04_history", **study.labels, runs=[run.id for run in runs.values()])
plt.show()

# %% [markdown]
# ## Score per patient
#
# All slices of a heart phase are pooled into one volume, hard masks at 0.5, then the
# patient's two phases are averaged. These are validation patients: they may inform our
# choices, so their score is not yet the result.

# %%
scored = {name: lessons.score(run, study.validation) for name, run in runs.items()}
table = pd.concat({name: seglib.summarise(s.per_case).loc[["dice", "jaccard", "hd95"]]
                   for name, s in scored.items()}, names=["loss"])
reporting.save_table(table, "04_losses", **study.labels, runs=[run.id for run in runs.values()])
lessons.show_table(table)

# %% [markdown]
# With three patients the interval, *95 % from* and *to*, only runs from the lowest to the highest
# of them, and is far too narrow for 95 %. Nothing is concluded here, whether rows overlap or not;
# notebook 06 tests differences patient by patient.
#
# ## What do the skips bring?
#
# The encoder–decoder of notebook 03 and the U-Net, by one recipe; only the skips differ. Besides
# Dice, watch HD95: of the distances between the two outlines, in pixels, 95 % are shorter.

# %%
names = {"encoder_decoder": "without skips", "unet": "with skips"}
pair = {label: lessons.train_for(study, seglib.get_recipe(name, PROFILE))
        for name, label in names.items()}
compared = {label: lessons.score(run, study.validation) for label, run in pair.items()}
table = lessons.results_table(pair, compared)
reporting.save_table(table, "04_skips", **study.labels, runs=[run.id for run in pair.values()])
lessons.show_table(table[["dice", "jaccard", "hd95", "unit", "patients", "parameters"]])

# %% [markdown]
# Notebook 03 ended with a broad grey rim around its masks: the width over which a network does
# not know whether it is inside. How many pixels between 0.1 and 0.9 come on one pixel of the
# expert's outline?

# %%
truth = study.validation.masks.astype("float32")
outline = keras.ops.max_pool(truth, 3, 1, "same") - truth  # one pixel wide, (N, H, W, 1)
rims = {}
for label, run in pair.items():
    probability = seglib.predict_set(run.model, study.validation, run.recipe.preprocessing)
    rims[label] = np.sum((probability > 0.1) & (probability < 0.9)) / np.sum(outline)
lessons.show_table(pd.Series(rims, name="width of the rim, pixels"), 2)

# %% [markdown]
# Has the network with the narrower rim the better masks? Compare with the table above. The rim
# says how *sure* a network is, not how right: one that has lost the fine position can be sure of
# a smooth outline in the wrong place.
#
# With three validation patients all this is a look, not a test. The skips hand the decoder the
# position that the poolings lost; what that is worth on 44 patients stands in the
# [report](../reports/README.md), *Networks, losses and optimisers*.
#
# ## Look at the masks
#
# Best, median and worst case of the Dice loss, base on the left, apex on the right.

# %%
best = scored["Dice"]
fig = plotting.cases_best_median_worst(best.slices, best.prediction, best.per_case)
reporting.save_figure(fig, "04_cases", **study.labels, runs=[runs["Dice"].id])
plt.show()

# %% [markdown]
# ## What we saw
#
# - A skip connection is one line: concatenate what the encoder saw at that resolution.
# - Soft Dice trains a network; hard Dice scores it. A perfect mask can have a low soft Dice.
# - Dice and cross-entropy end at similar scores; the curves part at the start.
# - Skips hand the decoder fine positions; a narrow grey rim shows a sure network, not a right one.
# - It is the small slices at the apex that go wrong: there the network draws far too much, where
#   each pixel counts most. The worst heart is drawn too large nearly all round.
#
# ## Limits
#
# One seed and a handful of validation patients: enough to learn from, not to rank losses.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/04_unet.ipynb):
#
# 1. What shape have the features after the join?
# 2. How many parameters does a skip add?
# 3. How low can the soft Dice of a perfect mask be?
# 4. Write one step of the decoder in NumPy.
# 5. Write Dice for several classes without letting the background in.
#
# To try here, with a training each:
#
# - Train with `loss="dice+bce"`. Which of the two parents does its curve resemble?
# - Set `depth=2`. What does the network lose when it sees less of the chest at once?
#
# [Next: three kinds of attention](05_spatial_attention_unet.ipynb)
