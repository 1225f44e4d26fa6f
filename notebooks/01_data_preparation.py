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
# # 01 · Data preparation: from scanner to network
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/01_data_preparation.ipynb)
#
# [Next: augmentation](02_augmentation.ipynb)
#
# You will learn
#
# - what a DICOM frame, a contour file and a mask are, and how one becomes the other;
# - what the mask outlines: the left-ventricular blood pool (endocardium), and what that leaves out;
# - to find a patient whose labels are wrong before a network learns from them;
# - to resize, normalise and crop an image and its mask without spoiling either;
# - why data are split by patient, and how a split that leaks is caught.
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
import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pydicom
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from PIL import Image

import seglib
from seglib import formats, lessons, plotting, preprocessing, reporting, splits
from seglib.datasets import sunnybrook
from seglib.lessons import mistakes

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
slices = study.slices
print(f"{slices.name}: {len(slices)} slices of {len(slices.patients)} patients, "
      f"images {slices.images.shape[1:]} {slices.images.dtype}")

# %% [markdown]
# ## What is a DICOM frame?
#
# A scanner writes one file per picture. The file holds the pixels and a *header*: who,
# when, with which machine, and where in the body. We look at one frame of one patient.
# (Where the original files are absent, a simulated frame in the same form takes their
# place, and says so.)

# %%
example = lessons.find_example(seglib.files.results_dir() / "dicom_example")
frame = pydicom.dcmread(example.dicom)
pixels = frame.pixel_array
print(f"{example.dicom.name}: {pixels.shape} {pixels.dtype}, {pixels.min()} to {pixels.max()}")

# %% [markdown]
# Most of the header is for the archive. These fields matter to us. Which of them would
# you need to turn a number of pixels into millilitres?

# %%
meaning = {
    "InstanceNumber": "running number: position, then phase",
    "PixelSpacing": "side of a pixel: between rows, between columns (mm)",
    "SliceThickness": "how thick a slice is (mm)",
    "SpacingBetweenSlices": "from the middle of a slice to the next (mm)",
    "SliceLocation": "where the slice lies along the heart (mm)",
    "ImagePositionPatient": "the first pixel's place in the scanner: x, y, z (mm)",
    "TriggerTime": "time since the heartbeat began (ms)",
}
fields = [(name, str(frame.get(name, "absent")), text) for name, text in meaning.items()]
lessons.show_table(pd.DataFrame(fields, columns=["field", "value", "meaning"]))

# %% [markdown]
# ## From 16 to 8 bits
#
# Our data set is a copy of such frames as PNG files. Each was stretched by its *own*
# smallest and largest value to 0–255. Let us do the same and compare.

# %%


def to_8_bit(values):
    return np.rint(255 * (values - values.min()) / np.ptp(values))


difference = np.abs(to_8_bit(pixels.astype(float)) - example.image)
print(f"largest difference from the PNG: {difference.max():.0f} grey value(s)")
assert np.array_equal(to_8_bit(pixels * 2.0 + 100), to_8_bit(pixels * 1.0))

# %% [markdown]
# The last line is the price: a frame twice as bright gives the same PNG. The same tissue
# has another grey in every slice, so no fixed threshold can find the blood. A network
# has to learn from shape and contrast, and we [normalise](../docs/glossary.md#normalisation) each image by itself.
#
# ## From contour to mask
#
# The expert drew a line. It is stored as text: one point a line, x (column) then y (row),
# in pixels.

# %%
contour = formats.read_contour(example.endocardium)
print(example.endocardium.name, "\n".join(["", *example.endocardium.read_text().split("\n")[:3]]))
print(f"... {len(contour)} points")

# %% [markdown]
# Filled, the line becomes a mask. Does it equal the PNG mask of the data set?

# %%
mask = formats.fill_contour(contour, pixels.shape, example.endocardium)
outer = formats.read_contour(example.epicardium)
heart = formats.fill_contour(outer, pixels.shape, example.epicardium)
assert np.array_equal(mask, example.mask)
print(f"equal to the PNG mask: all {mask.sum()} pixels of the blood pool")

# %% [markdown]
# This is the whole function that fills a contour; what reads and writes files stands beside it, in
# [`seglib.formats`](../seglib/formats).

# %%
import inspect

print(inspect.getsource(formats.fill_contour))

