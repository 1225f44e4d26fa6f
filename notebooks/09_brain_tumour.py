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
# # 09 · Brain tumour: when most slices are empty
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/09_brain_tumour.ipynb)
#
# [Previous: brain tissue](08_brain_tissue.ipynb) ·
# [Next: why 0.80 was not 0.80](10_why_080_was_not_080.ipynb)
#
# You will learn
#
# - what empty slices do to a score, and why the rule for them belongs beside every score;
# - to weigh a loss by the masks, by hand, and what that weight does to a prediction;
# - to compare three losses and two networks fairly: each from scratch, with equal budget;
# - to count patients, slices and lesions, beside the overlap that everybody reports.
#
# In the `quick` profile this notebook trains six networks: about 5 minutes on 2 CPU cores.

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
DATASET = os.environ.get("SEGLIB_DATASET", "auto")  # auto, lgg or phantom
SEED = int(os.environ.get("SEGLIB_SEED", "0"))

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import seglib
from seglib import batches, evaluation, lessons, phantoms, plotting, reporting, splits
from seglib.datasets import lgg
from seglib.lessons import mistakes
from seglib.phantoms import tumour
from study.organ_tables import networks_table
from study.questions.tumour import ORGAN, REFERENCES, SCALED, empty_slices_table

lessons.describe_environment()

# %% [markdown]
# ## Three pictures of one brain
#
# The data are MR slices of patients with a glioma of lower grade (LGG), with the tumour outlined by
# an expert. Patients are split before anything else happens: one
# [fold](../docs/glossary.md#cross-validation) tests, the next one validates, the others train. If a
# slice stood on two sides, the next cell would stop.

# %%
slices = lgg.load(phantoms.find_or_simulate("lgg", DATASET))
study = lessons.study_of(slices, splits.fold_split(slices), PROFILE, SEED)
rows = {}
for name in ("train", "validation", "test"):
    part = getattr(study, name)
    shown = part.masks.any(axis=(1, 2, 3))
    rows[name] = {"patients": len(part.patients), "slices": len(part),
                  "with tumour": shown.sum(), "empty (%)": round(100 * (~shown).mean())}
lessons.show_table(pd.DataFrame(rows).T.astype(int).rename_axis(slices.name))

# %% [markdown]
# **About the pictures here.** The licence of the LGG images is unclear, so no picture of a patient
# may leave this notebook. Numbers and curves are of the set named above; every *picture* is of
# simulated heads, drawn anew with another [seed](../docs/glossary.md#seed), so that nothing here
# has trained on them. To look at patients on your own screen, see the end of this notebook.
#
# The files lie in one folder a patient, named after institution, number and date. The loader
# numbers the patients, so that no result names one; `source` keeps the file's name.

# %%
pictures = tumour.make(patients=4, seed=1)
drawn = {"dataset": pictures.name, "profile": PROFILE}
columns = ["source", "patient", "slice", "institution", "missing"]
lessons.show_table(pictures.table.loc[[0, 1, 60, 61], columns].reset_index(drop=True))

# %% [markdown]
# An image has three channels, and they are no colours: before contrast agent, FLAIR, and after
# contrast agent. On which does the tumour stand out? Which other bright things could a network
# take for one? And what is odd about the last row?

# %%
areas = pd.Series(pictures.masks.sum(axis=(1, 2, 3)))
largest = areas.groupby(pictures.table["patient"]).idxmax().to_numpy()
chosen = largest[[0, 2, 3]]
planes = [pictures.images[row][..., c] for row in chosen for c in range(3)]
fig = plotting.show_images(planes, 3 * lgg.SEQUENCES, columns=3,
                           masks=[pictures.masks[row] for row in chosen for _ in range(3)])
reporting.save_figure(fig, "09_sequences", **drawn)
plt.show()

# %% [markdown]
# Where a sequence was not recorded, the makers of the data put FLAIR in its place. Nothing in
# the file says so; only the pixels do. How many patients of the study does that concern?

# %%
first = slices.table.drop_duplicates("patient")
lessons.show_table(first["missing"].replace("", "none").value_counts().rename("patients"))

