"""Which class is taken for which: confusion matrices of several classes, and their Dice.

A matrix holds pixel counts: rows are the expert's classes, columns the network's, so the
diagonal is what both agree on. Background has its row and column here, for a tissue lost
to background is an error too; a mean with background in it is shown only to say what it
hides, never as a result (`seglib.evaluation.tables` has the results).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from seglib.evaluation.scores import check_prediction
from seglib.evaluation.tables import MEAN_OF_CLASSES
from seglib.slices import SliceSet

#: Columns that `class_dice` adds to those of the classes.
MEAN, MEAN_WITH_BACKGROUND = MEAN_OF_CLASSES, "mean with background"


def confusion_matrix(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """Pixels of a whole set, counted by the expert's class and the network's.

    Args:
        slices: Its masks are the expert's.
        prediction: ``(N, H, W, 1)`` integer class indices on the same grid.

    Returns:
        ``(K, K)`` counts; index ``expert`` and columns ``network`` are class names.

    Raises:
        DataError: The prediction does not fit the set.
    """
    counts = _counts(slices, prediction).sum(axis=0)
    names = slices.class_names
    return pd.DataFrame(
        counts, pd.Index(names, name="expert"), pd.Index(names, name="network"), dtype=np.int64
    )


def matrices_by_patient(slices: SliceSet, prediction: np.ndarray) -> dict[str, pd.DataFrame]:
    """The matrix of each patient, all its slices pooled; arguments as `confusion_matrix`.

    Returns:
        One matrix a patient, sorted by name.

    Raises:
        DataError: The prediction does not fit the set.
    """
    check_prediction(slices, prediction)
    matrices = {}
    for patient in slices.patients:
        rows = np.flatnonzero(slices.table["patient"] == patient)
        matrices[patient] = confusion_matrix(slices.take(rows), prediction[rows])
    return matrices


def normalise_rows(matrix: pd.DataFrame) -> pd.DataFrame:
    """Counts to shares of the expert's pixels: each row adds up to 1.

    The diagonal then is the sensitivity (recall) of each class. A row of a class that the
    expert never drew becomes NaN.
    """
    totals = matrix.sum(axis=1)
    return matrix.div(totals.where(totals > 0), axis=0)


def class_dice(matrices: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Dice of every class of every patient, background too, with both means beside it.

    Args:
        matrices: From `matrices_by_patient`.

    Returns:
        One row a patient; a column for each class, then ``"mean of classes"`` (without
        background: the one to report) and ``"mean with background"`` (what system 4
        reported). A class that neither has is NaN and left out of the means.
    """
    rows = {}
    for patient, matrix in matrices.items():
        counts = matrix.to_numpy(float)
        both, total = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
        rows[patient] = 2 * both / np.where(total > 0, total, np.nan)
    classes = next(iter(matrices.values())).index
    dice = pd.DataFrame.from_dict(rows, orient="index", columns=list(classes))
    means = {MEAN: dice.iloc[:, 1:].mean(axis=1), MEAN_WITH_BACKGROUND: dice.mean(axis=1)}
    return dice.assign(**means).rename_axis("patient")


def _counts(slices: SliceSet, prediction: np.ndarray) -> np.ndarray:
    """``(N, K, K)`` pixel counts of each slice."""
    check_prediction(slices, prediction)
    k = slices.num_classes
    # Slice by slice: counting all at once would need eight bytes for each pixel of the set.
    return np.array(
        [
            np.bincount((k * truth.astype(np.intp) + found).ravel(), minlength=k * k)
            for truth, found in zip(slices.masks, prediction, strict=True)
        ]
    ).reshape(-1, k, k)
