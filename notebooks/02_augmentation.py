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
# # 02 · Augmentation: more pairs from few patients
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/02_augmentation.ipynb)
#
# [Previous: data preparation](01_data_preparation.ipynb) · [Next: the encoder–decoder](03_encoder_decoder.ipynb)
#
# You will learn
#
# - why augmentation is needed, and which changes a heart allows;
# - five traps of Keras' `ImageDataGenerator`, each seen at work, and the safe way around them;
# - to expand a training set off line, and why that must come *after* the split;
# - to augment on line: a new variant of every pair in every epoch;
# - that validation images are never augmented.
#
# Nothing is trained here: the notebook takes about 10 seconds on 2 CPU cores.

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
from dataclasses import asdict

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import seglib
from seglib import batches, lessons, plotting, reporting
from seglib.lessons import mistakes
from study.questions.ablation import ablation_table

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
row = int(study.train.masks.sum(axis=(1, 2, 3)).argmax())  # a slice with a large blood pool
image = study.train.images[row].astype(np.float32)  # (H, W, 1)
mask = study.train.masks[row]  # (H, W, 1)
print(f"{study.slices.name}: train on {len(study.train)} slices of "
      f"{len(study.train.patients)} patients; shown: {study.train.table['case'][row]}")

# %% [markdown]
# ## Why, and what is allowed?
#
# The training part holds many slices but few hearts, and a network can learn those few by
# heart. [Augmentation](../docs/glossary.md#augmentation) shows it each slice in a new way every time. A change is allowed if
# the new pair could be real, *and* if the mask is still right for it.
#
# | change | allowed here? | because |
# |---|---|---|
# | rotation | yes | the blood pool is nearly round, and how the heart lies in the image varies with patient and scan; whether *any* angle helps is measured below |
# | flips | yes, with thought | a mirrored heart is rare in life, but its blood pool is outlined the same way; **not** when a class means left or right |
# | some magnification | yes | hearts differ in size; so does the field of view |
# | a little bending | yes | hearts differ in shape; strong bending makes walls that no heart has |
# | brightness, contrast, noise | yes, for the image alone | scanners differ |
# | cutting the heart off | no | nothing is left to outline |
#
# A rule of thumb: if you could not draw the mask on the new image, neither can the network.
#
# ## Trap 1: `flow(x, y)` leaves `y` where it was
#
# `ImageDataGenerator` was made for classification, where `y` is a word, not a picture. Keras
# has [deprecated](https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator)
# it, but you will still meet it: two of the five systems that this study takes apart use it, as do many
# older tutorials. We hand it an image and its mask. Where does the outline lie?

# %%
generator = batches.ImageDataGenerator(rotation_range=180, width_shift_range=[0.2])
moved, y = next(generator.flow(image[None], mask[None], seed=SEED + 1))
fig = plotting.show_pairs([(image, mask), (moved[0], y[0])], titles=["original", "flow(x, y)"])
reporting.save_figure(fig, "02_trap_y", **study.labels)
plt.show()

# %%
assert np.array_equal(y[0], mask) and not np.array_equal(moved[0], image)
print("the image moved, the mask did not")

# %% [markdown]
# No error, no warning. The network would train on masks that lie beside the heart.
#
# ## Trap 2: masks that are no longer masks
#
# So people pass the mask through a second generator. By default it interpolates
# linearly, and the edge turns grey. How many pixels are neither 0 nor 1?

# %%
rows = []
for order in (0, 1):
    turning = batches.ImageDataGenerator(rotation_range=180, interpolation_order=order)
    turned = turning.apply_transform(mask.astype(np.float32), {"theta": 30})
    grey = (turned > 0) & (turned < 1)
    rows.append({"interpolation order": order, "different values": len(np.unique(turned)),
                 "grey pixels, % of the mask": 100 * grey.sum() / mask.sum()})
lessons.show_table(pd.DataFrame(rows).set_index("interpolation order"), 2)

# %% [markdown]
# Order 0, the nearest neighbour, invents no value: what comes out is a mask again. The other
# sound way is to interpolate each class as a picture of its own and then cut it at one half;
# its outline is smoother, and with labels of several classes the largest one wins. What is
# wrong is to interpolate the class *numbers* and to keep the grey ones. This study takes order
# 0, because it is exact to state. On our data the choice is not shown to matter: see the step *masks
# by nearest neighbour* in notebook [10](10_why_080_was_not_080.ipynb).
#
# ## Trap 3: two generators that drift apart
#
# Two generators with the same [seed](../docs/glossary.md#seed) draw the same random numbers, until one of them
# needs a number more. Here the first one also shifts intensities, as one would for an
# image. To measure the drift we send the *same* masks through both: Dice should be 1.

