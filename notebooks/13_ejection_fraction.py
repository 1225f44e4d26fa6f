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
# # 13 · Ejection fraction: the number that the mask is drawn for
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/13_ejection_fraction.ipynb)
#
# [Previous: uncertainty](12_uncertainty.ipynb) · [Next: your own data](16_own_data.ipynb)
#
# You will learn
#
# - to compute an ejection fraction from two stacks of masks, by hand;
# - to ask whether two ways of measuring agree, with Bland and Altman's picture;
# - why a good Dice does not promise a good ejection fraction, and which slices spoil it;
# - what a counting rule, or one slice more or less at the base, does to the number.
#
# In the `quick` profile nothing is trained: the committed network draws its test patients, and
# the rest is read from stored runs: about 1 minute on 2 CPU cores.

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
import numpy as np
import pandas as pd
from scipy import ndimage

import seglib
from seglib import clinical, evaluation, lessons, plotting, reporting
from seglib.phantoms import heart
from study.questions import ejection_fraction as question
from study.results import stored_names

lessons.describe_environment()

# %% [markdown]
# The hearts are the test patients of the committed network. It was scored on them before, and
# nothing is chosen here. The phantom is drawn again with the pixels that this network knows,
# about 1.3 mm wide.

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
hearts = study.test
if hearts.name == "phantom":
    hearts = heart.make(size=256).of_patients(study.split.test)
live = {"dataset": hearts.name, "profile": PROFILE}
print(f"{hearts.name}: {len(hearts.patients)} patients, {len(hearts)} slices")

# %% [markdown]
# ## Two volumes, one number
#
# The left ventricle is fullest at the end of **diastole** (ED), when it has relaxed, and emptiest
# at the end of **systole** (ES), when it has contracted. The **ejection fraction** (EF) is the
# share of its blood that it pumps out in between:
#
# EF = 100 % · (ED volume − ES volume) / ED volume
#
# Doctors decide about drugs and devices by it. A heart is cut into slices from the base (its wide
# end, with the lowest numbers) to the apex (its tip). All pictures have one scale: compare the two
# rows. The dark muscles inside the outline count as blood; the experts of this data set drew it so.

# %%
patient = hearts.patients[0]
stacks = {phase: hearts.rows_of(f"{patient} {phase}") for phase in ("ED", "ES")}
window = plotting.heart_window(hearts.masks[np.concatenate(list(stacks.values()))])
fig, grid = plotting.new_figure(2, 4, width=2.0, height=2.2)
for line, (phase, stack) in zip(grid, stacks.items(), strict=True):
    for axes, k in zip(line, np.linspace(0, len(stack) - 1, 4).astype(int), strict=True):
        title = f"{phase}, slice {hearts.table['slice'][stack[k]]}"
        plotting.show_image(axes, hearts.images[stack[k]], window, title)
        plotting.draw_contours(axes, hearts.masks[stack[k]])
reporting.save_figure(fig, "13_phases", **live)
plt.show()

# %% [markdown]
# Count the pixels inside the expert's outline, over all slices of a phase. A volume would be this
# count times the size of a pixel and the distance of two slices. Both phases have the same, so
# that it cancels, and pixels are enough. That is lucky: the PNG files of Sunnybrook do not say how
# large a pixel is.

# %%
ed, es = (int(hearts.masks[stacks[phase]].sum()) for phase in ("ED", "ES"))
by_hand = 100 * (ed - es) / ed
assert np.isclose(clinical.ejection_fraction(ed, es), by_hand)
millilitres = 1.3**2 * 10 / 1000  # if a pixel is 1.3 mm wide, and slices lie 10 mm apart
assert np.isclose(clinical.ejection_fraction(ed * millilitres, es * millilitres), by_hand)
print(f"{patient}: ED {ed}, ES {es} pixels, EF {by_hand:.1f} %")

# %% [markdown]
# ## And the network?
#
# The same with predicted masks. `count_phases` counts slice by slice, `measure_patients` makes
# the volumes. The *error* is predicted minus expert, in *points*: from 60 % to 57 % is −3 points.

# %%
model, preprocessing, _ = seglib.load_model("../reports/models/sunnybrook.keras")
live["runs"] = stored_names(question.COMMITTED[0], [question.COMMITTED[1]])
prediction = seglib.to_mask(seglib.predict_set(model, hearts, preprocessing))
counts = clinical.count_phases(hearts, prediction)
patients = clinical.measure_patients(counts)
assert np.isclose(patients.at[patient, "ef_truth"], by_hand)
lessons.show_table(patients[["pathology", "ef_truth", "ef_predicted", "error"]].head(8), 1)

