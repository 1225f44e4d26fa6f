"""The label audit of Sunnybrook: all patients judged by networks that never saw them.

And how far a label must be displaced to be found: faults planted to test the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from seglib import reporting
from seglib.audit.pictures import plot_ranking, show_suspects
from seglib.audit.ranking import Audit, rank_slices, rank_suspects
from seglib.datasets import sunnybrook
from seglib.errors import DataError
from seglib.evaluation.counts import COUNTS, count_slices
from seglib.slices import SliceSet
from study.jobs import Job, cross_validation
from study.questions import heart
from study.questions.networks import comparison_recipes
from study.results import STORED, read_masks, read_results, stored_names
from study.section import labels


def jobs(slices: SliceSet) -> list[Job]:
    """Out-of-fold predictions of every patient, the wrong one left in."""
    return cross_validation("audit", {"unet": comparison_recipes()["unet"]}, slices)


EXPERIMENTS = {"audit": heart.experiment(jobs)}


def read_audit(slices: SliceSet, experiment: str = "audit", stored: Path = STORED) -> Audit:
    """A stored experiment's out-of-fold masks, put in the order of `slices`.

    Args:
        slices: The set that was audited, or some of its patients.
        experiment: An experiment that predicts each slice once.
        stored: Where results are kept.

    Raises:
        SeglibError: Nothing is stored.
        DataError: A slice has no stored mask, or other labels than it had then.
    """
    names = stored_names(experiment, stored=stored)
    counts = read_results(experiment, "per_slice", stored=stored)
    masks = np.concatenate([read_masks(name, stored) for name in names])
    known, asked = (
        pd.MultiIndex.from_frame(table[["case", "slice"]]) for table in (counts, slices.table)
    )
    rows = known.get_indexer(asked)
    if (rows < 0).any():
        case, slice_ = asked[rows < 0][0]
        raise DataError(f"{experiment} has no mask of {case}, slice {slice_}, of {slices.name}")
    per_slice = count_slices(slices, masks[rows])
    differs = per_slice[COUNTS].to_numpy() != counts[COUNTS].to_numpy()[rows]
    if differs.any():
        case, slice_ = asked[differs.any(axis=1)][0]
        raise DataError(
            f"{case}, slice {slice_}: the label is not the one that {experiment} was counted with"
        )
    return Audit(slices, masks[rows], per_slice, tuple(names))


def move(masks: np.ndarray, y: int, x: int) -> np.ndarray:
    """Move masks ``(N, H, W, 1)`` by whole pixels; what leaves the image is lost."""
    moved = np.zeros_like(masks)
    height, width = masks.shape[1:3]
    if abs(y) < height and abs(x) < width:
        target = (slice(max(y, 0), height + min(y, 0)), slice(max(x, 0), width + min(x, 0)))
        source = (slice(max(-y, 0), height + min(-y, 0)), slice(max(-x, 0), width + min(-x, 0)))
        moved[:, *target] = masks[:, *source]
    return moved


def displace(slices: SliceSet, patient: str, pixels: float, seed: int | None = None) -> SliceSet:
    """Plant a fault: displace one patient's labels against its images.

    Args:
        slices: A set with right labels.
        patient: Whose labels to displace.
        pixels: How far.
        seed: Each slice goes its own way, drawn with this seed; None moves all of them
            to the right.

    Raises:
        DataError: There is no such patient.
    """
    rows = np.flatnonzero(slices.table["patient"] == patient)
    if not len(rows):
        raise DataError(f"no such patient in {slices.name}: {patient}")
    angles = np.zeros(len(rows))
    if seed is not None:
        angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(rows))
    masks = slices.masks.copy()
    for row, angle in zip(rows, angles, strict=True):
        y, x = round(pixels * np.sin(angle)), round(pixels * np.cos(angle))
        masks[row] = move(slices.masks[row : row + 1], y, x)[0]
    return replace(slices, masks=masks)


def find_displaced_patients(
    slices: SliceSet, prediction: np.ndarray, pixels: Sequence[float], seed: int = 0
) -> pd.DataFrame:
    """How far must a patient's labels be displaced to be found?

    Each patient in turn is displaced, alone, and ranked among all others. The predictions
    stay as they are: that one wrong patient would also have spoilt the training of the
    other folds' networks a little is left out.

    Args:
        slices: A set with right labels.
        prediction: ``(N, H, W, 1)`` out-of-fold masks.
        pixels: Displacements to try.
        seed: Of the directions; each slice has its own.

    Returns:
        ``pixels``, ``patient`` and ``rank`` (1: the first to be looked at), one row for each
        displacement and patient.
    """
    right = rank_suspects(count_slices(slices, prediction)).set_index("patient")["dice"]
    found = []
    for patient in slices.patients:
        rows = np.flatnonzero(slices.table["patient"] == patient)
        one, others = slices.take(rows), right.drop(patient)
        for distance in pixels:
            counts = count_slices(displace(one, patient, distance, seed), prediction[rows])
            wrong = rank_suspects(counts).at[1, "dice"]
            found.append((distance, patient, 1 + int((others < wrong).sum())))
    return pd.DataFrame(found, columns=["pixels", "patient", "rank"])


def find_displaced_slices(
    slices: SliceSet,
    prediction: np.ndarray,
    pixels: Sequence[float],
    *,
    trials: int = 100,
    seed: int = 0,
) -> pd.DataFrame:
    """As `find_displaced_patients`, for single slices: is the gap better than Dice?

    Args:
        slices: A set with right labels.
        prediction: ``(N, H, W, 1)`` out-of-fold masks.
        pixels: Displacements to try.
        trials: Slices drawn, the same for each displacement.
        seed: Of the draw and of the directions.

    Returns:
        ``pixels``, ``case``, ``slice``, and the rank of the displaced slice: ``gap_rank``
        in `seglib.audit.rank_slices`, ``dice_rank`` in a list sorted by Dice.
    """
    rng = np.random.default_rng(seed)
    counts = count_slices(slices, prediction)
    found = []
    for row in rng.choice(len(slices), min(trials, len(slices)), replace=False):
        one = slices.take([row])
        patient, case, number = one.table.loc[0, ["patient", "case", "slice"]]
        for distance in pixels:
            planted = counts.copy()
            moved = displace(one, patient, distance, seed=int(row))
            planted.loc[row] = count_slices(moved, prediction[[row]]).loc[0]
            ranked = rank_slices(planted)
            at = ranked.index[(ranked["case"] == case) & (ranked["slice"] == number)][0]
            lower = int((ranked["dice"] < ranked.at[at, "dice"]).sum())
            found.append((distance, case, number, at, 1 + lower))
    return pd.DataFrame(found, columns=["pixels", "case", "slice", "gap_rank", "dice_rank"])


def tables(folder: Path) -> None:
    """Write all patients, the most suspect labels first."""
    suspects = rank_suspects(read_results("audit", "per_slice"))
    reporting.save_table(suspects, "audit_suspects", **labels("audit"), folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the ranking, and the first five suspects."""
    note = labels("audit")
    found = read_audit(slices)
    suspects = rank_suspects(found.per_slice)
    ranking = plot_ranking(suspects, wrong=sunnybrook.WRONG_LABELS)
    reporting.save_figure(ranking, "audit_ranking", **note, folder=folder)
    pictures = show_suspects(found.slices, found.prediction, suspects.head(5))
    reporting.save_figure(pictures, "audit_suspects", **note, folder=folder)


def suspects_table() -> str:
    """The ten most suspect patients as a short Markdown table."""
    suspects = rank_suspects(read_results("audit", "per_slice")).head(10)
    columns = ["patient", "pathology", "dice", "z", "area_ratio", "worst_slice"]
    shown = suspects[[column for column in columns if column in suspects]]
    return reporting.to_markdown(shown).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"suspects": suspects_table()}
