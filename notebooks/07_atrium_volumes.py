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
# # 07 · Atrium volumes: from slices to space
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/07_atrium_volumes.ipynb)
#
# [Previous: the comparison](06_comparison.ipynb) · [Next: brain tissue](08_brain_tissue.ipynb)
#
# You will learn
#
# - what a NIfTI volume knows that a picture does not: axes, millimetres, a place in the body;
# - to find one scan under two names, and what two labels of it say about any score;
# - to bend, turn and light a slice without parting it from its mask;
# - to train the recipes of two published systems and a corrected one at equal budget, to
#   watch the outline find the organ, and to write the masks back where the scanner put them.
#
# In the `quick` profile this notebook trains three networks: about 3 minutes on 2 CPU cores.

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
DATASET = os.environ.get("SEGLIB_DATASET", "auto")  # auto, msd_heart or phantom
SEED = int(os.environ.get("SEGLIB_SEED", "0"))

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import nibabel
import numpy as np
import pandas as pd

import seglib
from seglib import files, lessons, phantoms, plotting, preprocessing, reporting, splits, training
from seglib.datasets import msd_heart
from seglib.formats import nifti
from study.organ_tables import networks_table
from study.questions.atrium import ORGAN
from study.results import stored_figure

lessons.describe_environment()

# %% [markdown]
# ## A volume knows where it is
#
# The left atrium receives the blood that comes back from the lungs. The Medical Segmentation
# Decathlon has it outlined in 20 volumes (Task02_Heart, CC-BY-SA 4.0), which
# `python -m seglib fetch msd_heart` downloads; where they are not on this computer, simulated
# volumes in the same layout stand in.

# %%
folder = phantoms.find_or_simulate("msd_heart", DATASET)
slices = msd_heart.load(folder)
print(f"{slices.name}: {len(slices.patients)} subjects, {len(slices)} slices of "
      f"{slices.images.shape[1]}x{slices.images.shape[2]} pixels")

# %% [markdown]
# One file is one scan. Besides its voxels it holds an *affine*: a matrix from voxel numbers to
# millimetres in the body.

# %%
subject = slices.patients[0]
path = next(Path(folder).rglob(f"imagesTr/{subject}.nii.gz"))
volume = nibabel.load(path)
voxel = " × ".join(f"{side:g}" for side in volume.header.get_zooms())
print("shape", volume.shape, " voxel", voxel, "mm")
print("axes run to", nibabel.aff2axcodes(volume.affine))
volume.affine.round(2)

# %% [markdown]
# Which point is voxel (10, 20, 30)? By hand, then by the library that reads the file:

# %%
voxel = np.array([10, 20, 30, 1])
millimetres = (volume.affine @ voxel)[:3]
assert np.allclose(millimetres, nibabel.affines.apply_affine(volume.affine, voxel[:3]))
print("right, front, head:", millimetres.round(1), "mm")

# %% [markdown]
# The same scan may be stored with its axes in another order or direction. A program that
# takes the array as it comes then sees the heart lying on its side. We store a copy the other
# way round: does the library still cut the same slices?

# %%
import tempfile

scratch = Path(tempfile.mkdtemp())
turned = volume.as_reoriented(nibabel.orientations.ornt_transform(
    nibabel.io_orientation(volume.affine), nibabel.orientations.axcodes2ornt("SPL")))
nibabel.save(turned, scratch / "turned.nii.gz")
(as_stored, grid), (as_turned, _) = map(nifti.read_slices, (path, scratch / "turned.nii.gz"))
print(volume.shape, "->", turned.shape, " same slices:", np.array_equal(as_stored, as_turned))
assert np.array_equal(as_stored, as_turned)

# %% [markdown]
# The whole function that turns a volume before it is cut; its helpers are in
# [`seglib.formats.nifti`](../seglib/formats/nifti.py) and `nifti_grid.py` beside it:

# %%
import inspect

print(inspect.getsource(nifti.read_slices))

# %% [markdown]
# Now look at the volume along its three axes, through the middle of the atrium, each plane as wide
# and high as it is in the body: a voxel's sides in millimetres, not pixels, give the picture its
# shape. The letters are what the *header* says of the edges: I and S are feet and head, A and P
# chest and back, R and L the patient's right and left. Look for the spine, the chest, the head's
# end. Does the header tell the truth?