# %% [markdown]
# Some ejection fractions cannot be said: a phase is missing, or its ED mask is empty. They are
# NaN, and `reason` says why. How many are there? A negative one is *not* NaN: it says that a mask
# is wrong, or that ED and ES were taken for each other, and that must be seen.

# %%
print((patients["reason"].replace("", "measured")).value_counts().to_string())
print(f"negative: {(patients['ef_predicted'] < 0).sum()}")

# %% [markdown]
# ## Do they agree?
#
# The usual answer is a correlation. But it only asks whether the two rise together. Look at a
# method that halves every EF and adds 30: nobody would call that agreement.

# %%
useless = 0.5 * patients["ef_truth"] + 30
for name, values in {"network": patients["ef_predicted"], "useless": useless}.items():
    r = np.corrcoef(patients["ef_truth"], values)[0, 1]
    print(f"{name}: correlation {r:.3f}, mean error {(values - patients['ef_truth']).mean():+.1f}")

# %% [markdown]
# Bland and Altman ask another question: **how far apart are the two, and how far may they be for
# the next patient?** Take the differences. Their mean is the **bias**: what is wrong with all.
# Their standard deviation (SD) says how much they scatter about it. If they are about normal, 95 %
# of them lie between bias − 1.96 SD and bias + 1.96 SD, the **limits of agreement**.

# %%
difference = (patients["ef_predicted"] - patients["ef_truth"]).dropna()
bias, sd, n = difference.mean(), difference.std(), len(difference)
lower, upper = bias - 1.96 * sd, bias + 1.96 * sd
found = clinical.agreement(patients["ef_truth"], patients["ef_predicted"])
assert np.allclose([found["bias"], found["lower"], found["upper"]], [bias, lower, upper])
print(f"bias {bias:+.1f}, SD {sd:.1f}, limits {lower:+.1f} to {upper:+.1f} points, n = {n}")
print(f"mean absolute error {difference.abs().mean():.1f} points")

# %% [markdown]
# With so few patients the bias is itself uncertain, and the limits more so: the bias has the
# standard error SD / √n, a limit about √3 times that. If the interval of the bias holds 0, no bias
# has been shown. `slope` is what the difference grows by when the EF is one point higher; with an
# interval below 0, high ejection fractions are hit more than low ones.

# %%
names = ("bias", "lower", "upper", "mae", "slope")
table = {name: {"value": found[name], "low": found[f"{name}_low"], "high": found[f"{name}_high"]}
         for name in names}
lessons.show_table(pd.DataFrame(table).T, 2)

# %% [markdown]
# The picture: each patient's difference over the *mean* of both measurements. (Over the expert's
# alone, an error of the expert would stand on both axes, and make a slope of its own.) Three
# questions: Is the middle line off zero? Could a doctor live with the dashed lines? Do the points
# lie level, or do they fall or open like a fan?

# %%
fig = clinical.plot_bland_altman(patients)
reporting.save_figure(fig, "13_agreement", **live)
plt.show()

# %% [markdown]
# ## Who is wrong, and how
#
# One bias for all is a summary. Hearts differ: N is healthy, HYP has a thick wall, HF-I and
# HF-NI are failing hearts with and without infarction. `ED` and `ES` are predicted volumes over
# true ones: above 1 is drawn too large. Which of the two is off, and in whom?

# %%
by_group = patients.assign(
    ED=patients["ed_predicted"] / patients["ed_truth"],
    ES=patients["es_predicted"] / patients["es_truth"],
).groupby("pathology")
table = by_group[["ef_truth", "error", "ED", "ES"]].mean().assign(n=by_group.size())
reporting.save_table(table, "13_pathology", **live)
lessons.show_table(table, 2)

# %% [markdown]
# A group can have a small mean error although both volumes are wrong, in the same direction.
# And one and the same fault of the outline harms hearts that empty well more than failing ones.
# Draw every outline of a round pool half a pixel too far out:

# %%
systole = np.array([6, 10, 14, 18])  # radius at ES in pixels; at ED it is 20
true = clinical.ejection_fraction(20.0**2, systole**2)
drawn = clinical.ejection_fraction(20.5**2, (systole + 0.5) ** 2)
table = pd.DataFrame({"radius at ES": systole, "true EF (%)": true, "error": drawn - true})
lessons.show_table(table, 1)

