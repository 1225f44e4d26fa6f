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
# # 05 · Spatial attention U-Net: three attentions, and where they look
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/05_spatial_attention_unet.ipynb)
#
# [Previous: U-Net](04_unet.ipynb) · [Next: the comparison](06_comparison.ipynb)
#
# You will learn
#
# - the three attentions of this field: additive gate, channel attention, spatial attention;
# - a test by hand that tells attention to *channels* from attention to *positions*;
# - what each costs in parameters, and whether it pays;
# - to draw attention maps on the heart, and what such a map does not prove.
#
# In the `quick` profile this notebook trains three networks, and the U-Net if notebook 04 has not:
# about 3 minutes on 2 CPU cores.

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
from seglib import inference, lessons, plotting, reporting
from seglib.models import layers

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
print(f"{study.slices.name}: train {len(study.split.train)}, validate "
      f"{len(study.split.validation)}, test {len(study.split.test)} patients")

# %% [markdown]
# ## Three answers to one question
#
# A U-Net's skip carries *everything* the encoder saw: the heart, but also ribs, fat and
# stomach. Attention weighs the skip, with weights between 0 and 1, before it is joined;
# channel attention, as the published network of this task has it, adds the weighted skip to
# the skip itself. What the weights belong to makes the difference:
#
# | attention | weights | what decides them |
# |---|---|---|
# | additive gate (Oktay 2018) | one a position, (H, W, 1) | the skip and the coarser decoder features |
# | channel attention (Hu 2018) | one a channel, (1, 1, C) | each channel's mean over the image |
# | spatial attention (Woo 2018) | one a position, (H, W, 1) | mean and maximum over the channels |
#
# Each is a few layers. Below, the three are put on one skip. Compare the shapes of the
# weights with the table.

# %%
skip, deeper = keras.Input((32, 32, 16), name="skip"), keras.Input((16, 16, 32), name="deeper")
blocks = {
    "gate": keras.Model([skip, deeper], layers.attention_gate(skip, deeper, "gate")),
    "channel": keras.Model(skip, layers.channel_attention(skip, "channel")),
    "spatial": keras.Model(skip, layers.spatial_attention(skip, "spatial")),
}
weights = {
    name: keras.Model(block.input, block.get_layer(f"{name}_map").output)
    for name, block in blocks.items()
}
shapes = {name: reader.output.shape[1:] for name, reader in weights.items()}
lessons.show_table(pd.Series(shapes, name="shape of the weights"))

# %% [markdown]
# The last of them in full; the others are in [`seglib.models.layers`](../seglib/models/layers.py).

# %%
import inspect

print(inspect.getsource(layers.spatial_attention))

# %% [markdown]
# ## The additive gate
#
# The coarse features know *what* is there, the skip knows exactly *where*. Both are brought
# to the same grid and the same number of channels, added, and one number between 0 and 1
# comes out for each position. Follow it layer by layer:

# %%
gate = blocks["gate"]
steps = ["gate_theta", "gate_phi", "gate_add", "gate_relu", "gate_psi", "gate_map", "gate_multiply"]
shapes = {step: gate.get_layer(step).output.shape[1:] for step in steps}
lessons.show_table(pd.Series(shapes, name="shape"))

# %% [markdown]
# The network below has such a gate on *every* skip. The paper has none on the finest one, whose
# features are edges without a meaning yet, and normalises what a gate lets through: a product with
# numbers below 1 only ever becomes smaller. `attention_unet_oktay` is built like that, and notebook
# 06 has it in its comparison as soon as its runs are stored. Which of the two is "the attention
# U-Net"? Papers that do not say leave it open.

# %% [markdown]
# ## Channel attention by hand
#
# Squeeze: average each channel over the image. Excite: two small dense layers turn the
# averages into one weight a channel. In numpy this is a handful of lines, and the library
# must agree.

