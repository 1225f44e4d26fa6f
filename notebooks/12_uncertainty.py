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
# # 12 · Uncertainty: does the network know when it is wrong?
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/seglib/seglib/blob/main/notebooks/12_uncertainty.ipynb)
#
# [Previous: the label audit](11_label_audit.ipynb) ·
# [Next: ejection fraction](13_ejection_fraction.ipynb)
#
# You will learn
#
# - to check whether a network that says 0.8 is right 8 times of 10, first by hand;
# - why that check looks good on any network until you choose which pixels count;
# - to mend confidence with one number, and to see what that number cannot mend;
# - whether networks that disagree point at the patients they get wrong.
#
# In the `quick` profile this notebook reads back one network of the comparison: about 1 minute
# on 2 CPU cores, and two more if it must train it first. The rest is read from stored runs.

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
from seglib import lessons, plotting, reporting, uncertainty
from study.questions.uncertainty import read_uncertainty
from study.results import read_manifest, stored_figure

lessons.describe_environment()

# %%
study = lessons.open_study(PROFILE, DATASET, SEED)
print(f"{study.slices.name}: train {len(study.split.train)}, validate "
      f"{len(study.split.validation)} patients; "
      "this split's test patients are not used by the network trained here")

# %% [markdown]
# ## What the network says
#
# So far we cut the network's answer at 0.5 and looked at the mask. Here is the answer before
# the cut, for validation patients. Where is it grey?

# %%
run = lessons.train_for(study, seglib.get_recipe("unet", PROFILE))
probabilities = seglib.predict(run.model, study.validation.images, run.recipe.preprocessing)
rows = lessons.middle_slices(study.validation)
fig = plotting.show_probabilities(study.validation.take(rows), probabilities[rows])
reporting.save_figure(fig, "12_probabilities", **study.labels, runs=[run.id])
plt.show()

# %% [markdown]
# A trained network is grey along the outline, if anywhere. The question is whether the grey
# values mean what they say.
#
# ## Reliability by hand
#
# Take all pixels to which the network gives about 0.8. If 8 of 10 lie inside the expert's
# mask, it keeps its word there. So: sort the pixels into bins by probability, and compare
# the mean probability of each bin with the share of true pixels.
#
# Only the crop that the network sees counts; outside it nobody was asked.

# %%
crop = run.recipe.preprocessing.masks  # cuts the crop out of any stack
p, truth = crop(probabilities), crop(study.validation.masks)
edges = np.arange(uncertainty.BINS + 1) / uncertainty.BINS
by_hand = []
for low, high in zip(edges[:-1], edges[1:], strict=True):
    inside = (p >= low) & ((p < high) | ((high == 1) & (p == 1)))
    if inside.any():
        by_hand.append((low, inside.sum(), p[inside].mean(dtype=float), truth[inside].mean()))
by_hand = pd.DataFrame(by_hand, columns=["from", "pixels", "probability", "true"])
lessons.show_table(by_hand)

# %% [markdown]
# Two numbers sum this up. The **expected calibration error** is the mean distance between
# the last two columns, each bin counted by its pixels. The **Brier score** is the mean
# squared distance of each pixel's probability from its truth, 0 or 1; it asks for sharp
# answers too, not only for honest ones.

# %%
gap = (by_hand["probability"] - by_hand["true"]).abs()
ece = (gap * by_hand["pixels"]).sum() / by_hand["pixels"].sum()
brier = np.mean((p.astype(float) - truth) ** 2)
print(f"expected calibration error {ece:.4f}, Brier score {brier:.4f}")

# %% [markdown]
# The library keeps the sums by case, so that they can be stored and patients resampled. This is the
# whole function; its neighbours are in [`seglib.uncertainty`](../seglib/uncertainty).

# %%
print(inspect.getsource(uncertainty.reliability_table))

# %% [markdown]
# It agrees:

# %%
everywhere = uncertainty.reliability_table(p, truth, study.validation.table)
curve = uncertainty.reliability_curve(everywhere)
assert np.allclose(curve[["probability", "true"]], by_hand[["probability", "true"]])
assert np.isclose(uncertainty.expected_calibration_error(everywhere), ece)
assert np.isclose(uncertainty.brier_score(everywhere), brier)
lessons.show_table(curve)