# %% [markdown]
# It does, pixel for pixel. One detail hides in it: coordinates are cut to whole pixels
# before they are filled, which moves the outline a little up and to the left.
#
# ## Endocardium or epicardium?
#
# Two lines are drawn on a left ventricle. The inner one, the *endocardium*, bounds the
# blood pool. The outer one, the *epicardium*, bounds the muscle around it. Which dark spots
# lie inside the inner line?

# %%
fig, grid = plt.subplots(1, 3, figsize=(7.6, 3))
areas = ListedColormap([plotting.PREDICTION, plotting.TRUTH])
window = plotting.heart_window(heart)
for axes, title in zip(grid, ("frame", "expert contours", "blood pool and wall"), strict=True):
    plotting.show_image(axes, pixels, window, title)
grid[1].plot(*contour.T, color=plotting.TRUTH, label="endocardium")
grid[1].plot(*outer.T, color=plotting.PREDICTION, label="epicardium")
grid[1].legend(loc="lower left", fontsize=7, labelcolor="white", facecolor="black", frameon=True)
grid[2].imshow(np.ma.masked_equal(mask + heart, 0), cmap=areas, alpha=0.6, vmin=1, vmax=2)
handles = [Patch(color=areas(i), alpha=0.6, label=name) for i, name in enumerate(("wall", "blood"))]
grid[2].legend(handles=handles, loc="lower left", fontsize=7, labelcolor="white", facecolor="black",
               frameon=True)
reporting.save_figure(fig, "01_contours", dataset=example.name, profile=PROFILE)
plt.show()

# %% [markdown]
# The spots are papillary muscles. The experts left them inside: **our masks are the blood
# pool with its papillary muscles, not the heart muscle**. That is a common
# convention for volumes and ejection fractions. The mass of the muscle needs both lines:

# %%
wall_mm2 = (int(heart.sum()) - int(mask.sum())) * float(frame.PixelSpacing[0]) ** 2
millilitres = wall_mm2 * float(frame.SpacingBetweenSlices) / 1000
print(f"muscle of this slice: {millilitres:.1f} ml, {1.05 * millilitres:.1f} g at 1.05 g/ml")

# %% [markdown]
# A mask of the blood pool alone can never give that number, however good the network.
#
# ## Patients, slices, phases
#
# A patient is a stack of parallel slices from base to apex, each at two moments:
# end-diastole (ED, the heart full) and end-systole (ES, the heart at its smallest). How
# many independent hearts do we have, compared with the number of images?

# %%
table = slices.table.groupby("pathology").agg(
    patients=("patient", "nunique"), slices=("source", "size")
)
table["slices per patient and phase"] = table["slices"] / table["patients"] / 2
reporting.save_table(table, "01_patients", **study.labels)
lessons.show_table(table)

# %% [markdown]
# HF-I is heart failure with an infarct, HF-NI without; HYP is hypertrophy, a thickened
# wall; N is normal. Below is one heart. Follow a column to see it contract, and a row to
# see it taper.

# %%
fig = plotting.show_phases(slices, slices.patients[0])
reporting.save_figure(fig, "01_phases", **study.labels)
plt.show()

# %% [markdown]
# All of them, to leaf through. Choose three patients: who has the thickest wall, and in which slice
# would you be unsure where the blood pool ends?

# %%
lessons.browse_slices(slices, **study.labels)

# %% [markdown]
# Neighbouring slices and the two phases look alike. They are not independent examples:
# remember this when we split.
#
# ## How large is a mask?

# %%
share = pd.Series(100 * slices.masks.mean(axis=(1, 2, 3)), name="share")
fig, axes = plt.subplots(figsize=(7, 3))
bins = np.arange(0, share.max() + 0.25, 0.25)
for (phase, values), style in zip(share.groupby(slices.table["phase"]), ("-", "--"), strict=True):
    label = f"{phase} ({len(values)} slices)"
    axes.hist(values, bins=bins, histtype="step", lw=2, ls=style, label=label)
axes.set(xlabel="blood pool, % of the image", ylabel="slices")
axes.legend()
reporting.save_figure(fig, "01_mask_sizes", **study.labels)
plt.show()

# %% [markdown]
# Nearly all of the image is background. What does a network score that has learnt
# nothing, and answers black everywhere?

# %%
black = np.zeros_like(slices.masks)
print(f"median blood pool {share.median():.1f} % of the image, smallest {share.min():.2f} %")
print(f"all black: accuracy {np.mean(black == slices.masks):.3f}")

