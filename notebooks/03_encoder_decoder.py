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
# # 03 · Encoder–decoder: from pixels to masks
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/03_encoder_decoder.ipynb)
#
# [Previous: augmentation](02_augmentation.ipynb) · [Next: U-Net](04_unet.ipynb)
#
# You will learn
#
# - to build the simplest segmentation network by hand: an encoder, a decoder, nothing else;
# - why a network shrinks its image, how far it then sees, and what that costs at the outline;
# - what a recipe, an optimiser and a learning-rate schedule are, and how to read a training;
# - why one and the same prediction can have several Dice values, and which one to report.
#
# In the `quick` profile this notebook trains one network: about 1 minute on 2 CPU cores.

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
from seglib import evaluation, formats, lessons, optimizers, plotting, reporting
from seglib.models import layers

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
print(f"{study.slices.name}: train {len(study.split.train)}, validate "
      f"{len(study.split.validation)}, test {len(study.split.test)} patients")

# %% [markdown]
# ## From pixels to masks
#
# The network answers one question for every pixel: how likely is it inside the
# left-ventricular blood pool (endocardium)? Here are the image and the expert's answer.
# Cover all but a few pixels with your hands: could *you* still tell?

# %%
middle = lessons.middle_slices(study.train)
fig = plotting.show_slices(study.train, middle[:4])
reporting.save_figure(fig, "03_slices", **study.labels)
plt.show()


# %% [markdown]
# A single pixel cannot tell: blood is as bright in the right ventricle. The network has to
# see the neighbourhood. A 3×3 convolution reads one pixel further on each side. A pooling
# halves the grid, so that every later convolution reaches twice as far.
#
# The [**receptive field**](../docs/glossary.md#receptive-field) is the square of the input that can influence one value at the
# bottom of the network. Watch how it grows with the number of poolings.

# %%
def receptive_field(depth):
    field, step = 1, 1  # in pixels of the input
    for level in range(depth + 1):
        field += 2 * 2 * step  # two 3x3 convolutions, each one step further on both sides
        if level < depth:
            field += step  # a 2x2 pooling reads one step further ...
            step *= 2  # ... and doubles the distance between neighbours
    return field


fields = pd.Series({depth: receptive_field(depth) for depth in range(5)}, name="pixels")
lessons.show_table(fields.rename_axis("poolings").to_frame().T)

# %% [markdown]
# The squares on a heart, the chamber outlined in white: from which depth on does the network
# see the whole chamber, its wall and the right ventricle beside it?

# %%
image, mask = study.train.images[middle[0]], study.train.masks[middle[0], ..., 0]
row, column = np.argwhere(mask).mean(axis=0)
fig, axes = plt.subplots(figsize=(4.6, 4.6))
plotting.show_image(axes, image)
plotting.draw_contours(axes, mask, ("white",))
for colour, (depth, side) in zip(plotting.PALETTE, fields.items(), strict=False):
    corner = (column - side / 2, row - side / 2)
    axes.add_patch(plt.Rectangle(corner, side, side, fill=False, ec=colour, lw=2, label=f"{depth}"))
axes.legend(title="poolings", loc="upper left", bbox_to_anchor=(1, 1))
reporting.save_figure(fig, "03_receptive_field", **study.labels)
plt.show()


# %% [markdown]
# ## Build it once by hand
#
# The encoder turns pixels into features and shrinks the grid; the decoder grows the grid
# back. The unit of both is the same block.

# %%
def block(x, filters):
    for _ in range(2):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
    return x


# %% [markdown]
# A convolution keeps the size and changes the channels; a pooling does the reverse; a
# transposed convolution grows the grid again. Read the three shapes.

# %%
image = keras.Input((128, 128, 1))
features = block(image, 16)
small = keras.layers.MaxPooling2D()(features)
large = keras.layers.Conv2DTranspose(16, 2, strides=2)(small)
print(f"block {features.shape}, pooled {small.shape}, grown again {large.shape}")
assert large.shape == features.shape


# %% [markdown]
# The whole network is this, repeated: twice the filters at each level down, half at each
# level up, and a 1×1 convolution with a sigmoid that turns features into probabilities.