# %% [markdown]
# ## Which pixels count?
#
# Look at the column `pixels` once more. In a trained network most are at the two ends: air,
# lungs, and the middle of the ventricle, which hardly any network gets wrong. They make a
# network look calibrated whatever it does at the outline.
#
# So we count the pixels **within 5 pixels of the predicted outline** by themselves. Of the
# *predicted* one: to choose pixels by the expert's outline is to choose them by their
# answer, and then an honest network looks dishonest.

# %%
near = uncertainty.near_outline(p >= 0.5)
outline = uncertainty.reliability_table(p, truth, study.validation.table, counted=near)
tables = {"whole crop": everywhere, "near the predicted outline": outline}
print(f"near the outline: {near.mean():.1%} of the crop")
lessons.show_table(pd.DataFrame({
    name: uncertainty.calibration_scores(table)["value"] for name, table in tables.items()
}), 4)

# %% [markdown]
# The diagram shows the same. Below the dotted line there is less foreground than promised,
# above it more. A network too sure of itself lies above the line left of 0.5 and below it right
# of 0.5. Check the lower panel before you believe a point: how many pixels are behind it?

# %%
fig = uncertainty.plot_reliability(tables)
reporting.save_figure(fig, "12_reliability_live", **study.labels, runs=[run.id])
plt.show()

# %% [markdown]
# Bars are 95 % intervals over patients, and these are a handful: enough to learn to read the
# diagram, too few to judge the network.
#
# ## The study's networks
#
# From here on everything is read from stored tables: the U-Net of the five-fold comparison, every
# Sunnybrook patient predicted by networks that never saw it
# ([cross-validation](../docs/glossary.md#cross-validation)). `single` is one network, `ensemble`
# the mean probability of several that differ by their [seed](../docs/glossary.md#seed) alone.

# %%
about = read_manifest("uncertainty")
calibration = uncertainty.compare_calibration(read_uncertainty("reliability"))
print(f"{about['patients']} patients, seeds {about['seeds']}")
lessons.show_table(calibration[["ece", "ece_low", "ece_high", "mce", "brier"]], 4)

# %% [markdown]
# The interval of the calibration error is over patients; the largest error is that of the worst bin.
# Read the rows `none` first, `near` against `all`: the same network, the same answers.
#
# ## One number to mend it
#
# **Temperature scaling** divides the network's logits by one number. Above 1 it pulls all
# probabilities towards 0.5, below 1 away from it. 0.5 itself stays, so the mask and its
# [Dice](../docs/glossary.md#dice) do not change at all.

# %%
said = np.array([0.05, 0.2, 0.5, 0.8, 0.95])
scaled = {f"temperature {t}": uncertainty.apply_temperature(said, t) for t in (0.5, 1, 1.5, 3)}
lessons.show_table(pd.DataFrame({"said": said} | scaled))

# %% [markdown]
# The number is fitted, so it must not be fitted on the patients it is judged on. For each
# fold it comes from the other four. Do the five agree?

# %%
lessons.show_table(pd.DataFrame(about["temperatures"]).T.rename_axis("network"), 2)

# %% [markdown]
# The temperature was fitted near the outline. In the [report](../reports/README.md)'s figure, do
# the points come nearer to the diagonal, and is it the same on both halves of it? What one number
# does to all logits alike cannot bend a curve that is wrong on one side only.

# %%
stored_figure("reliability",
              "Share that is true over the probability said, before and after scaling")

# %% [markdown]
# And elsewhere? A remedy for the outline also touches the pixels far from it, which may not
# have needed one. Below zero is better after scaling.

# %%
change = (calibration.xs("temperature", level="scaling")
          - calibration.xs("none", level="scaling"))[["ece", "mce", "brier"]]
lessons.show_table(change, 4)

# %% [markdown]
# ## Does doubt find the patients that fail?
#
# A clinic does not ask about pixels. It asks: *which patients should a human look at?* Some
# measures of doubt, none of which needs the expert's mask:

# %%
members = read_uncertainty("members")
patients = uncertainty.patients_of(members).join(members.groupby("patient")["pathology"].first())
measures = {name: text for name, text in uncertainty.MEASURES.items() if name in patients}
lessons.show_table(pd.Series(measures, name="is"))

# %% [markdown]
# The last one is no doubt at all, only size. It is here because a small heart has much outline for
# its area and so a lower Dice: a measure of doubt that merely notices
# small hearts would look clever. Which way do you expect the points to run?

