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
# # 15 · Break it
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/15_break_it.ipynb)
#
# [Previous: seven more ways to be wrong](14_ways_to_be_wrong.ipynb) ·
# [Next: the label audit](11_label_audit.ipynb) · [The report](../reports/README.md)
#
# You will learn
#
# - to say beforehand what a mistake will be worth, and to be surprised;
# - twelve mistakes by what they do to a number: which flatter, which cost, which hide;
# - the lines that keep each of them out of your own study.
#
# Every mistake is a switch. You predict, flip it, see it and read its repair. All twelve together
# take about 2 minutes on 2 CPU cores.

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

from seglib import lessons, reporting

lessons.describe_environment()

# %% [markdown]
# ## The bench
#
# The labs work on training patients alone, so that no test patient is looked at. Several
# [seeds](../docs/glossary.md#seed) hold out other patients each time: is what you see more than
# chance? Most labs use a method that needs no training: it copies the mask of the training picture
# that looks most alike. Its scores are poor. What counts here is how a mistake *changes* them.

# %%
hearts = lessons.lab_hearts(DATASET)
seeds = [SEED] if PROFILE == "smoke" else [SEED, SEED + 1, SEED + 2]
print(f"{hearts.name}: {len(hearts)} slices of {len(hearts.patients)} patients, seeds {seeds}")

# %% [markdown]
# ## 1. Leak the patients
#
# Every other slice of the test patients is scored. In the broken position the slices between them
# train, as they do after a random split over slices. **Replace 0.1 by your own prediction** of the
# change in [Dice](../docs/glossary.md#dice), here and in every lab; below zero if you think that the
# number will fall.

# %%
leak = lessons.lab("leak_the_patients", hearts, seeds)
leak.predict(0.1)  # your number

# %%
lessons.show_table(leak.flip())

# %%
fig = leak.show_effect()
reporting.save_figure(fig, "15_leak_the_patients", **leak.labels)
plt.show()

# %%
leak.repair()

# %% [markdown]
# Neighbouring slices of one heart look alike, and so do their masks. Both positions had equally
# many training slices.
#
# ## 2. Keep variants of a test slice in training
#
# No patient's *own* slice is on both sides now, only turned copies of it, made before the split. Is
# that a smaller [leak](../docs/glossary.md#leak) than the first, or a larger one?

# %%
variants = lessons.lab("keep_variants_of_a_test_slice", hearts, seeds)
variants.predict(0.1)  # your number

# %%
lessons.show_table(variants.flip())

# %%
fig = variants.show_effect()
reporting.save_figure(fig, "15_keep_variants_of_a_test_slice", **variants.labels)
plt.show()

# %%
variants.repair()

# %% [markdown]
# Compare with lab 1. Which is nearer to a test slice: its neighbour, or its own turned copy?
#
# ## 3. Unpair the seeds
#
# This mistake does not flatter. Image and mask are shifted by two generators with the same seed; one
# of them draws a number more. What does a training on such pairs cost?

# %%
seeds_lab = lessons.lab("unpair_the_seeds", hearts, seeds)
seeds_lab.predict(-0.1)  # your number

# %%
lessons.show_table(seeds_lab.flip())

# %%
fig = seeds_lab.show_effect()
reporting.save_figure(fig, "15_unpair_the_seeds", **seeds_lab.labels)
plt.show()

# %%
seeds_lab.repair()

# %% [markdown]
# Left, a training pair that fits; right, what became of it. A training raises no error.
#
# ## 4. Shift along the wrong axis
#
# The test hearts lie further left or right than the training hearts, so the training set is shifted
# by `width_shift_range`, to get used to that. In Keras that argument moves rows. What is lost?

# %%
axis_lab = lessons.lab("shift_along_the_wrong_axis", hearts, seeds)
axis_lab.predict(-0.1)  # your number

# %%
lessons.show_table(axis_lab.flip())

# %%
fig = axis_lab.show_effect()
reporting.save_figure(fig, "15_shift_along_the_wrong_axis", **axis_lab.labels)
plt.show()

# %%
axis_lab.repair()

