"""Scores of one pair of hard masks: overlap, surface distances, good contours.

- **Both masks empty**: every score is NaN, so that it stays out of means (nnU-Net's
  rule).
- **Only one empty**: Dice, Jaccard, precision, recall and surface Dice are 0, HD95
  and ASSD are NaN, and the pair counts as ``missed`` (nothing predicted) or
  ``false_positive`` (nothing was there). Precision without a prediction is 0 / 0;
  calling it 0 keeps a miss from dropping out of the mean.

How distances are measured stands in `seglib.evaluation.surface`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seglib.errors import DataError
from seglib.evaluation.surface import Spacing, surface_distances
from seglib.slices import SliceSet

if TYPE_CHECKING:
    from seglib.slices import SliceSet

OVERLAP_METRICS = ("dice", "jaccard", "precision", "recall")


def binary(mask: np.ndarray, what: str) -> np.ndarray:
    """A hard mask as booleans, non-zero being inside.

    Raises:
        DataError: The mask is neither bool nor integer.
    """
    mask = np.asarray(mask)
    if mask.dtype != bool and not np.issubdtype(mask.dtype, np.integer):
        raise DataError(
            f"the {what} holds {mask.dtype} values; scores are of hard masks, so threshold "
            "it first (seglib.inference.prediction.to_mask)"
        )
    return mask != 0


def is_known(spacing: Spacing | None) -> bool:
    """Whether a spacing is given and free of NaN."""
    return spacing is not None and not np.any(np.isnan(spacing))


def overlap_scores(truth: np.ndarray, prediction: np.ndarray) -> dict:
    """Dice, Jaccard, precision and recall of two binary masks of any one shape.

    Returns:
        The four scores in [0, 1] (NaN when both masks are empty, all 0 when one is),
        ``truth_voxels``, ``predicted_voxels``, ``overlap_voxels``, and ``missed`` and
        ``false_positive`` as 0 or 1.

    Raises:
        DataError: The shapes differ, or a mask is not of a bool or integer type.
    """
    truth, prediction = binary(truth, "truth"), binary(prediction, "prediction")
    if truth.shape != prediction.shape:
        raise DataError(f"truth is {truth.shape} but the prediction is {prediction.shape}")
    a, b = int(truth.sum()), int(prediction.sum())
    both = int(np.sum(truth & prediction))
    if a and b:
        scores = (2 * both / (a + b), both / (a + b - both), both / b, both / a)
    else:
        scores = (float("nan") if a == b else 0.0,) * 4
    return {
        **dict(zip(OVERLAP_METRICS, scores, strict=True)),
        "truth_voxels": a,
        "predicted_voxels": b,
        "overlap_voxels": both,
        "missed": int(a > 0 and b == 0),
        "false_positive": int(a == 0 and b > 0),
    }


def score_case(
    truth: np.ndarray,
    prediction: np.ndarray,
    spacing: Spacing | None = None,
    *,
    tolerance: float = 2.0,
) -> dict:
    """All scores of one case.

    Args:
        truth: ``(S, H, W)`` volume or ``(H, W)`` slice, bool or integer, non-zero
            inside.
        prediction: Same shape and types.
        spacing: Pixel side in mm, or ``(row, column)``: distances inside each slice,
            pooled. ``(slice, row, column)``: distances through a dense volume. None
            or NaN: unknown, distances in pixels.
        tolerance: Tolerance of the surface Dice, in the unit of the distances.

    Returns:
        ``dice``, ``jaccard``, ``precision``, ``recall``, ``hd95``, ``assd``,
        ``surface_dice``, the ``tolerance`` and ``unit`` ("mm" or "px") of these
        distances, the voxel counts, ``slices``, ``slices_unmatched``, ``missed`` and
        ``false_positive``.

    Raises:
        DataError: The masks are not hard or do not fit each other or the spacing.
    """
    overlap = overlap_scores(truth, prediction)
    known = is_known(spacing)
    distances = surface_distances(truth, prediction, spacing if known else 1.0)
    scores = {metric: overlap.pop(metric) for metric in OVERLAP_METRICS}
    return {
        **scores,
        "hd95": distances.hausdorff(95.0),
        "assd": distances.assd(),
        "surface_dice": distances.surface_dice(tolerance),
        "tolerance": tolerance,
        "unit": "mm" if known else "px",
        **overlap,
        "slices": len(truth) if np.ndim(truth) == 3 else 1,
        "slices_unmatched": distances.slices_unmatched,
    }


def check_prediction(slices: SliceSet, prediction: np.ndarray) -> None:
    """Refuse what cannot be scored.

    Args:
        slices: What was predicted.
        prediction: ``(N, H, W, 1)``, bool or integer class indices, native grid.

    Raises:
        DataError: The set is empty, or the prediction does not fit it.
    """
    if not len(slices):
        raise DataError(f"{slices.name} holds no slices, so there is nothing to score")
    if prediction.shape != slices.masks.shape:
        raise DataError(
            f"the prediction has shape {prediction.shape}, expected {slices.masks.shape}: "
            "one mask per slice, on the grid of the images"
        )
    binary(prediction[:0], "prediction")
    if prediction.min() < 0 or prediction.max() >= slices.num_classes:
        raise DataError(
            f"the prediction holds class {prediction.max()}, but {slices.name} has "
            f"{slices.num_classes} classes (background included); are these grey values?"
        )