# %%
stored_figure("doubt", "Dice of each patient over three measures of doubt")

# %% [markdown]
# *rho* is Spearman's correlation with Dice: at -1 the order of doubt would be the order of
# failure. *rho at like size* is what is left of it among hearts of like size. As in notebook 06, a
# correlation is shown if its [p-value](../docs/glossary.md#p-value), adjusted for all measures, lies below 0.05.

# %%
judged = uncertainty.judge_measures(patients)
lessons.show_table(judged, 2)

# %%
for name, row in judged.drop(index="smallness").iterrows():
    more = row["rho_at_size"] < 0 and row["p_holm_at_size"] < 0.05
    verdict = "says more than size" if more else "not shown to say more than size"
    print(f"{name}: rho {row['rho']:+.2f}, at like size {row['rho_at_size']:+.2f}: {verdict}")

# %% [markdown]
# ## Sending the doubtful ones to a human
#
# Suppose the most doubtful patients are drawn by hand and the network keeps the rest. How
# good is the rest? The dashed line is an oracle that knows every Dice: nothing can be above
# it. The grey band is what sending patients at random would do. Leave it, and the measure does
# better than chance. Does it do better than size?

# %%
stored_figure("risk_coverage", "Mean Dice of the patients kept over the share sent to a human")

# %% [markdown]
# In numbers, when about a fifth are sent:

# %%
some = [name for name in ("disagreement", "entropy_single", "smallness") if name in patients]
fifth = {}
for name in some:
    curve = uncertainty.risk_coverage(patients[name], patients["dice"])
    fifth[name] = curve.loc[(curve["sent"] - 0.2).abs().idxmin()]
lessons.show_table(pd.DataFrame(fifth).T[["sent", "dice", "oracle", "random", "random_high"]])

# %% [markdown]
# Last, the patients themselves. Are the most doubtful ones those with the lowest Dice? A low
# Dice that comes without doubt is the dangerous kind: the network is wrong and sure.

# %%
ranks = pd.DataFrame({
    "dice": patients["dice"],
    "rank of dice": patients["dice"].rank(),
    "rank of doubt": patients[some[0]].rank(ascending=False, na_option="top"),
})
lessons.show_table(ranks.sort_values("dice").head(8))

# %% [markdown]
# ## What we saw
#
# - A reliability diagram is a table of means by bin; it takes ten lines.
# - Over all pixels a calibration error can be small only because most pixels are easy. Say
#   which pixels count, and choose them without looking at the answer.
# - A temperature changes how sure the network sounds, not what it says: masks and Dice stay.
#   It is fitted on other patients than it is judged on, and it acts on all pixels alike.
# - Doubt that follows Dice may follow size. Compare with size alone before you call it
#   insight.
# - The curve of kept patients answers the practical question; the correlation does not.
#
# ## Limits
#
# Pixels of one image are not independent, and a large heart brings more of them; only the
# intervals are over patients. Even a perfectly calibrated network has an error above 0 with
# finitely many pixels. The expert's outline is one of several possible, so near it no
# network can be sure and right. Members differ by seed alone: what all of them learnt
# wrongly, they agree on. And all patients come from one data set; calibration is the first
# thing to go on images from elsewhere.
#
# ## Exercises
#
# [With feedback, in a notebook of their own](exercises/12_uncertainty.ipynb):
#
# 1. A network always says 0.03 in a crop: what are its calibration error and its Brier score?
# 2. How dishonest does an honest network look, if pixels are chosen by the answer?
# 3. Which temperature turns 0.8 into 0.6?
# 4. How is a calibration error computed, and what spoils it?
# 5. How good are the patients that are kept when the most doubtful are sent to a human?
#
# To try yourself, in this notebook:
#
# - Choose the near pixels by the expert's outline, `near_outline(truth)`. What happens to
#   the lowest bin, and why?
# - Fit a temperature to the network trained above, on the validation patients
#   (`seglib.uncertainty.fit_temperature`). Is it near the stored ones? Why may you not
#   report its effect on the same patients?
# - Measure with 5 and with 50 bins. Which score depends on the bins, and which does not?
# - Give each patient the same weight instead of each pixel. Whose bins are noisy now?
#
# Next: [ejection fraction](13_ejection_fraction.ipynb)
