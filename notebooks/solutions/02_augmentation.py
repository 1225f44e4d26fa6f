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
# # Solutions 02 · Augmentation
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/solutions/02_augmentation.ipynb)
#
# [The lesson](../02_augmentation.ipynb)
#
# Write your answer where `...` stands, run the cell, then run the check below it. A check says
# whether an answer is right, and names the usual mistakes. Stuck? With `.hint()` in the place of
# `.check(...)` you get a hint, and with each run a further one; `.solution()` shows a right answer.

# %% tags=["setup"]
# Finds the study, fetches it where it is absent (on Colab), installs what is missing there.
import os
import subprocess
import sys

places = (".", "..", "../..", "seglib", "/content/seglib")
root = next((place for place in places if os.path.isfile(f"{place}/seglib/slices.py")), None)
if root is None:
    root, home = "seglib", "https://github.com/seglib/seglib"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", home, root], check=True)
os.chdir(f"{root}/notebooks/solutions")
sys.path.insert(0, os.path.abspath("../.."))
from seglib.environment import install_missing

install_missing()

# %%
import numpy as np

from seglib import lessons

# %% [markdown]
# ## 1 · The other side
#
# Level: predict · 5 minutes · 1 point · `02-mirror`
#
# The masks of a data set have two classes, 1 for the left ventricle and 2 for the right. A pair is
# mirrored left to right, image and mask alike. Which is true? (a) The mask is wrong now: 1 and 2 must be
# swapped. (b) The pair is right, and nothing is lost. (c) The pair is right, but a network that sees
# such pairs loses a hint by which to tell the two apart. (d) The pair is wrong: no heart looks so.
#
# *Expected: one letter.*

# %% tags=["solution"]
mirrored: str = "c"

# %%
lessons.question("02-mirror").check(mirrored)


# %% [markdown]
# ## 2 · Who makes them drift?
#
# Level: apply · 15 minutes · 2 points · `02-drift`
#
# This is how `ImageDataGenerator` draws, in its order and with fewer arguments. Two of them with the
# same seed, one for images, one for masks, give the same angles as long as both ask for as many
# numbers.

# %%
class Generator:
    def __init__(self, seed, zoom=None, flip=False, brightness=None, fill="nearest"):
        self.rng, self.zoom, self.flip = np.random.default_rng(seed), zoom, flip
        self.brightness, self.fill = brightness, fill

    def draw(self):
        angle = self.rng.uniform(-180, 180)
        zoom = self.rng.uniform(*self.zoom, 2) if self.zoom else (1, 1)
        flip = self.flip * (self.rng.random() < 0.5)
        brightness = self.rng.uniform(*self.brightness) if self.brightness else 1
        return {"angle": angle, "zoom": zoom, "flip": flip, "brightness": brightness}


# %% [markdown]
# The second generator gets no argument but the seed. Which arguments, each given alone to the first,
# make the *angle* of the second pair differ: `zoom=(0.9, 1.1)`, `flip=True`, `brightness=(0.5, 1.5)`,
# `fill="reflect"`?
#
# *Expected: a set of names, such as* `{"zoom", "fill"}`.

# %% tags=["solution"]
plain = Generator(0)
angles = [plain.draw()["angle"] for _ in range(2)]
given = {"zoom": (0.9, 1.1), "flip": True, "brightness": (0.5, 1.5), "fill": "reflect"}
first = {name: Generator(0, **{name: value}) for name, value in given.items()}
drifting: set = {
    name for name, one in first.items() if [one.draw()["angle"] for _ in range(2)] != angles
}

# %%
lessons.question("02-drift").check(drifting)

# %% [markdown]
# ## 3 · How many test pairs have been seen?
#
# Level: apply · 15 minutes · 2 points · `02-share`
#
# From each of 20 slices come 4 variants, so there are 80 pairs. Then 16 of them are drawn at random for
# testing, and the others train. What share of the test pairs has, on average, a sibling (another variant
# of the same slice) that trains?
#
# *Expected: a number between 0 and 1, right to three places; work it out, or draw many splits.*

# %% tags=["solution"]
# Not seen is a pair whose three siblings are in the test too, among the other 79 pairs.
share: float = 1 - (15 / 79) * (14 / 78) * (13 / 77)

# %%
lessons.question("02-share").check(share)


# %% [markdown]
# ## 4 · Draw once, apply twice
#
# Level: build · 20 minutes · 3 points · `02-pair`
#
# Write a function that turns an image and its mask by 0, 1, 2 or 3 quarter turns and mirrors both or
# none, at random. The same seed gives the same pair.
#
# *Expected: two arrays; 8 different pairs where many seeds are tried.*

# %% tags=["solution"]
def augment(image, mask, seed):
    """Image (H, W) and mask (H, W), turned and mirrored alike; `seed` is a whole number."""
    rng = np.random.default_rng(seed)
    turns, mirror = rng.integers(4), rng.random() < 0.5
    image, mask = np.rot90(image, turns), np.rot90(mask, turns)
    return (image[:, ::-1], mask[:, ::-1]) if mirror else (image, mask)


# %%
image = np.arange(6).reshape(2, 3)
print(augment(image, image % 2, seed=1))

# %%
lessons.question("02-pair").check(augment)


# %% [markdown]
# ## 5 · Siblings without names
#
# Level: build · 25 minutes · 3 points · `02-siblings`
#
# The table has lost its column of names. Write a function that finds siblings by their pixels: what
# share of the test images is a training image, turned by quarter turns, mirrored, both or neither?
#
# *Expected: 0.5 for the arrays below. The first test image is a turned one, the second is new.*

# %% tags=["solution"]
def siblings(test, train):
    """Share (0 to 1) of the (N, H, W) test images that are a variant of a training image."""
    known = set()
    for image in train:
        for one in (image, image[:, ::-1]):
            known |= {np.rot90(one, turns).tobytes() for turns in range(4)}
    return np.mean([image.tobytes() in known for image in test])


# %%
train = np.arange(18).reshape(2, 3, 3)
test = np.stack([np.rot90(train[0]), train[0] + train[1]])
print("share with a sibling:", siblings(test, train))

# %%
lessons.question("02-siblings").check(siblings)

# %% [markdown]
# [Back to the lesson](../02_augmentation.ipynb)