# %% [markdown]
# ## Two thirds of nothing
#
# One row a patient, one cell a slice. Tumours sit in one piece of the stack; the rest is empty.

# %%
fig = plotting.plot_presence(study.train)
reporting.save_figure(fig, "09_presence", **study.labels)
plt.show()

# %% [markdown]
# [Dice](../docs/glossary.md#dice) of an empty mask with an empty mask is 0 / 0, so somebody has to
# decide what it is. Three rules are in use. *Pooled*: all pixels of a patient together, our rule.
# *Left out*: the mean of the slices, without pairs that are both empty. *One*: the same mean, but
# such a pair counts as perfect. We try them on three "networks" that need no training: one that
# never draws anything, the expert, and the expert with **one** wrong pixel in each empty slice.

# %%
black = np.zeros_like(slices.masks)
stray = slices.masks.copy()
stray[~stray.any(axis=(1, 2, 3)), 0, 0] = 1
answers = {"all black": black, "expert": slices.masks, "expert, stray pixels": stray}
rules = pd.DataFrame({
    name: evaluation.dice_by_empty_rule(slices, answer).mean() for name, answer in answers.items()
}).T
reporting.save_table(rules, "09_rules", **study.labels)
lessons.show_table(rules)

# %% [markdown]
# Read the columns. Which rule praises the network that never draws? Under which do single
# pixels ruin a nearly perfect answer? A score without its rule cannot be compared with
# anything. Pooling by patient is hardly moved by either, which is why it leads here; but then
# false alarms in empty slices must be *counted*, or nobody sees them.
#
# All three rules in one function; the rest is in [`seglib.evaluation`](../seglib/evaluation):

# %%
print(inspect.getsource(evaluation.count_by_empty_rule))

# %% [markdown]
# ## A rotation of 0.2
#
# System 5, one of the [five published ones](../reports/README.md#the-five-systems) that this
# study takes up, augments with Keras' `ImageDataGenerator` and `rotation_range=0.2`. Its shifts
# and zoom of 0.05 are shares; so, perhaps, someone thought of radians. The unit is degrees. How
# far does each range move a pixel, at most?

# %%
farthest = mistakes.farthest_moves(batches.TUMOUR_RANGES, side=256, draws=20)
moves = farthest.to_frame("pixels, at most")
in_radians = {"rotation_range": np.rad2deg(0.2)}
moves.loc["rotation_range, if it were radians"] = mistakes.farthest_moves(in_radians, draws=20).max()
lessons.show_table(moves.rename_axis("range"), 1)

# %% [markdown]
# Rotation and shear, both in degrees, move less than a pixel: the network never sees a turned
# head. Compare what it was given with what our own recipe gives.

# %%
recipe = seglib.get_recipe("tumour")
image, mask = lgg.flair(pictures).images[largest[0]], pictures.masks[largest[0]]
turned = batches.PairTransformer(rotation_range=batches.TUMOUR_RANGES["rotation_range"])
rng = np.random.default_rng(SEED)
pairs = [(image, mask), *(turned.apply(image, mask, seed) for seed in (1, 2))]
pairs += [recipe.augmentation.apply(image, mask, rng) for _ in range(3)]
titles = ["original", *2 * ["published rotation"], *3 * ["our recipe"]]
shown_images, shown_masks = zip(*pairs, strict=True)
fig = plotting.show_images(shown_images, titles, masks=shown_masks, columns=3)
reporting.save_figure(fig, "09_augmentation", **drawn)
plt.show()

# %% [markdown]
# ## The weight in a weighted loss
#
# Even in a slice with a tumour most pixels are background, and
# [cross-entropy](../docs/glossary.md#cross-entropy) (CE) sums over pixels.
# System 5 weighs the tumour's pixels up, by its share of the training masks. By hand:

# %%
share = study.train.masks.mean()
weight = (1 - share) / share
assert np.isclose(weight, batches.foreground_weight(study.train))
print(f"share of tumour pixels {100 * share:.2f} %, so each of them weighs {weight:.0f}")

# %% [markdown]
# What does a weight in a [loss](../docs/glossary.md#loss) do? Take a network that knows nothing
# about a pixel and must always give the same probability. Which one costs it least?