# %% [markdown]
# The shifts cost computing time either way. Only in one position did they teach what was wanted.
#
# ## 5. Batch normalisation at batch 1
#
# This lab trains networks, one slice a [batch](../docs/glossary.md#batch). The number is a *gap*: how
# much better the network scores in the state in which it trains than in the state in which it is
# used, on the same slices and with the same weights. Groups know no such difference.

# %%
norm_lab = lessons.lab("batch_norm_at_batch_1", hearts, seeds)
norm_lab.predict(0.1)  # your number

# %%
lessons.show_table(norm_lab.flip())

# %%
fig = norm_lab.show_effect()
reporting.save_figure(fig, "15_batch_norm_at_batch_1", **norm_lab.labels)
plt.show()

# %%
norm_lab.repair()

# %% [markdown]
# The dots are single trainings. How far apart do they lie, and would the training score have told?
#
# ## 6. Pick the epoch on the test set
#
# A training curve jumps from [epoch](../docs/glossary.md#epoch) to epoch. Somebody reports the epoch
# with the best *test* score. How much does that add to what the validation patients would have
# chosen?

# %%
epoch_lab = lessons.lab("pick_the_epoch_on_the_test_set", hearts, seeds)
epoch_lab.predict(0.1)  # your number

# %%
lessons.show_table(epoch_lab.flip())

# %%
fig = epoch_lab.show_effect()
reporting.save_figure(fig, "15_pick_the_epoch_on_the_test_set", **epoch_lab.labels)
plt.show()

# %%
epoch_lab.repair()

# %% [markdown]
# Never below zero, for a maximum was taken. The gain grows with the number of things one may choose
# from, and shrinks with the number of patients.
#
# ## 7. Score soft Dice
#
# One prediction, scored twice: cut at one half, and as the probabilities stand
# ([soft Dice](../docs/glossary.md#soft-dice)). Which is larger?

# %%
soft_lab = lessons.lab("score_soft_dice", hearts, seeds)
soft_lab.predict(0.1)  # your number

# %%
lessons.show_table(soft_lab.flip())

# %%
fig = soft_lab.show_effect()
reporting.save_figure(fig, "15_score_soft_dice", **soft_lab.labels)
plt.show()

# %%
soft_lab.repair()

# %% [markdown]
# The outline did not change. What else does the soft value measure?
#
# ## 8. Count the background
#
# The background is the largest class and the easiest. What does its Dice do to the mean?

# %%
background_lab = lessons.lab("count_the_background", hearts, seeds)
background_lab.predict(0.1)  # your number

# %%
lessons.show_table(background_lab.flip())

# %%
fig = background_lab.show_effect()
reporting.save_figure(fig, "15_count_the_background", **background_lab.labels)
plt.show()

# %%
background_lab.repair()

# %% [markdown]
# The worse a prediction, the more it gains: the background's Dice is near 1 whatever is drawn.
#
# ## 9. Score a prediction against itself
#
# A line of scoring code compares the probabilities with their own thresholded copy. What would a
# reader of the paper see?

# %%
itself_lab = lessons.lab("score_it_against_itself", hearts, seeds)
itself_lab.predict(0.1)  # your number

# %%
lessons.show_table(itself_lab.flip())

# %%
fig = itself_lab.show_effect()
reporting.save_figure(fig, "15_score_it_against_itself", **itself_lab.labels)
plt.show()

# %%
itself_lab.repair()

# %% [markdown]
# Right, the solid outline is no expert's: it lies exactly on the dashed one, wherever that is.
#
# ## 10. Count empty pairs as right
#
# Most of these slices hold no tumour, and nothing is predicted there. Is that right answer worth a
# Dice of 1? These heads are always simulated, and the prediction is the truth moved by one pixel.

# %%
empty_lab = lessons.lab("count_empty_masks_as_right", hearts, seeds)
empty_lab.predict(0.1)  # your number

# %%
lessons.show_table(empty_lab.flip())

# %%
fig = empty_lab.show_effect()
reporting.save_figure(fig, "15_count_empty_masks_as_right", **empty_lab.labels)
plt.show()