# %%
def encoder_decoder(filters, depth):
    x = image = keras.Input((128, 128, 1))
    for level in range(depth):
        x = keras.layers.MaxPooling2D()(block(x, filters * 2**level))
    x = block(x, filters * 2**depth)  # the bottom: few positions, many features
    for level in reversed(range(depth)):
        x = keras.layers.Conv2DTranspose(filters * 2**level, 2, strides=2)(x)
        x = block(x, filters * 2**level)
    return keras.Model(image, keras.layers.Conv2D(1, 1, activation="sigmoid")(x))


# %% [markdown]
# The library's network must be the same one: same shapes, same number of parameters.

# %%
by_hand = encoder_decoder(filters=16, depth=4)
library = seglib.build_model("encoder_decoder", (128, 128, 1), filters=16, depth=4)
assert by_hand.output_shape == library.output_shape == (None, 128, 128, 1)
assert by_hand.count_params() == library.count_params()
print(f"{library.count_params():,} parameters")

# %% [markdown]
# The library's block, which all its networks repeat; how they put it together is in
# [`seglib.models.networks`](../seglib/models/networks.py).

# %%
import inspect

print(inspect.getsource(layers.conv_block))

# %% [markdown]
# ## What shrinking costs
#
# A thought experiment without any network: shrink the *expert's own mask*, grow it back,
# and score it against itself. If position is stored only on the coarse grid, how good can
# an outline still be?

