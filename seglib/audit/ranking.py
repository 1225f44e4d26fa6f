"""Label audit: which labels disagree most with networks that never saw them?

Each patient is predicted by a network trained on other patients only. Where expert and
network disagree far more than usual, one of the two is wrong; which one, only a look at
the picture can tell. `seglib.audit.checks` measures how.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seglib.errors import DataError
from seglib.evaluation.counts import COUNTS, count_slices, dice_of_counts, dice_of_patients
from seglib.preprocessing.volumes import normalised_for
from seglib.slices import SliceSet
from seglib.splits.patients import patient_folds

if TYPE_CHECKING:
    from seglib.recipes.recipe import Recipe

#: A patient's own median means something from so many slices on.
_OWN_MEDIAN = 3


@dataclass(frozen=True)
class Audit:
    """Predictions of all slices by networks that saw nothing of their patient.

    Attributes:
        slices: What was audited.
        prediction: ``(N, H, W, 1)`` uint8 masks on the native grid.
        per_slice: ``N`` rows of pixel counts, see `count_slices`.
        runs: Names of the trainings, one a fold.
    """

    slices: SliceSet
    prediction: np.ndarray
    per_slice: pd.DataFrame
    runs: tuple[str, ...]


def audit(slices: SliceSet, recipe: Recipe, folds: int = 5, seed: int = 0) -> Audit:
    """Train one network a fold and predict each patient with the one that did not see it.

    A patient's cases stay together. Trainings are stored as runs: a call that was
    stopped goes on where it was.

    Args:
        slices: Images and the labels in doubt; several foreground classes count as one.
        recipe: What to train. It need not be the best network, only a fair one. It does not
            stop early, whatever its patience: no patient is left over to watch.
        folds: Networks to train; each sees all patients but one part in so many.
        seed: Of the folds and of the trainings.

    Raises:
        DataError: There are fewer than two folds, or fewer patients than folds, or the
            labels that a network would be trained with are all empty.
        SeglibError: The recipe's loss is not one for so many classes.
    """
    # Here, so that ranking stored counts needs no backend.
    from seglib.inference.prediction import predict_set, to_mask
    from seglib.training.runs import train

    if folds < 2:
        raise DataError(f"{folds} fold(s): an audit needs 2 or more, or nobody would be left out")
    if recipe.patience:  # nobody is left to watch: all train or are held out
        schedule = "constant" if recipe.schedule == "plateau" else recipe.schedule
        recipe = replace(recipe, patience=0, schedule=schedule)
    if not slices.masks.any():
        raise DataError(f"all {len(slices)} labels of {slices.name} are empty: nothing to audit")
    splits = patient_folds(slices, folds, seed)
    labelled = set(slices.table["patient"][slices.masks.any(axis=(1, 2, 3))])
    for split in splits:
        if not labelled & set(split.train):
            raise DataError(
                f"only {', '.join(sorted(labelled))} of {len(slices.patients)} patients have a "
                "label that is not empty, and are left out together, so the network that judges "
                "them would learn nothing; an audit needs more patients with the structure"
            )
    ready = normalised_for(recipe.preprocessing, slices)
    prediction = np.zeros_like(slices.masks)
    runs = []
    for split in splits:
        run = train(recipe, ready.of_patients(split.train), seed=seed)
        held_out = np.flatnonzero(slices.table["patient"].isin(split.test))
        probabilities = predict_set(run.model, ready.take(held_out), recipe.preprocessing)
        prediction[held_out] = to_mask(probabilities)
        runs.append(run.id)
    return Audit(slices, prediction, count_slices(slices, prediction), tuple(runs))


def gap(counts: pd.DataFrame) -> pd.Series:
    """About how far apart the two outlines of each slice lie, in pixels.

    The pixels that only one mask has, over the length of the outline, taken as that of a
    circle of the mean area. Dice makes a small mask suspicious for being small: one
    pixel all around costs the apex far more than the base. The gap is about 1 in both.

    Returns:
        At least 0; 0 where both masks are empty.
    """
    total = counts["truth"] + counts["predicted"]
    outline = np.sqrt(2 * np.pi * total)  # of a circle of area total / 2
    return ((total - 2 * counts["overlap"]) / outline.where(total > 0, 1)).rename("gap")


def robust_z(values: pd.Series) -> pd.Series:
    """How unusual each value is: its distance from the median, in scaled MADs.

    The median absolute deviation (MAD) is scaled by 1.4826, so that it is the standard
    deviation for normal values. Unlike that, it is not stretched by the very outliers
    that are looked for. If more than half of the values are equal, every other one is
    infinitely unusual.

    Source:
        Iglewicz and Hoaglin 1993, How to detect and handle outliers.
    """
    distance = values - values.median()
    scale = 1.4826 * distance.abs().median()
    return (distance / scale).where(distance != 0, 0.0).where(values.notna())


def rank_suspects(per_slice: pd.DataFrame) -> pd.DataFrame:
    """Patients, the one whose labels disagree most with the prediction first.

    Args:
        per_slice: Out-of-fold pixel counts, with the columns ``case``, ``patient``,
            ``slice``, ``truth``, ``predicted`` and ``overlap``.

    Returns:
        Index ``rank`` from 1. ``patient``; ``dice`` (pixels of a case pooled, mean of the
        patient's cases); ``z``, how unusual that is (`robust_z`, negative below the
        median); ``gap`` (median over its slices, see `gap`); ``area_ratio`` (pixels
        predicted over pixels labelled); ``slices``; and the slice with the widest gap:
        ``worst_case``, ``worst_slice``, ``worst_gap``. A patient with neither label nor
        prediction has no Dice and comes last.

    Raises:
        DataError: A column is missing, or there is no row.
    """
    _check_columns(per_slice)
    scores = dice_of_patients(per_slice)
    gaps = per_slice.assign(gap=gap(per_slice))
    by_patient = gaps.groupby("patient")
    sums = by_patient[COUNTS].sum()
    worst = gaps.loc[by_patient["gap"].idxmax()].set_index("patient")
    ranked = pd.DataFrame(
        {
            "dice": scores,
            "z": robust_z(scores),
            "gap": by_patient["gap"].median(),
            "area_ratio": sums["predicted"] / sums["truth"],
            "slices": by_patient.size(),
            "worst_case": worst["case"],
            "worst_slice": worst["slice"],
            "worst_gap": worst["gap"],
        }
    )
    return _numbered(ranked.sort_values("dice", kind="stable").rename_axis("patient").reset_index())


def rank_slices(per_slice: pd.DataFrame) -> pd.DataFrame:
    """Slices, the one that disagrees most for its patient first.

    A single wrong label hides in a patient's pooled Dice. Here each slice is measured
    against the other slices of its patient, so that one which is wrong as a whole does
    not fill the list.

    Args:
        per_slice: As `rank_suspects`.

    Returns:
        Index ``rank`` from 1. ``row`` (place in `per_slice`, from 0), ``case``, ``patient``,
        ``slice``, ``truth``, ``predicted``, ``dice``; ``gap`` (see there); ``usual_gap``, the
        patient's median (of all patients where there are fewer than 3 slices); ``z``, the
        gap beyond the usual one in scaled MADs over all slices.

    Raises:
        DataError: A column is missing, or there is no row.
    """
    _check_columns(per_slice)
    gaps = gap(per_slice)
    groups = gaps.groupby(per_slice["patient"])
    usual = groups.transform("median").where(groups.transform("size") >= _OWN_MEDIAN, gaps.median())
    beyond = gaps - usual
    scale = 1.4826 * beyond.abs().median()
    columns = per_slice[["case", "patient", "slice", "truth", "predicted"]]
    rows = pd.Series(np.arange(len(columns)), columns.index, name="row")
    ranked = pd.concat([rows, columns], axis=1).assign(
        dice=dice_of_counts(per_slice),
        gap=gaps,
        usual_gap=usual,
        z=(beyond / scale).where(beyond != 0, 0.0),
    )
    order = ranked.sort_values(["z", "gap"], ascending=False, kind="stable")
    return _numbered(order.reset_index(drop=True))


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="rank"))


def _check_columns(per_slice: pd.DataFrame) -> None:
    wanted = ["case", "patient", "slice", *COUNTS]
    missing = [column for column in wanted if column not in per_slice]
    if missing:
        raise DataError(f"the counts lack the column(s) {', '.join(missing)}")
    if per_slice.empty:
        raise DataError("there are no slices to rank")