# %%
empty_lab.repair()

# %% [markdown]
# The slices with tumour score the same in both positions. The study's own networks, under three
# such rules, stand in the [report on organs](../reports/organs.md).
#
# ## 11. Interpolate the masks
#
# Labels are numbers, but not quantities: between background (0) and wall (2) there is no right
# ventricle (1). The labels are made smaller, once by the nearest neighbour and once like a photograph.
# The number is in per cent: how many pixels of class 1 appear for 100 of the wall?

# %%
interpolate_lab = lessons.lab("interpolate_the_masks", hearts, seeds)
interpolate_lab.predict(5)  # your number

# %%
lessons.show_table(interpolate_lab.flip(), 1)

# %%
fig = interpolate_lab.show_effect()
reporting.save_figure(fig, "15_interpolate_the_masks", **interpolate_lab.labels)
plt.show()

# %%
interpolate_lab.repair()

# %% [markdown]
# Outlined: pixels of a class that nobody drew. A network that trains on these labels is asked to
# draw them too.
#
# ## 12. HD95 by another library's definition
#
# Two libraries call two things [HD95](../docs/glossary.md#hd95). Each measures the distances from
# every outline to the other. One takes the 95th percentile of each direction and then the larger; the
# other takes one percentile of all distances together. Here small islands lie far from a good mask.
# Lower is better.

# %%
hd95_lab = lessons.lab("take_another_librarys_hd95", hearts, seeds)
hd95_lab.predict(-1)  # your number

# %%
lessons.show_table(hd95_lab.flip(), 1)

# %%
fig = hd95_lab.show_effect()
reporting.save_figure(fig, "15_take_another_librarys_hd95", **hd95_lab.labels)
plt.show()

# %%
hd95_lab.repair()

# %% [markdown]
# The islands are visible in both pictures. One definition reports them, the other does not. Neither
# is a mistake; comparing the two numbers is.
#
# ## All twelve
#
# What did each mistake add, and what had you expected? The labs count different things, so compare
# a row only with itself.

# %%
LABS = (
    leak, variants, seeds_lab, axis_lab, norm_lab, epoch_lab, soft_lab, background_lab,
    itself_lab, empty_lab, interpolate_lab, hd95_lab,
)
lessons.show_table(pd.DataFrame({
    opened.lab.title: {"your prediction": opened.guess, "the mistake adds": opened.effect(),
                       "counted": opened.lab.measure}
    for opened in LABS
}).T.rename_axis("lab"))

# %% [markdown]
# ## What we saw
#
# - Leaks, counting and choosing flatter: the number rises, and no pixel is drawn better.
# - Unpaired or wrongly shifted training pairs cost, and raise no error either.
# - A network can be two: what training scores is not what a user runs.
# - A number without its rule (empty pairs, background, percentile) cannot be compared with another.
# - Nobody can say in advance how much a mistake is worth. Compare your predictions with the table.
#
# ## Limits
#
# Every setting is small and was chosen so that the mistake shows its usual sign; `repair` says what
# each stands for. The sizes are of these settings. A real network may gain or lose more, less, or
# nothing: notebook [10](10_why_080_was_not_080.ipynb) measures a chain of mistakes on trained ones.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/15_break_it.ipynb):
#
# 1. Which of six mistakes raise the number that is reported?
# 2. Which of six does `seglib.check_no_leaks` stop?
# 3. What does it add to choose the epoch on the test patients?
# 4. How are two numbers computed that are both called HD95?
# 5. How are labels made smaller without a new class?
#
# To try yourself, in this notebook:
#
# - Open lab 2 with twelve seeds. How far does the effect vary, and would one seed have been enough?
# - In lab 8, what would an all-black mask score in each position? Work it out, then check it with
#   `seglib.evaluation.overlap_scores`.
# - Write a thirteenth lab: a `Lab` needs a function that measures both positions, see
#   [`seglib.lessons.labs`](../seglib/lessons/labs).
#
# Next: [the label audit](11_label_audit.ipynb), or [the report](../reports/README.md)