# %% [markdown]
# Accuracy lies when one class fills the image. This is also why a [loss](../docs/glossary.md#loss) that adds up pixels may
# settle for black.
#
# ## How is a mask scored?
#
# By how much of two masks is the same, without counting the background. As a prediction we take
# the expert's mask, moved by a few pixels. Three areas come of it: *both*, *missed* and *extra*.

# %%
row = int(slices.masks.sum(axis=(1, 2, 3)).argmax())
truth = slices.masks[row, ..., 0]
drawn = np.roll(truth, (5, 8), axis=(0, 1))
handles = plotting.agreement_handles()
agreed, missing, superfluous = (handle.get_facecolor() for handle in handles)
colours = ListedColormap([missing, superfluous, agreed])

# %%
fig, grid = plotting.new_figure(1, 2, width=3.2, height=3)
window = plotting.heart_window(np.stack([truth, drawn]))
for axes, title in zip(grid[0], ("areas", "outlines"), strict=True):
    plotting.show_image(axes, slices.images[row], window, title)
grid[0, 0].imshow(np.ma.masked_equal(truth + 2 * drawn, 0), cmap=colours, alpha=0.7)
for area, colour in ((truth, plotting.TRUTH), (drawn, plotting.PREDICTION)):
    plotting.draw_contours(grid[0, 1], area, [colour])
plotting.legend_below(fig, handles, columns=3)
reporting.save_figure(fig, "01_scores", **study.labels)
plt.show()

# %% [markdown]
# Four scores compare these areas. [Dice](../docs/glossary.md#dice) is the one that this field reports;
# [Jaccard](../docs/glossary.md#jaccard), also called IoU, says the same on another scale.
# [Precision](../docs/glossary.md#precision) falls with what is extra, [recall](../docs/glossary.md#recall)
# with what is missed.

# %%
both, missed, extra = np.sum(truth & drawn), np.sum(truth > drawn), np.sum(drawn > truth)
by_hand = {
    "dice": 2 * both / (2 * both + missed + extra),
    "jaccard": both / (both + missed + extra),
    "precision": both / (both + extra),
    "recall": both / (both + missed),
}
library = seglib.evaluation.overlap_scores(truth, drawn)
assert all(np.isclose(library[name], value) for name, value in by_hand.items())
lessons.show_table(pd.Series(by_hand, name="score"))

# %% [markdown]
# Overlap says little about shape: a large heart with one spike scores as a smooth one. So
# distances between the outlines stand beside it, from each pixel of one to the nearest of the
# other. [HD95](../docs/glossary.md#hd95) is a distance that 95 % of them stay below,
# [ASSD](../docs/glossary.md#assd) their mean, and [surface Dice](../docs/glossary.md#surface-dice)
# the share that is within a tolerance. Here all are in pixels.

# %%
found = seglib.evaluation.surface_distances(truth, drawn)
two_ways = (found.from_truth, found.from_prediction)
every = np.concatenate(two_ways)
lessons.show_table(pd.Series({
    "HD95": max(np.percentile(way, 95) for way in two_ways),
    "ASSD": every.mean(),
    "surface Dice, tolerance 1": np.mean(every <= 1),
}, name="score"))


# %% [markdown]
# These words come back in every notebook. The [glossary](../docs/glossary.md) has them on one page,
# with their formulas.
#
# ## Wrong labels
#
# Before training we ask whether the masks fit their images. Blood is bright here and the
# muscle around it dark, so inside minus a thin ring outside should be clearly positive.

# %%
def contrast(image, mask):
    wide = cv2.dilate(mask[..., 0], np.ones((3, 3), np.uint8), iterations=3)
    inside, ring = image[mask > 0], image[(wide[..., None] - mask) > 0]
    return (inside.mean() - ring.mean()) / image[wide > 0].std()


real = slices.name == "Sunnybrook"
everyone = sunnybrook.load(exclude_wrong=False) if real else slices
values = [contrast(i, m) for i, m in zip(everyone.images, everyone.masks, strict=True)]
per_patient = pd.Series(values).groupby(everyone.table["patient"]).median().sort_values()
lessons.show_table(per_patient.head().rename("contrast of the mask"), 2)