# %%
of_subject = slices.of_patients([subject])
masks = of_subject.masks[..., 0]
z, y, x = (int(np.median(where)) for where in np.nonzero(masks))
fig = plotting.show_planes(of_subject, (z, y, x), letters="ISAPRL")
reporting.save_figure(fig, "07_planes", dataset=slices.name, profile=PROFILE)
plt.show()

# %% [markdown]
# The first picture is a sagittal slice: chest on the left, spine on the right, head up, where the
# letters say right, left and chest. **The headers of this data set do not fit its pictures** (nor
# do the phantom's, which copy it). A header is a claim like any other; open one volume before you
# trust it.
#
# ## Volumes of an organ
#
# How large is an atrium? Voxels are counted, then multiplied by the size of one.

# %%
table = slices.table.assign(inside=slices.masks.sum(axis=(1, 2, 3)))
subjects = table.groupby("patient").agg(slices=("slice", "size"), inside=("inside", "sum"))
subjects["slices with atrium"] = table[table["inside"] > 0].groupby("patient").size()
size = table.groupby("patient").first().eval("spacing * spacing * slice_spacing / 1000")
subjects["volume (ml)"] = subjects.pop("inside") * size
lessons.show_table(subjects, 1)

# %% [markdown]
# ## One heart, two names
#
# Before the split: are these all different hearts? The [leak](../docs/glossary.md#leak) check
# compares the pictures of every two subjects, whatever they are called.

# %%
found = splits.find_leaks({name: slices.of_patients([name]) for name in slices.patients})
pairs = found.groupby(["part_a", "part_b"]).size().rename("pictures that look alike")
lessons.show_table(pairs.sort_values(ascending=False).head())

# %% [markdown]
# One pair shares all its pictures: the same scan, listed twice, with two different labels.
# Are the voxels the same, and how far apart are the labels, in [Dice](../docs/glossary.md#dice)?

# %%
first, second = pairs.idxmax()
a, b = slices.of_patients([first]), slices.of_patients([second])
both = np.sum((a.masks > 0) & (b.masks > 0))
between = 2 * both / (a.masks.sum() + b.masks.sum())
print(f"{first} and {second}: equal voxels {np.array_equal(a.images, b.images)}, "
      f"Dice between their labels {between:.3f}")

# %% [markdown]
# Where do the two labels differ? Solid is one, dashed the other.

# %%
disagree = np.sum(a.masks != b.masks, axis=(1, 2, 3))
rows = sorted(np.argsort(disagree)[-6:])
fig = plotting.show_slices(a, rows, prediction=b.masks, columns=3)
fig.legends[0].texts[0].set_text("first label")
fig.legends[0].texts[1].set_text("second label")
reporting.save_figure(fig, "07_two_labels", dataset=slices.name, profile=PROFILE)
plt.show()

# %% [markdown]
# Two lessons. If one of them trains and the other is tested, the test knows the answer: they
# must stay on one side, and the column `group` of the table keeps them there. And a network
# that agrees perfectly with one label would score no more than the Dice above against the
# other. One pair is little to go by, but it is a direct look at how far labels differ.

# %%
split = splits.fold_split(slices)
study = lessons.study_of(slices, split, PROFILE, SEED)
together = [set(pairs.idxmax()) <= set(part)
            for part in (split.train, split.validation, split.test)]
assert sum(together) == 1
print(f"train {len(study.split.train)}, validate {len(study.split.validation)}, "
      f"test {len(study.split.test)} subjects; the pair stays together")

# %% [markdown]
# ## Normalise a volume, not a slice
#
# Systems 2 and 3 are two of [five published ones](../reports/README.md#the-five-systems) that this
# study takes up. System 3 [normalises](../docs/glossary.md#normalisation) a whole volume to mean 0
# and standard deviation 1 ([z-score](../docs/glossary.md#z-score)), then to the range 0 to 1
# (min–max). What does the first step add to the second?

# %%
stack = of_subject.images.astype(np.float32)
z_score = (stack - stack.mean()) / stack.std()
two_steps = (z_score - z_score.min()) / np.ptp(z_score)
assert np.allclose(two_steps, preprocessing.normalise_volume(of_subject.images), atol=1e-5)
print("largest difference of z-score then min-max from min-max alone:",
      f"{np.abs(two_steps - preprocessing.normalise_volume(of_subject.images)).max():.1e}")

# %% [markdown]
# Nothing: both are straight lines with a positive slope. But *what* is normalised matters.
# Below, the z-score of the blood inside the atrium, slice by slice. With which of the two
# does equally bright blood keep its number?