# %%
same = batches.ImageDataGenerator(rotation_range=180)
shifting = batches.ImageDataGenerator(rotation_range=180, channel_shift_range=20)
masks = 255.0 * np.repeat(mask[None], 6, axis=0)
a, b = (next(g.flow(masks, batch_size=6, shuffle=False, seed=SEED)) > 128 for g in (same, shifting))
dice = 2 * np.sum(a & b, axis=(1, 2, 3)) / (np.sum(a, axis=(1, 2, 3)) + np.sum(b, axis=(1, 2, 3)))
lessons.show_table(pd.Series(dice, index=[f"pair {i}" for i in range(1, 7)], name="Dice"))

# %% [markdown]
# The first pair of the [batch](../docs/glossary.md#batch) fits, the others do not. Anyone who checks one picture
# believes that all is well. Worker threads break the pairs in the same way.
#
# ## Trap 4: smeared borders, and a seed that is not yours
#
# A turned or shrunken image leaves gaps. What does each `fill_mode` put there? (We take the
# middle of the image, so that tissue reaches its border.)

# %%
change = {"theta": 40, "zx": 1.4, "zy": 1.4}  # degrees; above 1 the picture shrinks
edge = image.shape[0] * 3 // 16
tissue = image[edge:-edge, edge:-edge]
filled = {
    mode: batches.ImageDataGenerator(fill_mode=mode).apply_transform(tissue, change)
    for mode in ("nearest", "constant", "wrap", "reflect")
}
fig = plotting.show_images(list(filled.values()), list(filled))
reporting.save_figure(fig, "02_fill_modes", **study.labels)
plt.show()

# %% [markdown]
# The default, `nearest`, draws streaks that no scanner makes; `constant` leaves black corners;
# `wrap` and `reflect` fill tissue with tissue, but with anatomy that does not belong there,
# repeated or mirrored. Best is not to need any: turn the whole image, then cut the centre out.
#
# Lastly, the generator reseeds NumPy's global random numbers, and so changes whatever
# else in your program relies on them:

# %%
np.random.seed(1)
expected = np.random.random()
np.random.seed(1)
generator.random_transform(image, seed=7)
print(f"the next random number should be {expected:.3f}, and is {np.random.random():.3f}")

# %% [markdown]
# ## Trap 5: width is not width
#
# One bright pixel, a shift of 10 pixels. Which way does it go?

# %%
point = np.zeros((41, 41, 1), np.float32)
point[20, 20] = 1
for name in ("width_shift_range", "height_shift_range"):
    shifting = batches.ImageDataGenerator(**{name: [10]}, fill_mode="constant")
    moved = shifting.random_transform(point, seed=SEED)
    rows, columns = np.argwhere(moved[..., 0] > 0.5)[0] - 20
    print(f"{name}: {rows:+d} rows, {columns:+d} columns")

# %% [markdown]
# The width shifts the rows, and the height the columns: an
# [old](https://github.com/tensorflow/tensorflow/issues/41460)
# [defect](https://github.com/tensorflow/tensorflow/issues/82838). In the figure of trap 1 the heart
# went up or down, though we had asked for the width. With equal ranges nobody notices.
#
# ## The safe way: draw once, apply twice
#
# One transform is drawn for the pair. It is applied to the image with order 1 and to the
# mask with order 0. By hand that is four lines:

# %%
linear = batches.ImageDataGenerator(**batches.PUBLISHED_RANGES, interpolation_order=1)
nearest = batches.ImageDataGenerator(**batches.PUBLISHED_RANGES, interpolation_order=0)
transform = linear.get_random_transform(image.shape, seed=SEED)
by_hand = (linear.apply_transform(image, transform),
           nearest.apply_transform(mask.astype(np.float32), transform))
print({name: value for name, value in transform.items() if value})

# %% [markdown]
# `PairTransformer` does just that, leaves NumPy's global state alone, keeps intensity changes
# away from the mask, and shifts the axis that a range is named after. Do both agree?