# %%
x = np.random.default_rng(SEED).normal(size=(4, 32, 32, 16)).astype("float32")
w1, b1, w2, b2 = blocks["channel"].get_weights()
squeezed = x.mean(axis=(1, 2))  # (N, C): all positions are gone
hidden = np.maximum(squeezed @ w1 + b1, 0)
excited = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
by_hand = x + x * excited[:, None, None, :]
assert np.allclose(by_hand, blocks["channel"](x), atol=1e-5)
excited.shape

# %% [markdown]
# ## Which of them is spatial?
#
# The published network of this task calls its channel attention "spatial attention". Names
# can be argued about; a test cannot. Shuffle the positions of a feature map, so that no
# shape is left in it. A weight that looks at *where* things are must change.

# %%
order = np.random.default_rng(SEED).permutation(32 * 32)
shuffled = x.reshape(4, 32 * 32, 16)[:, order].reshape(x.shape)
changes = {}
for name in ("channel", "spatial"):
    before, after = (np.asarray(weights[name](features)) for features in (x, shuffled))
    changes[name] = np.abs(before - after).max()
lessons.show_table(pd.Series(changes, name="largest change of a weight"), 6)

# %%
assert changes["channel"] < 1e-5 < changes["spatial"]

# %% [markdown]
# Channel attention gives a heart and its shuffled pixels the same weights: it cannot know
# where anything is. It can still be useful, but it should be called what it is.
#
# The spatial map does change. But does it merely follow the pixels to their new places?
# Put them back and look again:

# %%
back = np.argsort(order)
moved = np.asarray(weights["spatial"](shuffled)).reshape(4, -1)[:, back]
still = np.asarray(weights["spatial"](x)).reshape(4, -1)
print(f"a pixel's own weight changes by up to {np.abs(moved - still).max():.3f}")

# %% [markdown]
# It does not only follow: its 7×7 convolution looks at the neighbours too, and those are
# others now.
#
# ## What does attention cost?
#
# The same U-Net, with each attention on its skips. How many parameters are added?

# %%
names = {
    "unet": "U-Net",
    "attention_unet": "additive gate",
    "channel_attention_unet": "channel attention",
    "spatial_attention_unet": "spatial attention",
}
costs = {names[name]: seglib.build_model(name, (128, 128, 1)).count_params() for name in names}
costs = pd.Series(costs, name="parameters").to_frame()
costs["added"] = costs["parameters"] - costs.at["U-Net", "parameters"]
lessons.show_table(costs)

# %% [markdown]
# ## Train them, and the plain U-Net
#
# Same recipe, same data, same seed: only the attention differs. The plain U-Net is that of
# notebook 04; where it has been trained already, it is only read.

# %%
recipes = {label: seglib.get_recipe(name, PROFILE) for name, label in names.items()}
runs = {label: lessons.train_for(study, recipe) for label, recipe in recipes.items()}

# %%
fig = plotting.plot_history({label: run.history for label, run in runs.items()})
reporting.save_figure(fig, "05_history", **study.labels, runs=[run.id for run in runs.values()])
plt.show()

# %% [markdown]
# Two networks can have a like Dice and very unlike losses. The loss, unlike Dice at 0.5, also
# counts how sure a network is, and after so few steps some are still unsure; so this compares
# how fast they learn as well.
#
# Scored on the validation patients, one mean over patients a row. How many patients stand
# behind an interval (*95 % from* and *to*)?

# %%
scored = {label: lessons.score(run, study.validation) for label, run in runs.items()}
table = lessons.results_table(runs, scored)
reporting.save_table(table, "05_attention", **study.labels, runs=[run.id for run in runs.values()])
lessons.show_table(table)

# %% [markdown]
# With three patients an interval only runs from the lowest to the highest of them, and is far
# too narrow for 95 %. Nothing is concluded here, whether rows overlap or not. Notebook 06 tests
# differences patient by patient and on more patients: there attention has to earn its
# parameters.
#
# ## Attention on the heart
#
# The map of the additive gate, finest level on the left, one slice of each validation
# patient a row. Bright lets the skip through, dark holds it back. At which level does the
# map single out the heart?

