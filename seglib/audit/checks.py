"""Looking closer at labels: shifts, contrast, and faults planted to test the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import ndimage, signal

from seglib.audit.ranking import rank_slices, rank_suspects
from seglib.errors import DataError
from seglib.evaluation.counts import count_slices, dice_of_counts
from seglib.slices import SliceSet


class Shift(NamedTuple):
    """How to move an expert's mask so that it lies best on the predicted one.

    Attributes:
        y: Pixels downwards.
        x: Pixels to the right.
        dice: Dice of the two masks after the move.
    """

    y: float
    x: float
    dice: float


def mask_shift(truth: np.ndarray, prediction: np.ndarray) -> Shift:
    """The whole-pixel move of the expert's mask that brings its Dice to the highest value.

    If the Dice is good after the move, the label has the right shape in the wrong place.
    If it is not, the two differ in more than place. Among equally good moves (a small
    mask inside a large one) the middle one is taken.

    Args:
        truth: ``(H, W)`` or ``(H, W, 1)``, non-zero inside.
        prediction: Same as `truth`.

    Returns:
        The move; all NaN if one of the masks is empty.
    """
    shape = truth.shape[:2]
    truth, prediction = (np.reshape(mask, shape) != 0 for mask in (truth, prediction))
    if not (truth.any() and prediction.any()):
        return Shift(np.nan, np.nan, np.nan)
    # Only the boxes around the masks are correlated: the rest is empty.
    (a, a_corner), (b, b_corner) = (_box(mask) for mask in (truth, prediction))
    overlap = np.round(signal.correlate(b.astype(float), a.astype(float), method="fft"))
    best = np.argwhere(overlap == overlap.max())
    middle = best[np.square(best - best.mean(axis=0)).sum(axis=1).argmin()]
    y, x = middle - (np.array(a.shape) - 1) + b_corner - a_corner
    return Shift(float(y), float(x), float(2 * overlap.max() / (a.sum() + b.sum())))


def _box(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smallest box around a mask, and its corner ``(y, x)``."""
    rows, columns = ndimage.find_objects(mask.astype(np.uint8))[0]
    return mask[rows, columns], np.array([rows.start, columns.start])


def shifts(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """`mask_shift` of each slice.

    Args:
        slices: The set with its labels.
        prediction: ``(N, H, W, 1)`` uint8.

    Returns:
        ``case``, ``patient``, ``slice``, ``y``, ``x`` (the move in pixels), ``distance``
        (its length), ``dice`` (as it is) and ``moved_dice`` (after the move).
    """
    counts = count_slices(slices, prediction)
    moves = [mask_shift(a, b) for a, b in zip(slices.masks, prediction, strict=True)]
    table = pd.DataFrame(moves, columns=Shift._fields).rename(columns={"dice": "moved_dice"})
    return counts[["case", "patient", "slice"]].assign(
        y=table["y"],
        x=table["x"],
        distance=np.hypot(table["y"], table["x"]),
        dice=dice_of_counts(counts),
        moved_dice=table["moved_dice"],
    )


def contrast(image: np.ndarray, mask: np.ndarray, ring: int = 3) -> float:
    """How much brighter an image is inside a mask than just around it. No network needed.

    Blood is bright and the muscle around it dark, so a mask that fits has a clear
    contrast, and one that lies beside the heart has none. Other organs or other
    contrasts need another check of this kind.

    Args:
        image: ``(H, W)`` or ``(H, W, C)``.
        mask: ``(H, W)`` or ``(H, W, 1)``, non-zero inside.
        ring: Width in pixels of the surroundings.

    Returns:
        Mean inside minus mean of the ring, in standard deviations of both together; NaN
        if the mask is empty or leaves no ring, or if all of it has one grey value.
    """
    inside = np.reshape(mask, image.shape[:2]) != 0
    wide = ndimage.binary_dilation(inside, np.ones((3, 3)), iterations=ring)
    spread = image[wide].std() if inside.any() else 0.0
    if spread == 0 or (wide == inside).all():
        return float("nan")
    return float((image[inside].mean() - image[wide & ~inside].mean()) / spread)


def contrast_per_patient(slices: SliceSet, ring: int = 3) -> pd.Series:
    """Median `contrast` of each patient's slices, the lowest first."""
    values = [contrast(*pair, ring) for pair in zip(slices.images, slices.masks, strict=True)]
    by_patient = pd.Series(values, name="contrast").groupby(slices.table["patient"])
    return by_patient.median().sort_values(kind="stable")


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