# %%
library = batches.PairTransformer(**batches.PUBLISHED_RANGES).apply(image, mask, seed=SEED)
assert all(np.array_equal(ours, theirs) for ours, theirs in zip(by_hand, library, strict=True))
batches.PUBLISHED_RANGES

# %% [markdown]
# The method in full; its neighbours are in [`seglib.batches`](../seglib/batches).

# %%
import inspect

print(inspect.getsource(batches.PairTransformer.apply))

# %% [markdown]
# These are the ranges of the project that this study reproduces: any rotation, both flips.
# Six variants of one pair; every mask must fit its image and be binary.

# %%
transformer = batches.PairTransformer(**batches.PUBLISHED_RANGES)
variants = [transformer.apply(image, mask, seed) for seed in range(6)]
assert all(set(np.unique(m)) <= {0, 1} for _, m in variants)
fig = plotting.show_pairs([(image, mask), *variants])
reporting.save_figure(fig, "02_pairs", **study.labels)
plt.show()

# %% [markdown]
# `PairedGenerator` makes batches of such pairs for `keras.Model.fit`. A batch depends on
# seed, [epoch](../docs/glossary.md#epoch) and number alone, so threads cannot mix it up.

# %%
preprocessing = seglib.get_recipe("unet", PROFILE).preprocessing
epoch = batches.PairedGenerator(study.train, preprocessing, batch_size=8, seed=SEED)
images, masks = epoch[0]
print(f"{len(epoch)} batches; images {images.shape} {images.dtype}, "
      f"masks {masks.shape} with the values {np.unique(masks).tolist()}")

# %% [markdown]
# ## Off line: a larger data set, made once
#
# The original project turned its 805 pairs into 3500 and stored them. We grow the training
# part, and only that, by the same factor.

# %%
total = round(len(study.train) * 3500 / 805)
grown = batches.expand_offline(study.train, total, seed=SEED)
assert set(np.unique(grown.masks)) == {0, 1}
print(f"{len(study.train)} -> {len(grown)} pairs, {grown.images.nbytes / 2**20:.0f} MiB of images")
lessons.show_table(grown.table["variant"].value_counts().sort_index().rename("pairs"))

# %% [markdown]
# The number of patients has not changed. Variants are no new hearts.
#
# ## The order matters: expand, then split?
#
# The original project expanded *first* and then split all pairs at random: a fifth for
# testing, a fifth of the rest for validation. What share of its test pairs has a sibling,
# made from the same slice, on the other side? The names of the slices are enough to count.

# %%
source = study.slices.table["source"].to_numpy()
total = round(len(source) * 3500 / 805)
varied = np.random.default_rng(SEED).choice(source, total - len(source))  # drawn at random
everything = np.concatenate([source, varied])
others, test = mistakes.random_slice_split(total, seed=SEED)
shared = np.isin(everything[test], everything[others])
print(f"expand, then split: {shared.mean():.1%} of {len(test)} test pairs have a sibling "
      "in training or validation")

# %%
grown_sources, test_sources = set(grown.table["source"]), set(study.test.table["source"])
print(f"split, then expand: {len(grown_sources & test_sources)} of {len(test_sources)} test slices "
      "have a sibling in training")

# %% [markdown]
# Such a test asks the network about images that it has seen, only turned. Its score says
# little about new patients.
#
# ## On line: a new variant every time
#
# Stored variants are seen again in every epoch. On line, each pair is drawn anew whenever
# it is needed, at no cost in memory. `Augmentation` holds the ranges and also bends,
# scales and adds noise. Each change alone, strong enough to be seen:

# %%
alone = {
    "rotation": seglib.Augmentation(rotation=180),
    "scale": seglib.Augmentation(scale=(1.3, 1.3)),
    "elastic": seglib.Augmentation(elastic=6),
    "gamma": seglib.Augmentation(gamma=(2.0, 2.0)),
    "noise": seglib.Augmentation(noise=0.08),
}
rng = np.random.default_rng(SEED)
size = preprocessing.target_size(*image.shape[:2])
pairs = {name: change.apply(image, mask, rng, size) for name, change in alone.items()}

# %%
original = seglib.Augmentation().apply(image, mask, rng, size)  # no change but the crop
fig = plotting.show_pairs([original, *pairs.values()], titles=["original", *pairs])
reporting.save_figure(fig, "02_online_each", **study.labels)
plt.show()