# %%
guess = np.linspace(0.0005, 0.9995, 2000)
for name, w in (("plain", 1), ("weighted", weight)):
    cost = -w * share * np.log(guess) - (1 - share) * np.log(1 - guess)
    print(f"{name:>8}: {guess[cost.argmin()]:.3f}")

# %% [markdown]
# Plain cross-entropy answers with the truth about how rare tumours are, and cut at one half
# that is an all-black mask. With the weight the network sits on the fence, and whatever is a
# little suspicious is called tumour. Keep this in mind when you read
# [precision](../docs/glossary.md#precision) and [recall](../docs/glossary.md#recall).
#
# ### What the Dice loss says about an empty slice
#
# The Dice loss needs no weight, for it counts no background. But two thirds of the slices hold
# nothing else. Let a network's probability fall, everywhere on an empty slice. When does each
# loss notice that it does better?

# %%
nothing = np.zeros((1, 256, 256, 1), np.float32)
levels = (0.5, 0.1, 1e-2, 1e-3, 1e-4, 1e-6)
lessons.show_table(pd.DataFrame({
    name: [float(seglib.make_loss(loss)(nothing, np.full_like(nothing, p))) for p in levels]
    for name, loss in (("Dice", "dice"), ("cross-entropy", "bce"), ("sum", "dice+bce"))
}, index=pd.Index(levels, name="probability")))

# %% [markdown]
# The Dice loss stays at its worst until almost nothing is left, and where a loss is flat it
# teaches nothing. Remember this table when you read the curves below.
#
# ## Drawing slices more often
#
# A weight changes what a pixel costs. One can also change which slices are *seen*. With balanced
# sampling half of what an [epoch](../docs/glossary.md#epoch) draws holds tumour, and the empty
# slices take turns.

# %%
shown = study.train.masks.any(axis=(1, 2, 3))
epochs = [batches.balanced_rows(shown, 0.5, np.random.default_rng(epoch)) for epoch in range(10)]
seen = {n: np.unique(np.concatenate(epochs[:n])) for n in (1, 5, 10)}
lessons.show_table(pd.DataFrame({
    f"{n} epochs": {"with tumour (%)": 100 * shown[np.concatenate(epochs[:n])].mean(),
                    "empty slices seen (%)": 100 * (~shown[rows]).sum() / (~shown).sum()}
    for n, rows in seen.items()
}), 0)

# %% [markdown]
# ## Six trainings, one budget
#
# System 5 found attention better than Dice, and Dice better than weighted cross-entropy. But its
# second training went on from the weights of the first ([notebook 14](14_ways_to_be_wrong.ipynb)
# shows what that can do). Here every network starts from scratch and sees as many slices as any
# other.
#
# The budget is a number of slices seen, so that few patients are passed over more often.

# %%
side = {"smoke": 64, "quick": 96, "full": 256}[PROFILE]
epochs = {"smoke": 1, "quick": max(2, round(2700 / len(study.train))), "full": 25}[PROFILE]
budget = {"epochs": epochs, "preprocessing": seglib.Preprocessing(size=side, resize=side)}
print(f"{epochs} epochs of {len(study.train)} slices, {side}x{side} pixels")

# %% [markdown]
# The first network is system 5's attention U-Net with its own loss, optimiser and
# [augmentation](../docs/glossary.md#augmentation), only slimmer, and with its rate and
# [batch](../docs/glossary.md#batch) scaled to that: a narrower network takes a higher rate. The
# others share one recipe and differ in what their names say.

# %%
plain = {**budget, "foreground_share": None}
system5 = {**budget, "preprocessing": seglib.Preprocessing(side, "255", resize=side),
           **({} if PROFILE == "full" else SCALED)}
recipes = {
    "system 5": seglib.get_recipe("tumour_published_attention", PROFILE, name="tumour_system5",
                           **system5),
    "Dice": seglib.get_recipe("tumour", PROFILE, name="tumour_dice", loss="dice", **plain),
    "Dice + CE": seglib.get_recipe("tumour", PROFILE, name="tumour_dice_ce", **plain),
}