# %% [markdown]
# ## Which slices?
#
# How much does one wrong slice cost? The error is *exactly* a sum over slices. With D and S the
# true volumes and d and s the predicted ones
#
# EF′ − EF = 100 · ( (S / D) · (d − D) − (s − S) ) / d
#
# and d − D, s − S are sums. So a pixel too many at ES lowers the EF, and at ED it raises it, by
# less. Check that the parts add up, then see who brings what.

# %%
points = clinical.error_parts(counts)
assert np.allclose(points.groupby(counts["patient"]).sum(), patients["error"].fillna(0))
parts = counts.assign(points=points).pivot_table(
    index="pathology", columns="phase", values="points", aggfunc="sum")
parts = parts.div(patients.groupby("pathology").size(), axis=0)
lessons.show_table(parts.assign(error=parts.sum(axis=1)), 2)

# %% [markdown]
# For the stored test of the committed network, by fifth of the stack too. Is it the base, the apex,
# or all of it?

# %%
lessons.show_table(question.parts_table(question.committed_counts()), 2)

# %% [markdown]
# ## Dice against the error of the EF
#
# Is it enough to know the Dice? Look at the patients about one Dice: how far apart are their
# errors? (Dice of a patient: the pixels of a phase pooled, then the mean of the two.)

# %%
patients = patients.join(evaluation.dice_of_patients(counts, case="phase"))
fig = clinical.plot_dice_and_error(patients)
reporting.save_figure(fig, "13_dice", **live)
plt.show()

# %% [markdown]
# Dice does not know the *sign* of an error. We make three networks out of the expert's own masks:
# one draws each outline a pixel too far out, one does so at ES but a pixel too far in at ED, one
# the other way round.

# %%
cross = ndimage.generate_binary_structure(2, 1)[None, :, :, None]  # in the slice only
larger, smaller = (move(hearts.masks, cross).astype(np.uint8)
                   for move in (ndimage.binary_dilation, ndimage.binary_erosion))
at_systole = (hearts.table["phase"] == "ES").to_numpy()[:, None, None, None]
made = {
    "larger in both phases": larger,
    "smaller at ED, larger at ES": np.where(at_systole, larger, smaller),
    "larger at ED, smaller at ES": np.where(at_systole, smaller, larger),
}


# %%
def judge(mask: np.ndarray) -> dict:
    """Mean Dice over patients, and mean error of the EF in points."""
    counted = clinical.count_phases(hearts, mask)
    error = clinical.measure_patients(counted)["error"].mean()
    return {"Dice": evaluation.dice_of_patients(counted, case="phase").mean(), "bias of the EF": error}


lessons.show_table(pd.DataFrame({name: judge(mask) for name, mask in made.items()}).T)

# %% [markdown]
# Does that happen with real networks? Two of the study's comparison looked like it: from one
# training each they had nearly one Dice, and EFs two points apart. We found them by looking at all
# pairs, which is how one finds accidents. Then both were trained twice more. What is left?

# %%
stored = {"dataset": "Sunnybrook", "profile": "5 folds, 12 epochs"}
pair = question.pair_table()
runs = stored_names("comparison", question.PAIR)
reporting.save_table(pair, "13_pair", **stored, runs=runs)
print(" against ".join(question.PAIR))
lessons.show_table(pair)

# %% [markdown]
# Hardly anything: the interval of the EF now holds 0. It was the two trainings that differed, not the
# two networks. Masks of one Dice can have very different EFs, as the table before shows; whether a
# *kind of network* has that, one training cannot say.

# %% [markdown]
# ## Which slices make a volume? Two rules
#
# The base moves down when the heart contracts, so that the uppermost slice may hold the ventricle
# at ED and no longer at ES. The expert then outlines it in one phase only. In how many slices?
#
# - `all`: every outlined slice counts. That is what a volume is.
# - `paired`: a slice that is outlined in one phase only counts in neither. The challenge of 2009
#   did so.

# %%
phases = counts.groupby(["patient", "slice"])["phase"].nunique()
print(f"{(phases == 1).sum()} of {len(phases)} slices are outlined in one phase only")
rules = {rule: clinical.measure_patients(counts, rule) for rule in clinical.RULES}
both = pd.DataFrame({rule: table["ef_truth"] for rule, table in rules.items()})
both["change"] = both["paired"] - both["all"]
lessons.show_table(both.groupby(patients["pathology"]).mean(), 1)

# %% [markdown]
# The rule removes blood that was there at ED and lets a good heart look worse. (The phantom's base
# stands still: there it changes nothing.) For all 45 patients of Sunnybrook, the expert's masks by
# both rules, beside what the Cardiac Atlas publishes of the same patients:

