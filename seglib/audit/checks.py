"""Looking closer at labels: shifts and contrast."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import ndimage, signal

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