# %% [markdown]
# Three more: the weighted loss; and, both with the sum of the two losses, attention gates in
# place of plain skips, and balanced sampling.

# %%
recipes["weighted CE"] = seglib.get_recipe(
    "tumour", PROFILE, name="tumour_ce", loss="weighted_bce:balanced", **plain
)
recipes["attention U-Net"] = seglib.get_recipe(
    "tumour", PROFILE, name="tumour_attention", architecture="attention_unet", **plain
)
recipes["balanced"] = seglib.get_recipe("tumour", PROFILE, name="tumour_balanced", **budget)
fields = ["architecture", "filters", "loss", "learning_rate", "batch_size", "epochs"]
fields += ["foreground_share"]
plans = {name: {f: getattr(recipe, f) for f in fields} for name, recipe in recipes.items()}
lessons.show_table(pd.DataFrame(plans).T)

# %%
runs = {name: lessons.train_for(study, recipe) for name, recipe in recipes.items()}

# %% [markdown]
# One panel a network: solid is training, dashed the validation patients, all their pixels pooled;
# the validation curves of the others stand behind in grey. Which loss is quickest? Which curves are
# still rising when the budget ends?

# %%
fig = plotting.plot_history({name: run.history for name, run in runs.items()}, metrics=["dice"])
reporting.save_figure(fig, "09_history", **study.labels, runs=[r.id for r in runs.values()])
plt.show()

# %% [markdown]
# The networks work on small images, but masks come back on the grid of the files before
# anything is scored. These are validation patients; look at precision and recall of the
# weighted loss.

# %%
scored = {name: lessons.score(run, study.validation) for name, run in runs.items()}
assert all(s.prediction.shape == study.validation.masks.shape for s in scored.values())
table = lessons.results_table(runs, scored)
reporting.save_table(table, "09_networks", **study.labels, runs=[r.id for r in runs.values()])
lessons.show_table(table[["dice", "low", "high", "precision", "recall", "missed", "minutes"]])

# %% [markdown]
# And what does each of them do where there is nothing? *False alarms* are pieces of the
# prediction that touch no tumour; the two shares are of empty slices and of tumour slices.

# %%
detection = {name: evaluation.summarise_lesions(evaluation.lesion_detection(s.slices, s.prediction))
             for name, s in scored.items()}
detection = pd.DataFrame(detection).T.rename_axis("network")
reporting.save_table(detection, "09_detection", **study.labels, runs=[r.id for r in runs.values()])
columns = ["sensitivity", "false_alarms_per_case", "false_positive_slice_share"]
lessons.show_table(detection[[*columns, "missed_slice_share"]], 2)

# %% [markdown]
# A handful of patients and one seed show no order: the smallest [p-value](../docs/glossary.md#p-value) that so few can give,
# 2 / 2ⁿ for n patients (notebook 06), lies near or above 0.05 before any adjustment. So read this
# as a description. Did the order of the published claim come back?
#
# ## The honest score
#
# We choose on the validation patients and look at the test patients once.

# %%
best = table["dice"].idxmax()
final = lessons.score(runs[best], study.test)
dice = seglib.per_patient(final.per_case).set_index("patient")["dice"]
cited = {**study.labels, "runs": [runs[best].id]}
print(f"chosen: {best}; {len(dice)} test patients, "
      f"Dice mean {dice.mean():.3f}, median {dice.median():.3f}")

# %% [markdown]
# Every rule side by side, patient by patient. Which patient's score depends most on the rule?

# %%
by_rule = evaluation.dice_by_empty_rule(final.slices, final.prediction)
by_rule.loc["mean"], by_rule.loc["median"] = by_rule.mean(), by_rule.median()
reporting.save_table(by_rule, "09_by_rule", **cited)
lessons.show_table(by_rule)

# %% [markdown]
# Beside the published scores. System 5 counted in yet another way: IoU (another name of
# [Jaccard](../docs/glossary.md#jaccard)), of probabilities instead of masks, pooled over each batch
# of 32 slices of all patients. We count our network like that, too, in shuffled batches: same
# prediction, other count. And once more with the mask in the place of the probabilities. Which
# change costs most?

