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
# # 14 · Seven more ways to be wrong
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/14_ways_to_be_wrong.ipynb)
#
# [Previous: why 0.80 was not 0.80](10_why_080_was_not_080.ipynb) ·
# [Next: break it](15_break_it.ipynb)
#
# You will learn
#
# - to recognise seven ways in which a score says something else than it seems to;
# - to show each of them with a prediction whose quality you know;
# - which of your own numbers change when the batch, the background or a threshold does.
#
# Notebook 10 takes one claim apart; this one needs no training of a network, and each cell takes
# seconds: about 1 minute on 2 CPU cores.

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
from seglib import evaluation, lessons, plotting, reporting
from seglib.lessons import mistakes

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
masks = study.train.masks
print(f"{study.slices.name}: {len(masks)} slices of {len(study.train.patients)} patients")

# %% [markdown]
# ## Scored against itself (system 3)
#
# Each of these errors stands in one of the [five systems](../reports/README.md#the-five-systems)
# that this study takes up. System 3 reported [Dice](../docs/glossary.md#dice) 0.96. Its code
# compared the prediction with *its own thresholded copy*. We need a prediction whose quality we
# know, so we move the expert's masks aside and soften their rim. Is this a good segmentation?

# %%
moved = mistakes.soft_prediction(masks, shift=12, blur=1.0)
rows = lessons.middle_slices(study.train)[:4]
fig = plotting.show_slices(study.train, rows, prediction=np.uint8(moved >= 0.5))
reporting.save_figure(fig, "14_moved", **study.labels)
plt.show()

# %%
scores = {}
for shift in (0, 3, 6, 12, 24):
    soft = mistakes.soft_prediction(masks, shift, blur=1.0)
    hard = soft >= 0.5
    scores[shift] = {"against the expert": mistakes.soft_dice(masks, soft).mean(),
                     "against itself": mistakes.soft_dice(hard, soft).mean()}
lessons.show_table(pd.DataFrame(scores).T.rename_axis("moved by (pixels)"))

# %% [markdown]
# Only one of the columns knows that the masks have moved. Scoring needs the truth *from the
# file*, and a test of the scoring code needs a prediction that is wrong on purpose.
#
# ## The background in the mean (system 4)
#
# System 4 published four classes and their mean. One of the four is the background, which
# fills most of the image. Its stated goal was more than 0.9 on *every* label.

# %%
published = pd.Series({"background": 0.9956, "label 1": 0.8983, "label 2": 0.9375,
                       "label 3": 0.9661})  # fmt: skip
tissue = published.drop("background")
print(f"mean of all four {published.mean():.4f}, of the three tissues {tissue.mean():.4f}, "
      f"smallest tissue {tissue.min():.4f}")

# %%
black = np.zeros_like(masks)
background = evaluation.overlap_scores(masks == 0, black == 0)["dice"]
foreground = evaluation.overlap_scores(masks, black)["dice"]
print(f"an all-black mask: background Dice {background:.3f}, foreground {foreground:.3f}, "
      f"mean of both {(background + foreground) / 2:.3f}")

# %% [markdown]
# ## Soft Dice is not Dice
#
# [Soft Dice](../docs/glossary.md#soft-dice) puts probabilities in the place of the mask. Every mask
# below is *perfect* once it is cut at one half. The network is only less than certain: it says
# `inside` in the blood pool and `outside` elsewhere.

# %%
rows = {}
for inside, outside in ((1.0, 0.0), (0.9, 0.001), (0.7, 0.005), (0.6, 0.02)):
    unsure = np.where(masks > 0, inside, outside)
    hard = evaluation.overlap_scores(masks, np.uint8(unsure >= 0.5))["dice"]
    rows[inside, outside] = {"hard": hard, "soft": mistakes.soft_dice(masks, unsure).mean()}
lessons.show_table(pd.DataFrame(rows).T.rename_axis(["inside", "outside"]))

# %% [markdown]
# And a slice without any blood pool, where the network is almost silent:

# %%
empty = np.zeros((1, 256, 256, 1))
for whisper in (0.0, 1e-6, 1e-3):
    print(f"{whisper:g} everywhere: soft Dice "
          f"{mistakes.soft_dice(empty, np.full_like(empty, whisper))[0]:.6f}")

