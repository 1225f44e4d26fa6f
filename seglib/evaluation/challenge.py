"""The count by which the Sunnybrook challenge ranked: good contours."""

from __future__ import annotations

import numpy as np

from seglib.evaluation.scores import overlap_scores
from seglib.evaluation.surface import Spacing, surface_distances


def good_contours(
    truth: np.ndarray, prediction: np.ndarray, spacing: Spacing | None, limit: float = 5.0
) -> dict:
    """The Sunnybrook challenge's count: contours that are near enough, and their Dice.

    A contour (a slice the expert drew on) is good when the mean distance of the
    predicted outline to the expert's is below `limit`. Failures drop out of
    ``good_dice``, and a tiny contour weighs as much as a large one; ``good_share`` says
    how many are left. A slice without a prediction is not good.

    Args:
        truth: ``(S, H, W)``, non-zero inside.
        prediction: Same shape.
        spacing: Pixel side in mm, or ``(row, column)``; None if unknown, and then
            nothing is counted, for the limit is in mm.
        limit: Largest mean distance of a good contour, in mm.

    Returns:
        ``contours``, ``good_contours``, ``good_share`` (NaN without contours) and
        ``good_dice``, the mean Dice over the good ones (NaN if there are none).

    Source:
        Radau et al. 2009, Evaluation framework for algorithms segmenting short axis
        cardiac MRI (the average perpendicular distance).
    """
    dice = []
    contours = 0
    for a, b in zip(truth, prediction, strict=True):
        if spacing is None or not np.any(a):
            continue
        contours += 1
        distances = surface_distances(a, b, spacing).from_prediction
        if len(distances) and distances.mean() < limit:
            dice.append(overlap_scores(a, b)["dice"])
    return {
        "contours": contours,
        "good_contours": len(dice),
        "good_share": len(dice) / contours if contours else float("nan"),
        "good_dice": float(np.mean(dice)) if dice else float("nan"),
    }