# %%
soft = seglib.predict_set(runs[best].model, study.test, runs[best].recipe.preprocessing)
order = np.random.default_rng(SEED).permutation(len(soft))


def iou_by_batch(answer):
    values = []
    for rows in np.array_split(order, range(32, len(order), 32)):
        both = (answer[rows] * study.test.masks[rows]).sum()
        either = answer[rows].sum() + study.test.masks[rows].sum() - both
        values += [both / either] if either else []  # a batch without tumour in either has no IoU
    return np.mean(values)


# %%
by_batch = {"soft": iou_by_batch(soft), "of masks": iou_by_batch(final.prediction.astype(float))}
iou = seglib.per_patient(final.per_case)["jaccard"].mean()
print(f"IoU by batch, soft {by_batch['soft']:.3f}, of masks {by_batch['of masks']:.3f}; "
      f"IoU by patient {iou:.3f}, Dice by patient {dice.mean():.3f}")

# %% [markdown]
# The denominator of a soft IoU adds up *all* probabilities. Where do they lie? The tumour is a small
# share of the pixels, so a background that is only nearly 0 can outweigh it. Which of the four lines
# does a threshold remove?

# %%
truth = study.test.masks > 0
shown = np.broadcast_to(truth.any(axis=(1, 2, 3), keepdims=True), truth.shape)
parts = {"inside the tumour": truth, "outside, drawn as tumour": ~truth & (soft >= 0.5),
         "outside, below 0.5, slices with tumour": ~truth & (soft < 0.5) & shown,
         "outside, below 0.5, empty slices": ~truth & (soft < 0.5) & ~shown}
flood = pd.DataFrame({name: {"pixels (%)": 100 * part.mean(), "mean probability": soft[part].mean(),
                             "of the sum of p (%)": 100 * soft[part].sum(dtype=float) / soft.sum()}
                      for name, part in parts.items()}).T
reporting.save_table(flood, "09_flood", **cited)
lessons.show_table(flood)

# %% [markdown]
# So a soft IoU far below the IoU of the masks says how *sure* the network is about the background, not
# how well it draws. A network that trained longer, or with another loss, is surer there: the distance
# to the published soft IoU mixes both, and cannot be read as worse masks.

# %%
published = [
    ("Buda et al. 2019, 110 patients", "Dice by patient", 0.836, 0.873),
    ("two experts (SD 0.02)", "Dice by patient", 0.84, None),
    ("system 5, attention U-Net", "soft IoU by batch", 0.600, None),
    ("system 5, Dice loss", "soft IoU by batch", 0.516, None),
    ("system 5, weighted cross-entropy", "soft IoU by batch", 0.341, None),
    (f"here: {best}, {study.slices.name}", "Dice by patient", dice.mean(), dice.median()),
    (f"here: {best}, {study.slices.name}", "IoU of masks by batch", by_batch["of masks"], None),
    (f"here: {best}, {study.slices.name}", "soft IoU by batch", by_batch["soft"], None),
]
beside = pd.DataFrame(published, columns=["source", "counted as", "mean", "median"])
reporting.save_table(beside, "09_published", **cited)
lessons.show_table(beside)

# %%
fig = plotting.box_plot_per_patient(
    {name: seglib.per_patient(s.per_case) for name, s in scored.items()},
    references=REFERENCES if study.slices.name == "LGG" else (),
)
reporting.save_figure(fig, "09_patients", **study.labels, runs=[r.id for r in runs.values()])
plt.show()

# %% [markdown]
# These are the validation patients again, each a point; they are too few for a box. Is there one
# that most networks fail on? A few such patients pull a mean down; that is why Buda et al. give the
# median as well, and why it is the higher one.
#
# ### Where are the false alarms?
#
# Orange: the network sees something where the expert drew nothing. Does it happen next to the
# tumour, where outlines are a matter of opinion, or far from it?

# %%
fig = plotting.plot_presence(final.slices, prediction=final.prediction)
reporting.save_figure(fig, "09_false_alarms", **cited)
plt.show()

# %% [markdown]
# ### Lesion by lesion
#
# A Dice of 0.8 does not tell whether a second, small tumour was overlooked. So pieces are
# counted: is a lesion found if one voxel of it is predicted, or only if half of it is?