# %%
outlines = study.validation.masks.astype("float32")
rows = {}
for poolings in range(1, 5):
    size = [side // 2**poolings for side in outlines.shape[1:3]]
    shrunk = [formats.resize_image(mask, size) for mask in outlines]
    coarse = [formats.resize_image(mask, outlines.shape[1:3]) for mask in shrunk]
    table = seglib.score_cases(study.validation, np.uint8(np.array(coarse) >= 0.5))
    rows[poolings] = table[["dice", "hd95"]].mean()
lessons.show_table(pd.DataFrame(rows).T.rename_axis("poolings"))

# %% [markdown]
# The features at the bottom can carry some position in their many channels, so a network
# may do better than this table. But each pooling asks it to, and without help the outline
# is the first thing to suffer.
#
# ## The recipe
#
# Everything a training needs stands in one record, printed here and stored beside the
# weights. Find the loss, the optimiser, the batch size and the number of epochs.

# %%
recipe = seglib.get_recipe("encoder_decoder", PROFILE)
lessons.show_table(pd.Series(vars(recipe), name=recipe.name))

# %% [markdown]
# The optimiser takes the steps. **SGD** with momentum walks down the slope of the loss like
# a rolling ball, with one step length, the [learning rate](../docs/glossary.md#learning-rate), for all weights. **Adam** gives every weight its own
# step length, from the recent size of its gradients; **AdamW** also pulls weights towards
# zero. Adam asks for less tuning; whether it ends better is a question for notebook 06.
#
# The schedule says how long the steps are. Long ones find the valley, short ones its floor.

# %%
steps = recipe.epochs * (len(study.train) // recipe.batch_size)
at = np.unique(np.linspace(0, steps, 200).astype(int))
fig, axes = plt.subplots(figsize=(5.5, 3.2))
for name in ("constant", "cosine", "polynomial"):
    schedule = optimizers.make_schedule(name, recipe.learning_rate, steps)
    rates = [float(schedule(step)) if callable(schedule) else schedule for step in at]
    axes.plot(at, rates, label=name)
axes.set(xlabel="optimiser step", ylabel="learning rate", ylim=(0, None))
axes.legend(loc="lower left")
reporting.save_figure(fig, "03_schedules", **study.labels)
plt.show()

# %% [markdown]
# ## Train
#
# The validation patients are not trained on. The weights of the epoch with the best
# validation Dice are kept. Three of their slices are outlined anew after each epoch, to be looked
# at below.

# %%
shown = study.validation.take(lessons.middle_slices(study.validation)[:3])
watch = seglib.training.WatchPredictions(shown, recipe.preprocessing, every=1)
run = lessons.train_for(study, recipe, callbacks=[watch])
print(f"{run.id}: {run.manifest['parameters']:,} parameters, {run.manifest['seconds']:.0f} s")

# %% [markdown]
# How to read a training:
#
# - both curves still rise: it could have gone on;
# - training rises, validation falls back: **overfitting**, the network learns these patients
#   by heart;
# - both are flat and low: it cannot do better, or it is stuck;
# - validation above training: no error here, for only the training images are augmented, and
#   rotated, bent, noisy hearts are harder.

# %%
fig = plotting.plot_history(run.history)
reporting.save_figure(fig, "03_history", **study.labels, runs=[run.id])
plt.show()

# %% [markdown]
# The same, as a mask that emerges. What does the network find first: the place, the size, or the
# shape? (A run that was trained before, unwatched, has no film.)

# %%
from IPython.display import Image, display

if watch.seen:
    film = plotting.render_training(shown, watch.seen, profile=PROFILE)
    path = reporting.save_animation(
        film, "03_learning", **study.labels, runs=[run.id], fps=2, mp4=False)
    display(Image(path, alt="Outlines of three validation slices, epoch by epoch"))

# %% [markdown]
# ## Score per patient
#
# The slices of one heart phase are pooled into one volume, the two phases of a patient are
# averaged. One row is one patient: how far apart are the rows?

# %%
scored = lessons.score(run, study.validation)
patients = seglib.per_patient(scored.per_case).set_index("patient")
columns = ["pathology", "dice", "jaccard", "precision", "recall", "hd95", "unit"]
lessons.show_table(patients[columns])

# %% [markdown]
# Their mean, and its [bootstrap interval](../docs/glossary.md#bootstrap-interval), *95 % from* and
# *to*: patients are drawn anew with repetition, and averaged, many times. With three patients it only runs from the lowest to the
# highest of them, and is far too narrow for 95 %.

# %%
table = lessons.results_table({"encoder–decoder": run}, {"encoder–decoder": scored})
reporting.save_table(table, "03_encoder_decoder", **study.labels, runs=[run.id])
lessons.show_table(table)

# %% [markdown]
# ## Where resolution is lost
#
# The expert's outline and the prediction's, close up. Look at corners and flat sides: does the
# prediction follow them?

# %%
rows = lessons.middle_slices(study.validation)[:4]
fig = plotting.show_slices(study.validation, rows, prediction=scored.prediction)
reporting.save_figure(fig, "03_outlines", **study.labels, runs=[run.id])
plt.show()

# %% [markdown]
# All slices and both phases, to leaf through: where on the way from base to apex does it go wrong?

# %%
lessons.browse_slices(study.validation, scored.prediction, **study.labels)

# %% [markdown]
# The probabilities show the same before the threshold: a broad grey rim is a network that
# does not know where exactly the border runs. Keep the rim in mind for the next notebook.

# %%
shown = study.validation.take(rows)
probability = seglib.predict(run.model, shown.images, recipe.preprocessing)
fig = plotting.show_probabilities(shown, probability)
reporting.save_figure(fig, "03_probabilities", **study.labels, runs=[run.id])
plt.show()

# %% [markdown]
# And before that? Each level turns the image into channels, coarser on the way down; here is every
# second level, and of each the channels that vary most. Where does the heart stop looking like a
# heart, and where is it one again? (The chequered patterns come from the transposed convolutions.)

# %%
seen = seglib.inference.feature_maps(run.model, shown.images[:1], recipe.preprocessing)
maps = {level: seen[level][0] for level in list(seen)[::2]}
fig = lessons.show_features(recipe.preprocessing.images(shown.images[:1])[0], maps)
reporting.save_figure(fig, "03_features", **study.labels, runs=[run.id])
plt.show()


# %% [markdown]
# ## One prediction, several Dice values
#
# The Dice that Keras averages over batches depends on what shares a batch. Below, the
# *same masks* are scored in batches of growing size, then per case. Nothing else changes.

# %%
def batch_dice(size):
    truth, prediction = study.validation.masks, scored.prediction
    starts = range(0, len(truth), size)
    pooled = [evaluation.overlap_scores(truth[s : s + size], prediction[s : s + size])
              for s in starts]
    return np.nanmean([scores["dice"] for scores in pooled])


values = {f"batches of {size}": batch_dice(size) for size in (2, 4, 8, 16, 64)}
values = {"per slice": batch_dice(1), **values, "per patient": patients["dice"].mean()}
lessons.show_table(pd.Series(values, name="Dice"))

# %% [markdown]
# Small apical slices weigh as much as large ones in the per-slice mean and vanish in a
# pooled one. Only the per-patient value means something outside this computer, so it is the
# one we report. The library's training metric pools the whole epoch, so that at least the
# batch size has no say.
#
# ## All black
#
# The commonest question about such networks: "my loss falls, my accuracy is high, and every
# mask is black". What would an all-black mask score?

# %%
black = np.zeros_like(study.validation.masks)
foreground = seglib.score_cases(study.validation, black)
background = evaluation.overlap_scores(study.validation.masks == 0, black == 0)["dice"]
lessons.show_table(pd.Series({
    "pixel accuracy": np.mean(black == study.validation.masks),
    "Dice with background": (background + foreground["dice"].mean()) / 2,
    "Dice": foreground["dice"].mean(),
    "cases missed": foreground["missed"].sum(),
}, name="all black"))

# %% [markdown]
# The heart is a small part of the image, so a network that finds nothing is nearly always
# right. Accuracy and any mean with the background in it hide that; Dice of the foreground
# and the number of missed cases do not.
#
# ## A published network
#
# The study follows a network that was published for this very task as a "modified spatial
# attention U-Net". We rebuild it exactly; its number of parameters is the check.

# %%
published = seglib.build_model("published_lv", (256, 256, 1), filters=64, depth=5)
assert published.count_params() == 101_019_629
print(f"{published.count_params():,} parameters, "
      f"{published.count_params() / run.manifest['parameters']:.0f} times those of our run")

# %% [markdown]
# Its layers tell how it differs from its name. Does it ever join encoder and decoder? What
# does its attention see? What comes before the sigmoid?

# %%
kinds = [type(layer).__name__ for layer in published.layers]
lessons.show_table(pd.Series({
    "skip connections (Concatenate)": kinds.count("Concatenate"),
    "attention blocks": kinds.count("GlobalAveragePooling2D"),
    "maps with one value a position": sum(
        layer.name.endswith("_map") and len(layer.output.shape) == 4 for layer in published.layers
    ),
    "filters before the sigmoid": published.get_layer("two_filters").output.shape[-1],
}, name="published"))

# %% [markdown]
# - It is an encoder–decoder: a U-Net has skip connections, this has none.
# - Its attention averages all positions away before it weighs anything. It weighs
#   *channels*; notebook 05 sets it beside attention that is spatial.
# - All its features pass through two filters with a ReLU. If both turn negative everywhere,
#   nothing before the head learns any more, and the output is one value everywhere. Only the
#   last bias still moves it: all black with [cross-entropy](../docs/glossary.md#cross-entropy), all white with Dice.
# - It was trained one image at a time, with [batch normalisation](../docs/glossary.md#batch-normalisation): in training each
#   channel is scaled by the mean and the variance of the batch, in prediction by averages kept
#   from the training. What do they describe for a batch of one? The last of
#   the exercises lets you find out.

# %%
seglib.get_recipe("lv_published")

# %% [markdown]
# ## What we saw
#
# - An encoder–decoder is one block, repeated while the grid shrinks and grows again.
# - Poolings buy a wide view and pay with position; the outline shows it.
# - One prediction has as many Dice values as there are ways to pool. Report the patients'.
# - An all-black mask scores well wherever the background counts.
# - A name is no description: build the network, count, look.
#
# ## Limits
#
# One seed and a handful of validation patients, in a short training: the values above are
# for learning. The test patients were not looked at.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/03_encoder_decoder.ipynb):
#
# 1. Which scores hide that every mask is black?
# 2. How far does a network see that has three convolutions in each block?
# 3. Draw a mask for which the per-slice mean is above the pooled value.
# 4. Write Dice by hand, empty masks included.
# 5. How many parameters has a block?
#
# And without, each a training or two:
#
# - Train with `depth=2` and with `depth=5`. Which patients gain, which lose, and why?
# - Replace `optimizer="adamw"` by `"sgd"` and find a learning rate that works.
# - Train with `batch_size=1`, once with `norm="batch"`, once with `norm="group"`. Compare
#   the training curve with the validation curve in both.
#
# [Next: what skip connections add](04_unet.ipynb)
