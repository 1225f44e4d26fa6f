"""The judge of the 2009 Sunnybrook challenge, rebuilt, and its count in short.

The challenge gave its entrants a program that compares closed outlines, and the papers on this set
report what it prints. Its rules:

- A **case** is a patient, both phases together. Only frames that the expert drew on are looked at.
- The **average perpendicular distance** (APD) of a predicted outline: from each of its points,
  along its own normal, to the expert's outline; the mean, times the pixel side. A point whose
  normal does not meet the expert's outline is left out. Version 1.0 also leaves out points whose
  distance is exactly 0; version 0.9 counts them. Which zeros are exact hangs on rounding, so the
  APD that version 1.0 would print lies between the two given here.
- A **good contour** has an APD below a limit, 4 mm in version 0.9 and 5 mm in version 1.0. A frame
  without a predicted outline is not good. The share of good contours is of all the expert drew.
- **Dice** is of the pixels inside both outlines, in 2-D.
- APD and Dice of a case are **means over its good contours**; what is reported is the mean over
  cases. Failures drop out of both means and show in the share alone.

Where this differs, on purpose or because the PNG set holds masks and no outlines:

- Outlines are traced through the centres of a mask's border pixels. Of several pieces the one with
  the longest outline counts and its holes are filled, as Tran 2016 entered his masks.
- The tangent at a point joins its two neighbours, and the normal is cut with the expert's outline
  itself; the program fits a line through three points of each.
- Version 1.0 does not measure an outline of 15 points or fewer, nor one that lies on the expert's
  everywhere, and then counts it among the good ones, but in no mean. Here everything is measured:
  the second has an APD of 0, and what has no distance is not good.

Sources:
    Radau et al. 2009, Evaluation framework for algorithms segmenting short axis cardiac MRI,
    https://doi.org/10.54294/g80ruo. The program (Matlab) by Radau and Lu: version 0.9 is
    https://github.com/yinglilu/MICCAI-2009-left-ventricle-segmentation-challenge; version 1.0 came
    with the data. Tran 2016, https://arxiv.org/abs/1604.00494, and its code,
    https://github.com/vuptran/cardiac-segmentation.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from seglib.errors import DataError
from seglib.evaluation.scores import check_prediction, overlap_scores
from seglib.evaluation.surface import Spacing, surface_distances
from seglib.slices import SliceSet


class Rule(NamedTuple):
    """What the versions of the challenge's program do differently.

    Attributes:
        limit: APD in mm below which a contour is good.
        touching: Whether points that lie on the expert's outline count, with 0.
    """

    limit: float
    touching: bool


#: By version: 11 May 2009, and 29 June 2009, by which Tran 2016 and Avendi 2016 report.
RULES = {"0.9": Rule(4.0, touching=True), "1.0": Rule(5.0, touching=False)}


def trace_outline(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The one closed outline that the judge sees of a mask.

    Args:
        mask: ``(H, W)``, non-zero inside.

    Returns:
        ``(P, 2)`` float row and column of its points, in order, the first not repeated; and
        ``(H, W)`` bool, True on and inside it. Both are empty where the mask is.
    """
    pieces, _ = cv2.findContours(
        (np.asarray(mask) != 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    inside = np.zeros(np.shape(mask), np.uint8)
    if not pieces:
        return np.empty((0, 2)), inside.astype(bool)
    longest = max(pieces, key=len)
    cv2.drawContours(inside, [longest], -1, 1, cv2.FILLED)
    return longest[:, 0, ::-1].astype(float), inside.astype(bool)


def perpendicular_distances(outline: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The way from each point of an outline, along its normal, to another outline.

    Args:
        outline: ``(P, 2)`` points of a closed outline in order, the first not repeated.
        reference: ``(R, 2)`` corners of the other one, likewise; its sides are straight.

    Returns:
        ``(P,)`` distances to the nearest crossing on either side, in the unit of the points;
        infinite where the normal does not meet the reference.

    Raises:
        DataError: One of the two has fewer than three points, which enclose nothing.
    """
    outline, reference = np.asarray(outline, float), np.asarray(reference, float)
    if len(outline) < 3 or len(reference) < 3:
        raise DataError(
            f"an outline needs three points, found {len(outline)} and {len(reference)} points"
        )
    before, after = np.roll(outline, 1, axis=0), np.roll(outline, -1, axis=0)
    tangents = after - before
    tips = ~tangents.any(axis=1)  # a spike one pixel wide: the normal points along it
    tangents[tips] = (outline - before)[tips][:, ::-1] * (1, -1)
    tangents /= np.maximum(np.hypot(*tangents.T), np.finfo(float).tiny)[:, None]
    normals = tangents[:, ::-1] * (1, -1)
    corners = reference - outline[:, None]  # (P, R, 2)
    # Each corner in the frame of each point: off its normal to one side, and along it.
    aside, along = (np.einsum("prk,pk->pr", corners, axis) for axis in (tangents, normals))
    next_aside, next_along = np.roll(aside, -1, axis=1), np.roll(along, -1, axis=1)
    span = aside - next_aside
    share = np.divide(aside, span, out=np.zeros_like(aside), where=span != 0)
    crossing = np.abs(along + share * (next_along - along))
    # A side that lies on the normal: 0 if it holds the point, else its nearer end.
    ends = np.minimum(np.abs(along), np.abs(next_along))
    crossing = np.where(span == 0, np.where(along * next_along <= 0, 0.0, ends), crossing)
    return np.where(aside * next_aside <= 0, crossing, np.inf).min(axis=1)


def average_perpendicular_distance(
    outline: np.ndarray, reference: np.ndarray, *, touching: bool = True
) -> float:
    """The mean of `perpendicular_distances` over the points that have one.

    Args:
        outline: As `perpendicular_distances`.
        reference: Likewise.
        touching: Whether points that lie on the reference count, see `Rule`.

    Returns:
        The mean in the unit of the points; 0 where all points touch. NaN where there is none: no
        normal meets the reference, or one of the two has fewer than three points.
    """
    if min(len(outline), len(reference)) < 3:
        return float("nan")
    distances = perpendicular_distances(outline, reference)
    distances = distances[np.isfinite(distances)]
    if not touching and distances.any():
        distances = distances[distances > 0]
    return float(distances.mean()) if len(distances) else float("nan")


def judge_contours(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """Compare each contour that the expert drew with the predicted one.

    Args:
        slices: Its masks are the expert's; every class but the background is inside.
        prediction: ``(N, H, W, 1)`` class indices on the same grid.

    Returns:
        One row a slice with an expert's contour: ``patient``, ``case``, ``slice``,
        ``distance_0.9`` and ``distance_1.0``, the APD in **pixels** by each of `RULES` (NaN
        where nothing comparable is predicted), and ``dice``.

    Raises:
        DataError: The prediction does not fit the set.
    """
    check_prediction(slices, prediction)
    rows = []
    for index in np.flatnonzero(slices.masks.any(axis=(1, 2, 3))):
        expert, expert_inside = trace_outline(slices.masks[index, ..., 0])
        outline, inside = trace_outline(prediction[index, ..., 0])
        distances = {
            f"distance_{version}": average_perpendicular_distance(
                outline, expert, touching=rule.touching
            )
            for version, rule in RULES.items()
        }
        frame = slices.table.loc[index, ["patient", "case", "slice"]].to_dict()
        rows.append(frame | distances | {"dice": overlap_scores(expert_inside, inside)["dice"]})
    return pd.DataFrame(rows)


def judge_cases(
    contours: pd.DataFrame, spacing: float | pd.Series, version: str = "1.0"
) -> pd.DataFrame:
    """What the challenge's program prints of each case.

    Args:
        contours: From `judge_contours`.
        spacing: Pixel side in mm, one for all or one for each row of `contours`.
        version: Of the program, one of `RULES`.

    Returns:
        Index ``patient``: ``contours`` that the expert drew, ``good_contours``,
        ``good_share`` of them, and over the good ones the mean ``distance`` in mm and the mean
        ``dice``; both are NaN for a case without a good contour.

    Raises:
        DataError: A pixel side is missing (the limit is in mm), or there is no such version.
    """
    if version not in RULES:
        raise DataError(f"no version {version!r} of the judge; choose from {', '.join(RULES)}")
    if np.any(np.isnan(spacing)):
        raise DataError("the challenge's limits are in mm, but a pixel side is unknown; assume one")
    measured = contours.assign(distance=contours[f"distance_{version}"] * spacing)
    good = measured[measured["distance"] < RULES[version].limit].groupby("patient")
    cases = measured.groupby("patient")["slice"].count().to_frame("contours")
    cases["good_contours"] = good["slice"].count().reindex(cases.index, fill_value=0)
    cases["good_share"] = cases["good_contours"] / cases["contours"]
    return cases.join(good[["distance", "dice"]].mean())


def good_contours(
    truth: np.ndarray, prediction: np.ndarray, spacing: Spacing | None, limit: float = 5.0
) -> dict:
    """The challenge's count in short, for the tables of every set: good contours and their Dice.

    As the rules above, but of one phase, with all pieces of a mask, and by the mean way from
    the predicted border pixels to the nearest one of the expert's. `judge_contours` follows the
    normals, as the program does.

    Args:
        truth: ``(S, H, W)``, non-zero inside.
        prediction: Same shape.
        spacing: Pixel side in mm, or ``(row, column)``; None if unknown, and then
            nothing is counted, for the limit is in mm.
        limit: Largest mean distance of a good contour, in mm.

    Returns:
        ``contours``, ``good_contours``, ``good_share`` (NaN without contours) and
        ``good_dice``, the mean Dice over the good ones (NaN if there are none).
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