# %%
fig, axes = plt.subplots(figsize=(7, 2.6))
axes.plot(np.arange(len(per_patient)), per_patient, "o", markersize=4)
axes.annotate(per_patient.index[0], (0, per_patient.iloc[0]), (6, 4), textcoords="offset points")
axes.set(xlabel="patients, sorted", ylabel="contrast of the mask", ylim=(0, 1.1 * per_patient.max()))
reporting.save_figure(fig, "01_mask_contrast", **study.labels)
plt.show()

# %% [markdown]
# Does one patient stand apart from all others? A number only raises the suspicion, the
# eye decides. Above the patient with the least contrast, below one from the middle.

# %%
suspect, typical = per_patient.index[0], per_patient.index[len(per_patient) // 2]
diastole = everyone.table[everyone.table["phase"] == "ED"]
rows = [*diastole.index[diastole["patient"] == suspect][1:5],
        *diastole.index[diastole["patient"] == typical][1:5]]
fig = plotting.show_slices(everyone, rows)
reporting.save_figure(fig, "01_wrong_labels", **study.labels)
plt.show()

# %%
for patient, reason in sunnybrook.WRONG_LABELS.items():
    print(f"left out of Sunnybrook: {patient}: {reason}" if real else
          f"the phantom's masks are right by construction; Sunnybrook loses {patient}: {reason}")

# %% [markdown]
# We leave such a patient out of training *and* scoring, say so, and count patients without
# it. To leave out hard patients because a network fails on them would be another thing:
# the reason must lie in the labels, and be found without looking at any prediction.
#
# ## Resize: a mask is not an image
#
# An image may be smoothed when it is resized. A mask holds class numbers; there is
# nothing between 0 and 1. How many different values does each filter leave?

# %%
index = int(share.idxmax())
binary = Image.fromarray(255 * slices.masks[index, ..., 0])
side = binary.width * 3 // 4
filters = {name: Image.Resampling[name] for name in ("NEAREST", "BILINEAR", "BICUBIC")}
resized = {name: np.asarray(binary.resize((side, side), f)) for name, f in filters.items()}
found = {name: len(np.unique(m)) for name, m in resized.items()}
lessons.show_table(pd.Series(found, name="values"))

# %%
fig = plotting.show_images(
    list(resized.values()), list(resized),
    window=plotting.heart_window(resized["BICUBIC"], margin=2),
)
reporting.save_figure(fig, "01_resized_masks", **study.labels)
plt.show()

# %% [markdown]
# Bicubic is what Pillow takes when you do not choose. So we choose: bilinear for the image,
# nearest for the mask. Thresholding the grey values afterwards also gives two values, but
# where the edge falls then depends on the filter, and with three classes a blend of 0 and
# 2 would read as class 1.

# %%
small_image = formats.resize_image(slices.images[index], (side, side))
small_mask = formats.resize_mask(slices.masks[index], (side, side))
print(f"image {small_image.shape}: {len(np.unique(small_image))} values; "
      f"mask {small_mask.shape}: values {np.unique(small_mask).tolist()}")

# %% [markdown]
# ## Normalise
#
# Three usual ways to bring intensities to a common scale. Which of them are unmoved when
# the same image comes in darker? (Here: every pixel at half its value.)

# %%
image = slices.images[index : index + 1].astype(np.float32)
rows = []
for name, normalise in preprocessing.NORMALISATIONS.items():
    out, darker = normalise(image), normalise(image / 2)
    rows.append({"way": name, "min": out.min(), "mean": out.mean(), "max": out.max(),
                 "sd": out.std(), "change when darker": np.abs(out - darker).max()})
lessons.show_table(pd.DataFrame(rows).set_index("way"))

# %% [markdown]
# Dividing by 255 is a change of unit, no more. The [z-score](../docs/glossary.md#z-score) and min–max look at the image
# itself; a single bright pixel moves min–max a lot, the z-score little. The study's
# recipes use the z-score, over the part that the network sees.
#
# ## Crop, and back again
#
# The heart lies near the centre of a short-axis image. A central crop spares the network
# most of the chest. It must be undone exactly, because we score on the original grid.

# %%
size = slices.images.shape[1] // 2
crop = seglib.Preprocessing(size=size, normalisation="z-score", multiple=16)
cropped = crop.masks(slices.masks)
restored = crop.restore(cropped, slices.masks.shape[1:3])
lost = (slices.masks != restored).sum(axis=(1, 2, 3))
print(f"crop to {size}x{size}: {np.mean(lost > 0):.1%} of the slices lose mask pixels, "
      f"{lost.sum() / slices.masks.sum():.2%} of all mask pixels are lost")
assert np.array_equal(crop.masks(restored), cropped)

# %%
network_input = crop.images(slices.images[index : index + 1])
fig = plotting.show_images(
    [slices.images[index], network_input[0]], ["as stored", "what the network sees"],
    masks=[slices.masks[index], cropped[index]],
)
reporting.save_figure(fig, "01_crop", **study.labels)
plt.show()

# %% [markdown]
# What a crop cuts off, no network can find again. That is why the share above is
# counted, and why the lost pixels count as missed when we score.
#
# ## The leak
#
# Now the split. The usual recipe, and that of the project this study reproduces: shuffle
# all slices, keep a fifth for testing. Our check refuses it, because test slices [leak](../docs/glossary.md#leak) into
# training. Read why:

# %%
train_rows, test_rows = mistakes.random_slice_split(len(slices), seed=SEED)
by_slice = {"train": slices.take(train_rows), "test": slices.take(test_rows)}
try:
    seglib.check_no_leaks(by_slice)
except seglib.errors.LeakError as error:
    print(error)

# %% [markdown]
# A near-duplicate is a pair of pictures that look alike, whatever they are called. Here
# are some: above a training image, below its twin in the test part.

# %%
alike = splits.find_leaks(by_slice).query("kind == 'near-duplicate'").drop_duplicates("item_a")
pairs = alike.iloc[:: max(len(alike) // 4, 1)].head(4)
named = slices.table["case"] + " slice " + slices.table["slice"].astype(str)
rows = [named[named == item].index[0] for item in [*pairs["item_a"], *pairs["item_b"]]]
fig = plotting.show_slices(slices, rows, zoom=False, columns=len(pairs))
reporting.save_figure(fig, "01_near_duplicates", **study.labels)
plt.show()

# %% [markdown]
# A network that remembers the upper row needs to understand nothing to score well on the
# lower one. The cure is to split by patient: all slices and both phases of a heart stay
# on one side.

# %%
by_patient = {"train": study.train, "validation": study.validation, "test": study.test}
table = pd.DataFrame({
    name: splits.find_leaks(parts)["kind"].value_counts()
    for name, parts in (("by slice", by_slice), ("by patient", by_patient))
}, index=["patient", "source", "near-duplicate"]).fillna(0).astype(int)
reporting.save_table(table.rename_axis("leak"), "01_leaks", **study.labels)
lessons.show_table(table)

# %% [markdown]
# `open_study` at the top ran this check already; notebooks 01 to 06, 10 and 12 start so, with
# this split.

# %%
lessons.show_table(pd.DataFrame({
    part: {"patients": len(p.patients), "slices": len(p)} for part, p in by_patient.items()
}).T)

# %% [markdown]
# Networks train on `train`, every choice is made on `validation`, and `test` is looked at once
# in each run of notebook 06. Strictly, a test set is used up after the first look. The
# study itself has used these patients four times, and no choice was made on them: for the
# committed model, for notebook 06, in the five [folds](../docs/glossary.md#cross-validation), and for the recipe that the ablation kept
# ([report](../reports/README.md)).
#
# ## What we saw
#
# - A mask is a filled contour; ours is the left-ventricular blood pool (endocardium), papillary
#   muscles included. It gives volumes, not the mass of the muscle.
# - The PNG copies lost the scanner's intensities and the pixel spacing, so we normalise
#   each image by itself and give distances in pixels where millimetres are unknown.
# - The blood pool is a small share of the image: accuracy says nothing, Dice does.
# - A simple number per patient can point at labels that are wrong.
# - Images are resized with a smoothing filter, masks with the nearest neighbour.
# - Slices of one heart are near-duplicates: split by patient, or the test is no test.
#
# ## Limits
#
# The contrast check finds masks that lie beside the heart; one that is a few pixels too
# wide would pass. There is one contour for each slice, so we cannot say here how far two
# experts differ.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/01_data_preparation.ipynb):
#
# 1. Which normalisations does a darker image leave as they were?
# 2. How many millilitres are six outlined slices?
# 3. From which shift on does the contrast check notice a mask that lies beside its heart?
# 4. Which is the smallest crop that loses no mask pixel, and whose heart decides it?
# 5. What share of a test leaks, for any split?
#
# [Next: augmentation](02_augmentation.ipynb)