# %%
inside = masks.sum(axis=(1, 2)) > 0
mean, deviation = (f(axis=(1, 2, 3), keepdims=True) for f in (stack.mean, stack.std))
fig, axes = plt.subplots(figsize=(7, 2.8))
for name, stretched in (("whole volume", z_score), ("each slice", (stack - mean) / deviation)):
    means = [image[mask > 0].mean() for image, mask in
             zip(stretched[inside, ..., 0], masks[inside], strict=True)]
    axes.plot(np.flatnonzero(inside), means, "o-", markersize=3, label=f"z-score of {name}")
axes.set(xlabel="slice", ylabel="mean z-score in the atrium", ylim=(0, None))
axes.legend()
reporting.save_figure(fig, "07_brightness", dataset=slices.name, profile=PROFILE)
plt.show()

# %% [markdown]
# ## Augment
#
# One change at a time, each at the far end of its range
# ([augmentation](../docs/glossary.md#augmentation)). The outline is the mask, moved with the
# picture by the nearest neighbour. Which of these could be another patient?

# %%
gallery = {
    "rotation ±45°": seglib.Augmentation(rotation=45),
    "scale 0.85–1.15": seglib.Augmentation(scale=(0.85, 0.85)),
    "elastic": seglib.Augmentation(elastic=12.0),
    "brightness": seglib.Augmentation(brightness=0.4),
    "contrast": seglib.Augmentation(contrast=0.6),
    "gamma": seglib.Augmentation(gamma=(2.2, 2.2)),
}

# %%
middle = of_subject.images[z].astype(np.float32), of_subject.masks[z]
variants = [augment.apply(*middle, np.random.default_rng(SEED + 4)) for augment in gallery.values()]
shown_images, shown_masks = zip(middle, *variants, strict=True)
fig = plotting.show_images(
    shown_images, ["original", *gallery], masks=shown_masks,
    window=plotting.heart_window(np.stack(shown_masks), margin=40),
    levels=(0, 1.3 * np.percentile(middle[0], 99)),
)
reporting.save_figure(fig, "07_augmentation", dataset=slices.name, profile=PROFILE)
plt.show()
print("values in the masks:", sorted({int(v) for _, mask in variants for v in np.unique(mask)}))

# %% [markdown]
# Elastic deformation (Simard et al. 2003) moves a few control points at random and bends all
# between them smoothly. Brightness and contrast are what system 3 named as future work; all
# pictures above are drawn on one grey scale, or a brighter one would look the same.
#
# ## Train: two published recipes and a corrected one
#
# System 2 trains with [cross-entropy](../docs/glossary.md#cross-entropy) (BCE), system 3 with Dice,
# a rate of 1e-4 and no [batch normalisation](../docs/glossary.md#batch-normalisation) (system 2's
# rate, [batch](../docs/glossary.md#batch) and [epochs](../docs/glossary.md#epoch) were not
# published; ours are a guess). The study's recipe sums both [losses](../docs/glossary.md#loss), and
# turns by 15 degrees where they turn by 45: no patient lies so. What else differs?

# %%
crop = seglib.Preprocessing(size=min(128, slices.images.shape[1]))
as_it_is = seglib.Preprocessing(size=crop.size, normalisation="none")  # volumes come normalised
recipes = {
    "system 2, BCE": seglib.get_recipe("atrium_published_bce", PROFILE, preprocessing=crop),
    "system 3, Dice": seglib.get_recipe("atrium_published_dice", PROFILE, preprocessing=as_it_is),
    "corrected, Dice + BCE": seglib.get_recipe("atrium", PROFILE, preprocessing=crop),
}
fields = ["architecture", "norm", "loss", "optimizer", "learning_rate", "schedule", "epochs"]
plans = {name: {f: getattr(r, f) for f in fields} for name, r in recipes.items()}
lessons.show_table(pd.DataFrame(plans).T)

# %% [markdown]
# Neighbouring slices look alike. To save time we train on some of them, and score all.

# %%
STEP = {"smoke": 8, "quick": 3, "full": 1}[PROFILE]


def thin(part):
    return part.take((part.table["slice"] % STEP == 0).to_numpy())


plain = {"train": study.train, "validation": study.validation}
whole = {name: preprocessing.normalise_volumes(part) for name, part in plain.items()}
print(f"{len(thin(study.train))} of {len(study.train)} training slices")

# %% [markdown]
# A loss curve does not show *what* is learnt. `WatchPredictions` looks at four slices of a
# validation subject while the network trains; TensorBoard's callback writes the curves for a
# browser (`tensorboard --logdir` and the folder, or `%tensorboard` in a notebook).

