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
# # 16 · Your own images
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/16_own_data.ipynb)
#
# [Previous: ejection fraction](13_ejection_fraction.ipynb)
#
# You will learn
#
# - to bring masks of five drawing programs to one form, and to draw one yourself;
# - to find what is wrong with a folder before a network does;
# - to split your patients, also one who came twice;
# - to train, score, audit your labels, and write down what came out, as a report and a model card.
#
# In the `quick` profile this notebook trains four small networks: about 2 minutes on 2 CPU cores.

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
DATASET = os.environ.get("SEGLIB_DATASET", "auto")  # auto, or phantom: not MY_FOLDER
SEED = int(os.environ.get("SEGLIB_SEED", "0"))
MY_FOLDER = os.environ.get("SEGLIB_OWN_FOLDER", "")  # yours, with the folders images and annotations
CLASSES = {"heart": 1}  # your label; labels to leave out, or holes, get a 0: {"lesion": 1, "hole": 0}
PATIENT = r"^(?P<patient>[^/]+)/(?P<slice>\d+)"  # finds both in anna/03.png, without .png
SIZE = None  # side in pixels that all images become, if yours differ

# %%
import socket
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import seglib
from seglib import audit, files, lessons, plotting, reporting, splits, training
from seglib.datasets import annotated, folder
from seglib.phantoms import own_folder

lessons.describe_environment()


# %% [markdown]
# ## Nobody's images leave this computer
#
# Images of patients belong to the patients. Nothing below sends or fetches anything, and so that you
# need not believe it, this cell takes the way out away: whatever in this notebook tries to open a
# connection from now on stops with an error. What is made of your images lands in `reports/local`,
# which git ignores.
#
# But *where* is this computer? In Colab it is another company's. Run this notebook on Colab with the toy
# folder, and with images of patients only on a machine where they may be.

# %%
def refuse(*_):
    raise OSError("this notebook opens no connection")


socket.socket.connect = refuse

# %% [markdown]
# ## The folder
#
# Without a folder of yours, a toy one is written: simulated hearts, drawn on by five people with five
# programs, as such folders are. It has four faults. Yours looks like this, with any names:
#
# | file | what it is |
# |---|---|
# | `images/anna/03.png` | an image: PNG, TIFF or JPEG |
# | `annotations/anna/03.json` | drawn with LabelMe |
# | `annotations/anna/03.roi`, `03.zip` | drawn with ImageJ, one outline or several |
# | `annotations/anna/03.nii.gz` | drawn with ITK-SNAP, one slice |
# | `annotations/anna/03.png` | a mask, 0 and 255 |
# | `annotations/any_name.json` | COCO, the masks of many images |

# %%
mine = bool(MY_FOLDER) and DATASET != "phantom"
if mine:
    own, planted = Path(MY_FOLDER), {}
else:
    own = Path(tempfile.mkdtemp()) / "toy"
    planted = own_folder.write(own, patients=8 if PROFILE == "smoke" else 12, seed=SEED)
labels = {"dataset": "own images" if mine else "phantom (toy folder)", "profile": PROFILE}
endings = pd.Series([path.suffix for path in own.rglob("*.*")], name="files")
lessons.show_table(endings.value_counts())

# %% [markdown]
# ## One form
#
# Every program's outline becomes a mask by one rule: a pixel is inside if its *centre* is. The programs
# do not agree on that themselves, so masks that *they* fill differ by border pixels. All pairs that
# are right are written as pictures; the originals are only read.

# %%
ready = files.results_dir() / "own" / ("mine" if mine else "toy")
table = annotated.import_masks(own / "images", own / "annotations", ready, CLASSES)
fine = table["fault"] == ""
kinds = table["kind"].replace("", "no file")
lessons.show_table(pd.crosstab(kinds, fine.map({True: "right", False: "faulty"}).rename("masks")))

# %% [markdown]
# What is not right is not used, and never in silence. Read the lines: could each one happen to you?

# %%
for fault in table.loc[~fine, "fault"]:
    print("-", fault.replace(f"{own}/", ""))

