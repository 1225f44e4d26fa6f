"""Pixel counts of each slice, from which any Dice can be formed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seglib.evaluation.scores import check_prediction
from seglib.slices import SliceSet

#: Pixel counts of a slice: of the expert's mask, of the predicted one, of both together.
COUNTS = ["truth", "predicted", "overlap"]


#: Columns of the set's table that stand beside them.
_KEPT = ["case", "patient", "slice", "phase", "pathology"]


def count_slices(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """Count the pixels of each slice.

    Args:
        slices: The set with its labels.
        prediction: ``(N, H, W, 1)`` uint8 class indices.

    Returns:
        ``case``, ``patient``, ``slice``, ``phase``, ``pathology``, and foreground pixels:
        ``truth`` (expert), ``predicted``, and ``overlap`` where both give the same class.

    Raises:
        DataError: The prediction does not fit the set.
    """
    check_prediction(slices, prediction)
    agreed = (slices.masks == prediction) & (prediction > 0)
    pixels = [np.count_nonzero(a, axis=(1, 2, 3)) for a in (slices.masks, prediction, agreed)]
    return slices.table[_KEPT].assign(**dict(zip(COUNTS, pixels, strict=True)))


def dice_of_counts(counts: pd.DataFrame, prefix: str = "") -> pd.Series:
    """Hard Dice of each row of pixel counts; NaN where both masks are empty.

    Args:
        counts: With the columns `COUNTS`.
        prefix: What stands before their names, e.g. ``"network_"``.
    """
    truth, predicted, overlap = (counts[f"{prefix}{name}"] for name in COUNTS)
    both = truth + predicted
    return 2 * overlap / both.where(both > 0)


def dice_of_patients(counts: pd.DataFrame, case: str = "case") -> pd.Series:
    """Hard Dice of each patient: the pixels of a case pooled, the mean of the patient's cases.

    Args:
        counts: One row a slice, with ``patient`` and the columns `COUNTS`.
        case: Column that tells a patient's cases apart.

    Returns:
        ``dice`` by ``patient``. Cases where both masks are empty stay out; NaN if all are.
    """
    pooled = counts.groupby(["patient", case])[COUNTS].sum()
    return dice_of_counts(pooled).groupby("patient").mean().rename("dice")
