"""Lesions found and missed, one by one, and what empty slices do to a mean.

A Dice of 0.8 does not tell whether a second, small tumour was overlooked. Here each
connected piece of the expert's mask is one lesion; it is found if the prediction
overlaps it enough, and a piece of the prediction that touches no lesion is a false
alarm.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage

from seglib.errors import DataError
from seglib.evaluation.counts import COUNTS, count_slices, dice_of_counts
from seglib.evaluation.scores import check_prediction
from seglib.slices import SliceSet

#: Neighbours by face, edge or corner: 26 in a volume.
_CONNECTED = np.ones((3, 3, 3))


def count_lesions(
    truth: np.ndarray, prediction: np.ndarray, min_overlap: float = 0.0
) -> dict[str, int]:
    """Lesions of one case.

    Args:
        truth: ``(S, H, W)`` expert's mask, non-zero inside; slices in order, no gaps.
        prediction: Same shape.
        min_overlap: A lesion is found if more than this share of its voxels is
            predicted; 0 lets a single voxel do. False alarms do not depend on it.

    Returns:
        ``lesions`` (26-connected pieces of the truth), ``found``, ``missed``,
        ``predicted`` (pieces of the prediction) and ``false_alarms`` (those that touch
        no lesion).
    """
    inside, said = truth != 0, prediction != 0
    pieces, lesions = ndimage.label(inside, structure=_CONNECTED)
    alarms, predicted = ndimage.label(said, structure=_CONNECTED)
    volumes = np.bincount(pieces.ravel(), minlength=lesions + 1)[1:]
    covered = np.bincount(pieces[said], minlength=lesions + 1)[1:]
    found = int((covered > min_overlap * volumes).sum())
    touching = np.unique(alarms[inside & said])
    return {
        "lesions": lesions,
        "found": found,
        "missed": lesions - found,
        "predicted": predicted,
        "false_alarms": predicted - len(touching),
    }


def lesion_detection(
    slices: SliceSet, prediction: np.ndarray, min_overlap: float = 0.0
) -> pd.DataFrame:
    """Lesions of every case, and the slices where something was seen that is not there.

    Args:
        slices: A set with one foreground class; each case's slices follow one another.
        prediction: ``(N, H, W, 1)``, bool or integer, native grid.
        min_overlap: As `count_lesions`.

    Returns:
        One row a case: ``case``, ``patient``, the counts of `count_lesions`,
        ``empty_slices`` (the expert drew nothing there), ``false_positive_slices`` (of
        these, with a prediction), ``tumour_slices`` (the others) and ``missed_slices``
        (of these, without one).

    Raises:
        DataError: The prediction does not fit the set, or a case lacks slices, so that
            what is joined through them cannot be told.
    """
    check_prediction(slices, prediction)
    rows = []
    for order in slices.cases():
        of_case = slices.table.loc[order]
        case = of_case["case"].iloc[0]
        if not (np.diff(of_case["slice"]) == 1).all():
            raise DataError(
                f"case {case} has the slices {of_case['slice'].tolist()[:8]} ...: they do not "
                "follow one another, so lesions cannot be joined from slice to slice"
            )
        truth, said = slices.masks[order, ..., 0], prediction[order, ..., 0]
        empty, silent = ~truth.any(axis=(1, 2)), ~said.any(axis=(1, 2))
        rows.append(
            {
                "case": case,
                "patient": of_case["patient"].iloc[0],
                **count_lesions(truth, said, min_overlap),
                "empty_slices": int(empty.sum()),
                "false_positive_slices": int((empty & ~silent).sum()),
                "tumour_slices": int((~empty).sum()),
                "missed_slices": int((~empty & silent).sum()),
            }
        )
    return pd.DataFrame(rows)


def summarise_lesions(detection: pd.DataFrame) -> dict[str, float]:
    """Rates over all cases together.

    Args:
        detection: From `lesion_detection`.

    Returns:
        ``sensitivity`` (lesions found / lesions), ``precision`` (pieces of the prediction
        that touch a lesion / pieces; 0 where nothing is predicted but there are lesions,
        as in `seglib.evaluation.scores`), ``f1`` (their harmonic mean), ``false_alarms_per_case``,
        ``false_positive_slice_share`` (of the empty slices) and ``missed_slice_share``
        (of those with tumour). NaN where there is nothing to divide by.
    """
    total = detection.select_dtypes("number").sum()

    def share(part: float, whole: float) -> float:
        return float(part / whole) if whole else float("nan")

    sensitivity = share(total["found"], total["lesions"])
    precision = share(total["predicted"] - total["false_alarms"], total["predicted"])
    if not total["predicted"] and total["lesions"]:
        precision = 0.0
    return {
        "sensitivity": sensitivity,
        "precision": precision,
        "f1": share(2 * sensitivity * precision, sensitivity + precision),
        "false_alarms_per_case": share(total["false_alarms"], len(detection)),
        "false_positive_slice_share": share(total["false_positive_slices"], total["empty_slices"]),
        "missed_slice_share": share(total["missed_slices"], total["tumour_slices"]),
    }


def dice_by_empty_rule(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """Each patient's Dice under three rules for empty slices.

    Args:
        slices: A set with one foreground class.
        prediction: ``(N, H, W, 1)``, bool or integer, native grid.

    Returns:
        As `count_by_empty_rule`.

    Raises:
        DataError: The prediction does not fit the set.
    """
    return count_by_empty_rule(count_slices(slices, prediction))


def count_by_empty_rule(per_slice: pd.DataFrame) -> pd.DataFrame:
    """Each patient's Dice under three rules for empty slices, from counts of pixels.

    Args:
        per_slice: One row a slice: ``patient``, ``truth``, ``predicted`` and ``overlap``, as
            `seglib.evaluation.count_slices` gives them.

    Returns:
        Index ``patient``. ``pooled``: all pixels of the patient together, the study's
        rule, to which empty slices add nothing unless something is predicted there.
        ``empty_left_out``: mean of the slices' Dice, those empty in both masks left out
        (nnU-Net's rule). ``empty_is_one``: the same, but an empty pair counts as 1, so
        that the score rises with the number of slices without tumour.
    """
    counts = per_slice[COUNTS]
    patient = per_slice["patient"].rename("patient")
    dice = dice_of_counts(counts)
    return pd.DataFrame(
        {
            "pooled": dice_of_counts(counts.groupby(patient).sum()),
            "empty_left_out": dice.groupby(patient).mean(),
            "empty_is_one": dice.fillna(1.0).groupby(patient).mean(),
        }
    )