# %% [markdown]
# ## Draw one yourself
#
# Choose an image that nobody has drawn on. Put the centre into the blood pool, pull the eight rays
# to its edge, save, and run the import above again: the line is gone. This is enough for a chamber and a
# few images. For more, draw with LabelMe, whose files it writes.

# %%
lessons.draw_masks(own / "images", own / "annotations", label=next(iter(CLASSES)), **labels)

# %% [markdown]
# ## Look
#
# No check replaces it. Do the outlines lie where they should, on each of the patients?

# %%
slices = folder.load(
    ready / "images", ready / "masks", patient_pattern=PATIENT, size=SIZE, name=labels["dataset"])
print(f"{len(slices)} pairs of {len(slices.patients)} patients, "
      f"{slices.images.shape[1]}x{slices.images.shape[2]} pixels")
fig = plotting.show_slices(slices, lessons.middle_slices(slices)[:8])
reporting.save_figure(fig, "16_own_images", **labels)
plt.show()

# %%
lessons.browse_slices(slices, **labels)

# %% [markdown]
# ## One person, two names
#
# People are scanned twice, and folders are copied. If one name trains and the other tests, the score
# is a memory test. So every patient is compared with every other one, picture by picture, before
# anything is split.

# %%
each = {patient: slices.of_patients([patient]) for patient in slices.patients}
alike = splits.find_leaks(each)
pairs = alike.groupby(["part_a", "part_b"]).size().rename("slices alike").reset_index()
lessons.show_table(pairs)

# %%
names = pairs[["part_a", "part_b"]].head(1).to_numpy().ravel()
rows = [slices.rows_of(name)[0] for name in names] or [0]  # or nobody is alike
fig = plotting.show_slices(slices, rows, zoom=False)
reporting.save_figure(fig, "16_alike", **labels)
plt.show()

# %% [markdown]
# Names that look alike get one `group`, which no split takes apart. To join two people by mistake costs
# a little choice; to miss one person costs the result. (The loop is short and has a gap, which the
# exercises look for. `check_no_leaks` stands guard behind it.)

# %%
group = {patient: patient for patient in slices.patients}
for first, second in pairs[["part_a", "part_b"]].to_numpy():
    group[second] = group[first]
slices.table["group"] = slices.table["patient"].map(group)
split = splits.fold_split(slices, folds=min(5, len(set(group.values()))), seed=SEED)
parts = split.apply(slices)
seglib.check_no_leaks(parts)
sizes = {name: {"patients": len(part.patients), "slices": len(part)} for name, part in parts.items()}
lessons.show_table(pd.DataFrame(sizes).T)

# %% [markdown]
# ## Train
#
# A small U-Net that sees the whole image. On your own images, begin with this one too: a first score
# tells more than a day of choosing networks.

# %%
epochs = {"smoke": 1, "quick": 25, "full": 100}[PROFILE]
whole = seglib.Preprocessing(size=None)
recipe = seglib.get_recipe("unet", PROFILE, name="own", epochs=epochs, preprocessing=whole)
run = seglib.train(recipe, parts["train"], parts["validation"], seed=SEED)
fig = plotting.plot_history(run.history, metrics=["dice"])
reporting.save_figure(fig, "16_history", **labels, runs=[run.id])
plt.show()

# %% [markdown]
# The test patients, once. How wide is the interval? With so few patients it is the main result:
# it says how many more are needed.

# %%
scored = lessons.score(run, parts["test"])
summary = seglib.summarise(scored.per_case)
reporting.save_table(summary, "16_scores", **labels, runs=[run.id])
shown = ["dice", "jaccard", "hd95", "surface_dice"]
lessons.show_table(summary.loc[shown, ["mean", "low", "high", "n", "unit"]])

# %%
lessons.browse_slices(parts["test"], scored.prediction, **labels)

# %% [markdown]
# ## Audit the labels
#
# A score is against *your* labels. Are they right? Each patient is judged by a network that has not
# seen any of theirs ([notebook 11](11_label_audit.ipynb)). Whom would you look at first?

# %%
found = audit.audit(slices, recipe, folds=2 if PROFILE == "smoke" else 3, seed=SEED)
suspects = audit.rank_suspects(found.per_slice)
reporting.save_table(suspects, "16_suspects", **labels, runs=found.runs)
lessons.show_table(suspects[["patient", "dice", "z", "gap", "worst_slice"]].head(5), 2)