# %%
found = {overlap: evaluation.lesion_detection(final.slices, final.prediction, overlap)
         for overlap in (0.0, 0.5)}
reporting.save_table(found[0.5], "09_lesions", **cited)
by_overlap = {f"more than {overlap:g} of it": evaluation.summarise_lesions(table)
              for overlap, table in found.items()}
lessons.show_table(pd.DataFrame(by_overlap).T, 2)

# %% [markdown]
# ### Along the head
#
# The area from slice to slice, for the best, the median and the worst test patient. Is the
# place wrong, or the extent, or both ends?

# %%
fig = plotting.plot_areas(final.slices, final.prediction, final.per_case)
reporting.save_figure(fig, "09_areas", **cited)
plt.show()

# %% [markdown]
# Last, what its masks look like, on simulated heads. If the network has trained on patients,
# it has never seen such a head: then this shows how far it carries over, and nothing else.

# %%
soft = seglib.predict_set(runs[best].model, pictures, runs[best].recipe.preprocessing)
masks = seglib.to_mask(soft)
fig = plotting.show_slices(lgg.flair(pictures), largest, prediction=masks, zoom=False, columns=4)
reporting.save_figure(fig, "09_masks", **drawn, runs=[runs[best].id])
plt.show()

# %% [markdown]
# ## All folds
#
# A handful of patients cannot rank six trainings. So the study ran system 5's three recipes, slim,
# and ours on five folds of 18 patients of the real set, each from scratch and with equally many
# epochs. The runs are stored; here they are only read.

# %%
folds = networks_table(ORGAN)
shown = ["dice", "median", "difference", "low", "high", "p_holm", "p_smallest", "verdict"]
lessons.show_table(folds[[*shown, "patients", "seeds"]])

# %% [markdown]
# Each row is tested against ours, not against its neighbour, so this shows no order among
# system 5's three.
#
# And the rules for empty slices, on the same predictions. How far apart can one network's
# scores lie? Which network draws into empty slices, and which one misses slices with tumour?

# %%
lessons.show_table(empty_slices_table())

# %% [markdown]
# ## What we saw
#
# - Empty slices decide a score more than the network does: state the rule, count the false
#   alarms, and let the patient be the unit.
# - A number without its unit (0.2 of what?) can switch augmentation off, and nothing complains.
# - A weight in the loss moves the network towards "tumour". Whether it also sees better, a
#   fixed cut at 0.5 cannot tell (try it, as said below). Sampling changes what it sees instead.
# - Dice alone is flat on an empty slice; the sum with cross-entropy is not.
# - Losses and networks are compared from scratch and at equal budget, or not at all.
# - A soft IoU of batches and a Dice of patients cannot stand in one column.
#
# ## Limits
#
# Small images, slim networks, few epochs, one seed and a handful of patients in each part: the
# published scores come from many more of each. The tumours' outlines were drawn on FLAIR
# alone, and two experts differ as the table says. The slices are not equally thick in all
# patients, and the files do not tell how thick, so there are no volumes and no millimetres.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/09_brain_tumour.ipynb):
#
# 1. Which Dice does a network that never draws get, by each rule for empty slices?
# 2. Which weight makes a network that knows nothing answer 0.8?
# 3. How far must a network fall before the Dice loss notices it on an empty slice?
# 4. How is the rule that leaves empty pairs out written, and what must it not leave out?
# 5. How is every predicted piece removed that lies on one slice only?
#
# To try yourself, with what this notebook has trained:
#
# - If you have the LGG files, look at them: `pictures = study.validation`. Clear the outputs
#   and the figures folder before you pass the notebook on.
# - Cut the weighted loss's probabilities higher than at 0.5. At which level does its Dice on
#   the validation patients equal that of the plain sum?
# - Use your answer to question 5 on the validation patients. What happens to false alarms, to
#   sensitivity, and to Dice?
# - Train on FLAIR alone (`lgg.flair`), or with `foreground_share=0.9`. Which column of the detection
#   table gets worse?
#
# Next: [why 0.80 was not 0.80](10_why_080_was_not_080.ipynb)