# %%
candidate = study.validation.take(study.validation.masks.any(axis=(1, 2, 3)))
shown = candidate.take(np.linspace(0, len(candidate) - 1, 6).astype(int)[1:-1])
watch = training.WatchPredictions(shown, crop, every=4)
curves = training.tensorboard(files.results_dir() / "tensorboard" / "07")
runs, scored = {}, {}
for name, recipe in recipes.items():
    parts = whole if recipe.preprocessing.normalisation == "none" else plain
    callbacks = [watch, curves] if name.startswith("corrected") else []
    runs[name] = seglib.train(recipe, thin(parts["train"]), thin(parts["validation"]), seed=SEED,
                       callbacks=callbacks)
    scored[name] = lessons.score(runs[name], parts["validation"])

# %% [markdown]
# Each row is a later epoch. Where is the outline right first, and where last?

# %%
fig = lessons.show_training(shown, watch.seen)
reporting.save_figure(fig, "07_training", **study.labels, runs=[runs["corrected, Dice + BCE"].id])
plt.show()

# %% [markdown]
# A curve at zero is a network that answers black everywhere. With so little foreground, black
# is where cross-entropy alone rests first; a few epochs may not be enough to leave it.

# %%
ids = [run.id for run in runs.values()]
fig = plotting.plot_history({name: run.history for name, run in runs.items()}, metrics=["dice"])
reporting.save_figure(fig, "07_history", **study.labels, runs=ids)
plt.show()

# %% [markdown]
# ## Score the volume
#
# All slices of a subject are one volume, the empty ones too: an atrium drawn where there is none
# costs. Distances ([HD95](../docs/glossary.md#hd95)) run through space, in millimetres. These are
# validation subjects. Where a curve above stays at zero, the kept weights are those of epoch 1.

# %%
results = lessons.results_table(runs, scored)
reporting.save_table(results, "07_validation", **study.labels, runs=ids)
columns = ["dice", "low", "high", "jaccard", "hd95", "unit", "precision", "recall"]
lessons.show_table(results[columns])

# %% [markdown]
# System 3 reported a Dice of 0.96. Its code compared the prediction **with itself**, once soft
# and once hard; its validation Dice was 0.59 (its own logs). The prediction of our copy,
# scored both ways:

# %%
published = scored["system 3, Dice"]
soft = seglib.predict_set(runs["system 3, Dice"].model, published.slices, as_it_is)
hard = published.prediction
itself = 2 * np.sum(soft * hard) / (np.sum(soft) + np.sum(hard))
print(f"against itself {itself:.3f}, against the experts {published.per_case['dice'].mean():.3f}")

# %% [markdown]
# Any network that is sure of itself scores high against itself. Which of the three do we take
# on? The one with the best validation Dice, chosen now, before the test. If the double scan
# (`first` and `second` above) is in the test, its two rows are one heart, as the column `group` says.

# %%
chosen = results["dice"].idxmax()
parts = preprocessing.normalised_for(runs[chosen].recipe.preprocessing, study.test)
test = lessons.score(runs[chosen], parts)
shown_columns = ["case", "group", "dice", "jaccard", "hd95", "assd", "surface_dice", "unit"]
reporting.save_table(test.per_case, "07_test", **study.labels, runs=[runs[chosen].id])
print("chosen:", chosen)
lessons.show_table(test.per_case[shown_columns])

# %% [markdown]
# Best, median and worst *heart*: of the two labels of one scan the first stands for both. Only slices
# that hold atrium are shown.

# %%
fig = plotting.cases_best_median_worst(study.test, test.prediction, test.per_case, columns=6)
reporting.save_figure(fig, "07_cases", **study.labels, runs=[runs[chosen].id])
plt.show()

# %% [markdown]
# ## Slice after slice
#
# A film shows what six slices cannot: does the outline move smoothly, or does it flicker? A
# network of slices knows nothing of its neighbours.

# %%
from IPython.display import Image