# %%
experts = question.experts_table()
reporting.save_table(experts, "13_experts", **stored, runs=stored_names(question.EVERYBODY))
lessons.show_table(experts, 1)


# %% [markdown]
# Before you compare an EF with a published one, ask by which rule, and on whose outlines. For the
# failing hearts the masks of this copy and the atlas differ, and the last two columns say at which
# phase: pixels for each mL of the atlas would be one number if both had measured alike.
#
# ## One slice at the base
#
# Our network is only asked about slices that the expert outlined. A real one must find out itself
# where the ventricle ends. Suppose every outline is perfect, but the uppermost slice is left out
# in one of the phases.

# %%
def without_base(phase: str) -> pd.DataFrame:
    """Patients measured with the expert's masks, less the most basal slice of one phase."""
    mask, table = hearts.masks.copy(), hearts.table
    mask[table[table["phase"] == phase].groupby("case")["slice"].idxmin()] = 0
    counted = clinical.count_phases(hearts, mask)
    dice = evaluation.dice_of_patients(counted, case="phase")
    return clinical.measure_patients(counted).join(dice)


left_out = {phase: without_base(phase) for phase in ("ED", "ES")}
means = {f"no base at {phase}": rows[["dice", "error"]].mean() for phase, rows in left_out.items()}
lessons.show_table(pd.DataFrame(means).T)

# %%
fig, axes = plotting.new_figure(1, 1, width=6.2, height=3.8)
marks = {"ED": (plotting.PALETTE[0], "o"), "ES": (plotting.PALETTE[5], "s")}
for phase, (colour, mark) in marks.items():
    rows = left_out[phase]
    axes[0, 0].scatter(rows["dice"], rows["error"], s=26, color=colour, marker=mark,
                       label=f"base left out at {phase} (n = {len(rows)})")
axes[0, 0].axhline(0, color="0.6", linewidth=0.8)
axes[0, 0].set(xlabel="Dice per patient", ylabel="error of the EF (points)")
axes[0, 0].legend(frameon=False, fontsize=9)
reporting.save_figure(fig, "13_base", **live)
plt.show()

# %% [markdown]
# One slice, all others perfect, and the EF is off by as much as the whole network is, or more. The
# Dice hardly says so.
#
# ## The study's networks
#
# Last the stored results: the committed network and its relatives on the literature's test
# patients, and networks that learnt from more than twice as many (five folds). Which of them has a
# bias that is clear of 0? Do the limits get narrower with the Dice?

# %%
networks = question.protocols_table()
columns = ["dice", "bias", "bias_low", "bias_high", "lower", "upper"]
networks = networks.set_index(["protocol", "network"])[columns]
lessons.show_table(networks, dict.fromkeys(columns[1:], 1))

# %% [markdown]
# ## What we saw
#
# - The ejection fraction needs two masks and no pixel size; three lines compute it.
# - A correlation is no agreement. Bias and limits of agreement say what the next patient may
#   expect, and their intervals say how little a few patients tell.
# - A mean error can hide groups that err in opposite directions, and volumes that are both wrong.
# - Dice counts wrong pixels and forgets their sign. Masks with one Dice can have different EF errors.
# - A counting rule, or one slice at the base, can move the EF as much as all outlines together.
#
# ## Limits
#
# The expert's outlines are one reading; another reader would differ too, and here we have no
# second one. Which slices to outline was decided for the network; where it must decide that itself,
# expect larger errors.
# Limits of agreement assume that differences are about normal and alike for all hearts; here they
# fall with the EF, so that one pair of limits is too wide for some hearts and too narrow for
# others. A group has a handful of patients. And of all the test patients some have a label that
# the audit of notebook 11 suspects.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/13_ejection_fraction.ipynb):
#
# 1. A network draws everything a tenth too large in both phases. What are its Dice and its EF error?
# 2. How wrong can a method be whose correlation is perfect?
# 3. How far off is the EF if the base is left out at ES?
# 4. How are bias and limits of agreement computed, if a value is missing?
# 5. Can you make masks with a Dice above 0.9 and an EF that is 8 points too low?
#
# To try yourself, in this notebook:
#
# - Leave out the patient with the largest error. What happens to bias and limits, and would you
#   be allowed to report that?
# - The makers of this data set call a heart failing below an EF of 40 %. How many patients stand
#   on another side of 40 % by the network than by the expert? Is that a better score than the mean
#   absolute error?
# - Fit the line of differences over means (`slope` of `clinical.agreement`) and correct the
#   network with it. On which patients must you fit, and on which may you judge?
#
# Next: [your own data](16_own_data.ipynb)