# %% [markdown]
# Turn, bend and crop are composed into one step, so the image is interpolated once, and
# what turns into the crop is the image around it instead of a filled corner. Gamma and
# noise must not touch the mask:

# %%
for name in ("gamma", "noise"):
    assert np.array_equal(pairs[name][1], original[1])
print({name: np.unique(m).tolist() for name, (_, m) in pairs.items()})

# %% [markdown]
# The study's recipes use all of these, more gently. Could you still draw every mask?

# %%
recipe = seglib.get_recipe("unet", PROFILE)
lessons.show_table(pd.Series(asdict(recipe.augmentation), name="range"))

# %%
variants = [recipe.augmentation.apply(image, mask, rng, size) for _ in range(6)]
assert all(set(np.unique(m)) <= {0, 1} for _, m in variants)
fig = plotting.show_pairs([original, *variants])
reporting.save_figure(fig, "02_online_all", **study.labels)
plt.show()

# %% [markdown]
# ## Does it help?
#
# This cannot be seen in a notebook of one minute: it takes trainings with and without each
# change. The study has them, five folds of the 15 training patients ([report](../reports/README.md)).
# Which of them are shown to help or to hurt (a [p-value](../docs/glossary.md#p-value) below 0.05)?

# %%
stored = ablation_table()
shown = stored["variant"].str.contains("augmentation|rotation|affine") | stored["p_holm"].isna()
lessons.show_table(stored.loc[shown, ["dice", "difference", "p_holm"]])


# %% [markdown]
# *Difference* is against the first row; [*p (Holm)*](../docs/glossary.md#holms-correction) is
# explained in notebook [06](06_comparison.ipynb). Without augmentation the network does worse. But more is not
# better: rotation by *any* angle does worse than rotation by up to 30 degrees, although every
# such pair could be real. Hearts lie much alike in these images, and a network that sees them so
# can use it.

# %% [markdown]
# ## Validation is never augmented
#
# `SliceSequence` makes the batches: with an augmentation for training, without one for
# validation. Does the first batch change from one epoch to the next?

# %%
def changes_between_epochs(sequence):
    first = sequence[0][0].copy()
    sequence.on_epoch_end()
    return not np.array_equal(first, sequence[0][0])


changing = {"augmentation": recipe.augmentation, "shuffle": True, "seed": SEED}
fit = batches.SliceSequence(study.train, preprocessing, 8, **changing)
watch = batches.SliceSequence(study.validation, preprocessing, 8)
print("training changes:", changes_between_epochs(fit),
      "| validation changes:", changes_between_epochs(watch))

# %% [markdown]
# Augmented validation images would make the validation score jump for no reason, and
# compare epochs on different pictures. Yet training must be repeatable. Same seed,
# same epoch, same batch, in whatever order the batches are asked for?

# %%
first, again = (batches.SliceSequence(study.train, preprocessing, 8, **changing) for _ in range(2))
last = len(first) - 1
expected, found = first[last], [again[i] for i in range(last, -1, -1)][0]
assert all(np.array_equal(x, y) for x, y in zip(expected, found, strict=True))
print(f"batch {last}: asked for last or first, the same {len(found[0])} pairs")

# %% [markdown]
# ## What we saw
#
# - A change is allowed if the new pair could be real and its mask is still right.
# - `ImageDataGenerator` does not move `y`, greys masks, drifts between two generators,
#   smears borders, reseeds NumPy and shifts along the wrong axis; none of it raises an error.
# - Draw one transform for each pair; apply it with order 1 to the image, order 0 to the mask.
# - Split first, by patient; expand only the training part.
# - On line, every epoch sees new variants; validation and test images stay as they are.
#
# ## Limits
#
# The trainings that say what helps have one seed each, and 15 patients. No variant replaces a new
# patient.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/02_augmentation.ipynb):
#
# 1. If the right ventricle were a second class, would you still flip?
# 2. In trap 3, which other arguments make the two generators drift, and which do not?
# 3. What share of a test has siblings in training, if one expands first and splits then?
# 4. Turn and mirror image and mask alike, with one draw.
# 5. Find siblings where the table has lost its `source` column.
#
# And without: raise `elastic` until you could no longer draw the mask. Where is your limit?
#
# [Next: the encoder–decoder](03_encoder_decoder.ipynb)