# %%
fig = audit.show_suspects(found.slices, found.prediction, suspects.head(2), columns=4)
reporting.save_figure(fig, "16_suspects", **labels, runs=found.runs)
plt.show()

# %% [markdown]
# A suspect is a reason to look, and the image decides, not the score. If a label is wrong, correct the
# *annotation*, import again and train anew, and write down what you changed and why. If it stands in
# the test part, the score above was unfair to the network, and stays unfair until then.
#
# The toy folder's faults, as they were planted. Which of them has the notebook found, and at which step?

# %%
for where, what in planted.items():
    print(f"{where} {what}")

# %% [markdown]
# ## Write it down
#
# A model card says what a network is for, what it has seen, how well it did, and where it may fail. The
# numbers come from the run; three texts only you can write. Replace them.

# %%
texts = {
    "purpose": "Outlines the left ventricle's blood pool on simulated short-axis slices.",
    "data": "A toy folder of simulated hearts; no patient is shown.",
    "limits": ["Simulated hearts only: it says nothing about a patient.",
               "One of the patients has wrong labels, on purpose; see the audit."],
}
if mine:  # what follows is about your images, and only you know it
    texts = dict.fromkeys(texts, "(not written yet)") | {"limits": ["(not written yet)"]}

# %%
card = training.model_card(run, scores=summary, **texts)
files.atomic_write(ready / "model_card.md", card)
print(card)

# %% [markdown]
# The report is what a colleague needs to repeat this: what came in, what was left out, who was where,
# and what came out.

# %%
sections = {
    "What came in": kinds.value_counts().rename("images").reset_index(),
    "What was left out": table.loc[~fine, ["image", "kind"]],
    "Names of one person": pairs,
    "Test scores": summary[["mean", "low", "high", "n", "unit"]],
    "Labels to look at": suspects[["patient", "dice", "z"]].head(5),
}
text = f"# {labels['dataset']}, {len(slices.patients)} patients\n\nTraining {run.id}\n\n"
text += "\n".join(f"## {name}\n\n{reporting.to_markdown(part)}" for name, part in sections.items())
files.atomic_write(ready / "report.md", text)
print("In", "/".join(ready.parts[-3:]) + ":", ", ".join(sorted(path.name for path in ready.iterdir())))

# %% [markdown]
# The folder that the import made is what the command line takes, for a longer training than a
# notebook is good for:
#
#     python -m seglib train unet --images reports/local/own/mine/images \
#         --masks reports/local/own/mine/masks --patients '^(?P<patient>[^/]+)/(?P<slice>\d+)' \
#         --output my_model.keras
#
# ## What we saw
#
# - Masks of five programs become one form by one rule, and each fault is named before it costs anything.
# - A patient with two names is found from the pictures, and kept on one side.
# - A score is as good as its labels; the audit says where to look, the image decides.
# - A result that nobody can repeat is none: the report and the card are part of it.
#
# ## Limits
#
# One structure, single slices, and a table in which the spacing is unknown, so distances are in pixels.
# Near-duplicates are found when pictures are alike; two scans of one person years apart are
# not: only your list of names knows them. The drawing board draws what can be seen from one point
# inside.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/16_own_data.ipynb):
#
# 1. Which groups does the loop above give to three names of one person?
# 2. Which pixels does an outline fill, if their centres decide?
# 3. How many test patients make the interval narrow enough?
# 4. Whose image is it, if the name holds a visit too?
# 5. Which names are one person, whatever the order of the pairs?
#
# To try yourself, in this notebook:
#
# - Draw the forgotten image, import again. What changes in the tables above?
# - Take the `group` away and split again with five seeds. How often does the leak check stop you?
# - Draw five images twice, on two days. What is the Dice of you with yourself, and can a network that
#   learns from you be better than that?
# - Correct the labels that the audit suspects. How much of the change in the test score comes from the
#   labels of the test patients, and how much from those it was trained with?
#
# Back to [data preparation](01_data_preparation.ipynb)