# %%
shown = study.validation.take(lessons.middle_slices(study.validation)[:3])
prepared = recipes["additive gate"].preprocessing
maps = {label: inference.attention_maps(run.model, shown.images, prepared)
        for label, run in runs.items() if label != "U-Net"}
inputs, outlines = prepared.images(shown.images), prepared.masks(shown.masks)

# %%
for label in ("additive gate", "spatial attention"):
    values = list(maps[label].values())
    titles = [f"{label}\nlevel {level}" for level in range(1, len(values) + 1)]
    fig = plotting.plot_attention(inputs, values, titles, masks=outlines)
    name = f"05_maps_{label.split()[0]}"
    reporting.save_figure(fig, name, **study.labels, runs=[runs[label].id])
    plt.show()

# %% [markdown]
# Eyes see what they hope for, so put a number to it: the mean weight inside the expert's
# outline and outside it, at each level. A ratio of 1 means the map does not care.

# %%
inside_outside = {}
for label in ("additive gate", "spatial attention"):
    for level, values in enumerate(maps[label].values(), start=1):
        step = outlines.shape[1] // values.shape[1]
        heart = outlines[:, ::step, ::step] > 0
        means = {"inside": values[heart].mean(), "outside": values[~heart].mean()}
        inside_outside[label, f"level {level}"] = means
table = pd.DataFrame(inside_outside).T
lessons.show_table(table.assign(ratio=table["inside"] / table["outside"]))

# %% [markdown]
# Channel attention has no map to draw, only one weight a channel. Here every line is one
# slice. Do the lines of different patients lie on one another? Then the weights say
# something about the network and hardly anything about the image.

# %%
channel = maps["channel attention"]
fig, grid = plotting.new_figure(-(-len(channel) // 2), 2, width=3.6, height=2.2, sharey=True)
for axes, (level, values) in zip(grid.flat, enumerate(channel.values(), start=1), strict=True):
    axes.plot(values[:, np.argsort(values.mean(axis=0))].T, lw=1)
    axes.set(title=f"level {level}", xlabel="channel, sorted", ylim=(0, 1))
grid[0, 0].set_ylabel("weight")
reporting.save_figure(
    fig, "05_channel_weights", **study.labels, runs=[runs["channel attention"].id]
)
plt.show()

# %% [markdown]
# ## What an attention map does not prove
#
# - A bright place was *let through*. Whether it was *used* is decided in the layers after.
# - A dark place is not unseen: the path through the bottom of the network has no gate.
# - A weight of 0.5 everywhere can be undone by the next convolution. The scale means
#   nothing by itself; only differences inside one map do.
# - Another seed can give another map and the same masks.
#
# A map is a hint where to test. The test is to change the input, or the map, and see whether
# the mask changes (at the end, under *To try here*).
#
# ## What we saw
#
# - Attention weighs a skip; whether the weights belong to positions or channels is the whole
#   difference.
# - Shuffling positions leaves channel attention unmoved: it is not spatial, whatever it is
#   called.
# - All three are cheap beside the network they sit in.
# - The maps differ between levels; the table of ratios says how much they care for the heart.
#
# ## Limits
#
# One seed, a handful of validation patients, and slices chosen from the middle of the heart.
# The attention sits on the skips only; CBAM and others put it inside every block.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/05_spatial_attention_unet.ipynb):
#
# 1. Which attention does not notice that its image was mirrored?
# 2. How far can attention turn a feature down?
# 3. What do channel and spatial attention cost?
# 4. Does a map care for the heart? Measure it.
# 5. Write the spatial attention by hand; here you can assert that it agrees with
#    `blocks["spatial"]`.
#
# To try here, with the networks of this notebook or a training more:
#
# - Black out the brightest place of a map in the input image. Does the mask change more than
#   when you black out a dark place of the same size?
# - Train one network with two seeds. Are the maps alike? Are the masks?
# - Put both channel and spatial attention on the skip, as CBAM does. What does it cost?
#
# [Next: all networks compared](06_comparison.ipynb)