# %% [markdown]
# A soft value is a [loss](../docs/glossary.md#loss), made to be descended. As a result it mixes up
# where the outline is with how sure the network sounds.
#
# ## Dice that depends on the batch (systems 1 and 5)
#
# One prediction, the same pixels. Only the number of images that are pooled before a ratio is
# formed, the [batch](../docs/glossary.md#batch), changes. The smallest fifth of the masks is
# missing from the prediction, for small ones are what networks miss. This is the whole function
# that pools:

# %%
print(inspect.getsource(mistakes.batch_dice))

# %%
prediction = np.roll(masks, 3, axis=1)
prediction[masks.sum(axis=(1, 2, 3)) <= np.quantile(masks.sum(axis=(1, 2, 3)), 0.2)] = 0
values = {f"batches of {n}": mistakes.batch_dice(masks, prediction, n) for n in (1, 4, 16, 32, 64)}
cases = seglib.per_patient(seglib.score_cases(study.train, prediction))
values["per patient"] = cases["dice"].mean()
lessons.show_table(pd.Series(values, name="Dice"))

# %% [markdown]
# The per-patient value does not change with a setting of the training. That is why the
# protocol asks for it.
#
# ## The second one inherits (system 5)
#
# System 5 compared two losses, but the second training went on from the weights of the
# first. We repeat that with the smallest network there is, one sigmoid over five numbers a
# pixel, and in *both* orders. Who wins, and does the order decide?

# %%
few = study.train.take(lessons.middle_slices(study.train))
lessons.show_table(lessons.compare_losses(few.images, few.masks))

# %% [markdown]
# From scratch, the order cannot matter, and both rows agree. Where the second inherits, ask
# of each row whether its winner is the better loss, or the later one.
#
# ## A fifth of a degree (system 5)
#
# `rotation_range=0.2` was meant as an [augmentation](../docs/glossary.md#augmentation). Keras reads
# it as degrees. How far does it move a pixel at the middle of the image's border, and one on the
# outline of the heart?

# %%
border = study.slices.images.shape[1] / 2
radius = np.sqrt(np.median(masks.sum(axis=(1, 2, 3))) / np.pi)
angles = {"0.2 degrees, as run": 0.2, "0.2 radians": np.rad2deg(0.2), "30 degrees": 30}
lessons.show_table(pd.DataFrame({
    name: {"border (pixels)": mistakes.displacement(border, angle),
           "outline (pixels)": mistakes.displacement(radius, angle)}
    for name, angle in angles.items()
}).T, 2)

# %% [markdown]
# ## A mask resized as a photograph (system 1)
#
# Pillow smooths unless it is told not to. A mask has two values; how many has it after its
# resizing? And once it is cut at half again, how many pixels stand elsewhere?

# %%
side = study.slices.images.shape[1]
sides = (side // 2, side * 3 // 4)
costs = {f"{side} to {new}": mistakes.smoothing_cost(masks, new) for new in sides}
lessons.show_table(pd.DataFrame(costs).T)

# %% [markdown]
# ## What we saw
#
# - A score needs the truth from the file; a prediction scored against itself is always good.
# - Soft values, the background and the batch size enter a mean without being asked.
# - A training that goes on from another's weights compares the order, not the losses.
# - A number without its unit, and a mask resized as a picture, change a training and raise no error.
# - Whoever checks the scoring code with a prediction that is wrong on purpose finds most of this
#   within an hour. The functions are in [`seglib.lessons.mistakes`](../seglib/lessons/mistakes.py).
#
# ## Limits
#
# Each error is shown by itself, on masks that were moved or thinned by rule. In a real system several
# meet, and they need not add up; notebook 10 measures a chain of them. How large each is depends on the
# size of the organ and of the image.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/14_ways_to_be_wrong.ipynb):
#
# 1. What is the mean Dice of organ and background if nothing is drawn?
# 2. Six lines compare two losses: which line is missing?
# 3. Which `outside` pushes the soft value of a perfect mask to 0.5, and on what does it depend?
# 4. How is Dice pooled by batches, the last and the empty ones included?
# 5. Which prediction, wrong on purpose, tells Dice from five scores that are taken for it?
#
# To try yourself, in this notebook:
#
# - In "the second one inherits", raise `steps`. When does the order stop deciding, and why?
# - Shuffle the slices before the batches are pooled. Which column changes, and why?
# - Take a repository you like. Which of the seven could its published score hide, and which line
#   of its code would tell?
#
# Next: [break it](15_break_it.ipynb), twelve switches to flip