case = test.per_case.sort_values("dice").iloc[len(test.per_case) // 2]["case"]
rows = np.flatnonzero(study.test.table["case"] == case)
seen = rows[(study.test.masks[rows] | test.prediction[rows]).any(axis=(1, 2, 3))]
film = plotting.render_slices(
    study.test.take(seen), test.prediction[seen], profile=PROFILE, step=2, dpi=70
)
saved = reporting.save_animation(film, "07_slices", **study.labels, runs=[runs[chosen].id])
Image(data=saved.read_bytes(), alt="The atrium slice by slice, expert and prediction outlined")

# %% [markdown]
# ## Back to the scanner's grid
#
# A mask is of use when another program can lay it over the scan. So it goes back into a NIfTI
# file with the shape, affine and orientation of the one it came from.

# %%
scan = next(Path(folder).rglob(f"imagesTr/{case}.nii.gz"))
target = scratch / f"{case}_mask.nii.gz"
nifti.write_mask(target, test.prediction[rows][..., 0], like=scan)
before, after = nibabel.load(scan), nibabel.load(target)
print("shape", before.shape, after.shape, " axes", nibabel.aff2axcodes(after.affine),
      " same affine:", np.array_equal(before.affine, after.affine))
assert before.shape == after.shape and np.array_equal(before.affine, after.affine)

# %%
again, _ = nifti.read_mask(target, num_classes=2)
assert np.array_equal(again, test.prediction[rows][..., 0])
voxel = float(np.prod(after.header.get_zooms())) / 1000
print(f"atrium of {case}: {again.sum() * voxel:.1f} ml predicted, "
      f"{study.test.masks[rows].sum() * voxel:.1f} ml by the expert")

# %% [markdown]
# ## All folds
#
# One fold and two or three subjects say little. So the study trained every recipe on five
# [folds](../docs/glossary.md#cross-validation), each subject tested once by networks that never saw
# it. That takes hours on two cores, even with an eighth of the filters and slices of half the side;
# the runs are stored with the repository, and here they are only read.
#
# The loss is there by itself now, all else equal. So are what system 3 left as future work:
# attention gates, and a U-Net whose convolutions are three-dimensional. It sees 64 slices at once,
# and predicts a volume with a window that slides over it. Before you look: which of these should
# help, and by how much, if two labels of one heart differ as they do?

# %%
folds = networks_table(ORGAN)
shown = ["dice", "hd95", "unit", "difference", "low", "high", "p_holm", "p_smallest", "verdict"]
lessons.show_table(folds[[*shown, "patients", "seeds"]])

# %% [markdown]
# The [report](../reports/README.md) draws the same table:

# %%
stored_figure("atrium_networks", "Mean Dice of each recipe, with its interval over subjects")

# %% [markdown]
# *Difference* is what a recipe has over the corrected U-Net, subject by subject;
# [*p (Holm)*](../docs/glossary.md#holms-correction) and *verdict* as in notebook 06. With 12 subjects
# and one [seed](../docs/glossary.md#seed) only large differences can be shown: *smallest p* is what
# the test reaches if all subjects lean to one side. Equality takes still more subjects, so most rows
# say neither. The last network of the 2-D ones and of the 3-D ones trained longer than the rest, so
# compare each with the one it was made from.

# %% [markdown]
# ## What we saw
#
# - A volume carries its own geometry. Turn it before cutting it, write the mask back onto the
#   same voxels, and still open one picture: a header can be wrong.
# - One scan stood in the data twice. The pictures gave it away, not the names. The distance
#   between its two labels is what one expert's choice is worth; a score above it is possible,
#   but says how well one labeller was imitated.
# - z-score then min–max is min–max. What matters is whether a slice or the volume is normalised.
# - The recipes differ in several things at once; the table says which is shown to be better,
#   not why.
# - A prediction compared with itself always does well.
#
# ## Limits
#
# One fold, one seed and few subjects: with two or three of them the interval in the table only
# runs from the lowest to the highest, and is far too narrow for 95 %. The networks see single
# slices; all folds, above, say what the third dimension brings. nnU-Net's networks, which reach
# more, are many times as large and were trained on 20 subjects.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/07_atrium_volumes.ipynb):
#
# 1. Which networks score high against themselves?
# 2. Where in the body is a voxel?
# 3. One heart is tested twice, with two labels: what scores a network that draws one exactly?
# 4. Keep the largest piece of a *volume*; here, see which scores change, and why HD95 most.
# 5. Turn a volume, whichever way it was stored.
#
# To try here, with a training each:
#
# - Train the corrected recipe with `architecture="attention_unet"`. Does it beat the U-Net on
#   every validation subject?
# - Put one of the two labels of the double scan into training and the other into the test, with
#   the leak check left out (build
#   `seglib.lessons.Study(PROFILE, SEED, slices, split, **split.apply(slices))` yourself). What
#   Dice does it reach, beside the two labels' own agreement?
#
# [Next: brain tissue](08_brain_tissue.ipynb)
