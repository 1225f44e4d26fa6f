"""Tables of scores: by case, by slice, by patient, and a summary with its doubt.

Rules, stated once:

- Masks are hard and on the native grid. All voxels of a case are pooled before a
  ratio is formed; cases are averaged into their patient; patients into the mean.
  Cases of one heart are not independent, so intervals resample patients.
- NaN (both masks empty, or no distance) stays out of every mean; a case where only
  one mask is empty has Dice 0 and is counted as missed or false positive
  (`seglib.evaluation.scores`).
- Background is never a class of its own and never in a mean.
- Distances are in mm where the spacing of every case is known, otherwise in pixels
  for all cases; the column ``unit`` says which (`seglib.evaluation.surface`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from seglib.errors import DataError
from seglib.evaluation.challenge import good_contours
from seglib.evaluation.intervals import bootstrap_interval
from seglib.evaluation.scores import (
    OVERLAP_METRICS,
    check_prediction,
    is_known,
    overlap_scores,
    score_case,
)
from seglib.evaluation.surface import Spacing, surface_distances
from seglib.progress import progress
from seglib.slices import SliceSet

#: Every score that is averaged, in the order of the tables.
METRICS = (*OVERLAP_METRICS, "hd95", "assd", "surface_dice", "good_share", "good_dice")
#: Every count that is summed.
COUNTS = (
    "truth_voxels",
    "predicted_voxels",
    "overlap_voxels",
    "slices",
    "slices_unmatched",
    "contours",
    "good_contours",
    "missed",
    "false_positive",
)
#: Name of the extra rows of a summary of several classes.
MEAN_OF_CLASSES = "mean of classes"


def score_cases(
    slices: SliceSet,
    prediction: np.ndarray,
    *,
    tolerance: float = 2.0,
    assumed_spacing: float | None = None,
    good_limit: float = 5.0,
) -> pd.DataFrame:
    """Score every case of a set.

    Distances are measured inside each slice. A table with the column
    ``slice_spacing`` (mm between slice centres) marks dense volumes: where it is
    known, distances run through the volume, in the order of the column ``slice``.

    Args:
        slices: Images' masks are the truth; ``case`` in the table says what is pooled.
        prediction: ``(N, H, W, 1)``, bool or integer class indices, native grid.
        tolerance: Tolerance of the surface Dice, in mm (or pixels, see ``unit``).
        assumed_spacing: Pixel side in mm used for the good contours of cases whose
            spacing is unknown; without it these have none. It never turns the
            distances into mm.
        good_limit: Limit of a good contour in mm, see `good_contours`.

    Returns:
        One row per case and foreground class: ``case``, ``patient``, ``phase``,
        ``pathology``, ``class``, all that `score_case` and `good_contours` give,
        ``contour_spacing`` (mm, used for the good contours; NaN if there was none)
        and ``contour_spacing_assumed``.

    Raises:
        DataError: The set is empty, the prediction does not fit it, a case has two
            spacings, or a dense volume lacks slices.
    """
    check_prediction(slices, prediction)
    table = slices.table
    cases = list(slices.cases())
    spacings = [_spacing_of(table.loc[index]) for index in cases]
    in_mm = all(is_known(spacing) for spacing in spacings)
    labels = ["case", "patient", "phase", "pathology", *(["group"] if "group" in table else [])]
    with progress(f"Scoring {len(cases)} cases", len(cases), "case") as done:
        rows = []
        for index, spacing in zip(cases, spacings, strict=True):
            first = table.loc[index[0]]
            known = is_known(spacing)
            side = np.atleast_1d(spacing)[-1] if known else assumed_spacing
            for class_name, a, b in _classes(slices, prediction, index):
                row = first[labels].to_dict() | {"class": class_name}
                row |= score_case(a, b, spacing if in_mm else None, tolerance=tolerance)
                row |= good_contours(a, b, side, good_limit)
                row["contour_spacing"] = float("nan") if side is None else float(side)
                row["contour_spacing_assumed"] = side is not None and not known
                rows.append(row)
            done(1)
    return pd.DataFrame(rows)


def per_slice(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """Slice-level scores, to look for where a network fails. Never the headline.

    Returns:
        One row per slice and foreground class, in the set's order: the whole table
        of the set, ``class``, the overlap scores and pixel counts of the slice, and
        ``contour_distance``, the slice's ASSD in ``unit``.

    Raises:
        DataError: The prediction does not fit the set.
    """
    check_prediction(slices, prediction)
    rows = []
    for i, columns in enumerate(slices.table.to_dict("records")):
        known = is_known(columns["spacing"])
        for class_name, a, b in _classes(slices, prediction, np.array([i])):
            distances = surface_distances(a[0], b[0], columns["spacing"] if known else 1.0)
            row = columns | {"class": class_name} | overlap_scores(a, b)
            rows.append(
                row | {"contour_distance": distances.assd(), "unit": "mm" if known else "px"}
            )
    return pd.DataFrame(rows)


def per_patient(per_case: pd.DataFrame) -> pd.DataFrame:
    """The mean of each patient's cases; counts are summed.

    Args:
        per_case: From `score_cases`. Names that share a value in the column ``group`` are
            one patient (one scan with two labels, say), called by that value.

    Returns:
        One row per patient and class: ``patient``, ``pathology``, ``class``,
        ``cases``, ``unit``, ``tolerance``, the metrics (mean over the cases that have
        one) and the counts (sum; ``missed`` and ``false_positive`` count cases).

    Raises:
        DataError: Rows in mm and in pixels, or of two tolerances, are mixed.
    """
    for column in ("unit", "tolerance"):
        if per_case[column].nunique() > 1:
            raise DataError(
                f"the table mixes the {column}s {sorted(per_case[column].unique())}; "
                "score these cases separately"
            )
    unit = per_case["group" if "group" in per_case else "patient"].rename("patient")
    groups = per_case.groupby([unit, "class"], sort=True)
    firsts = groups[["pathology", "unit", "tolerance"]].first()
    sizes = groups.size().rename("cases")
    means = groups[list(METRICS)].mean()
    sums = groups[list(COUNTS)].sum()
    return pd.concat([firsts, sizes, means, sums], axis=1).reset_index()


def best_median_worst(per_case: pd.DataFrame, metric: str = "dice") -> dict[str, pd.Series]:
    """The rows of three cases that say more than a mean; neither is picked by hand.

    Args:
        per_case: From `score_cases`, one class. Of cases that share a value in the column
            ``group`` (one scan with two labels, say) the first stands for all.
        metric: What cases are ranked by; higher is better. Cases without one stay out.

    Returns:
        The rows under ``"best"``, ``"median"`` and ``"worst"``.

    Raises:
        DataError: No case has a value.
    """
    ranked = per_case.dropna(subset=[metric])
    if "group" in ranked:
        ranked = ranked.drop_duplicates("group")
    ranked = ranked.sort_values(metric, ascending=False)
    if ranked.empty:
        raise DataError(f"no case has a value of {metric} to rank by")
    places = {"best": 0, "median": len(ranked) // 2, "worst": len(ranked) - 1}
    return {word: ranked.iloc[place] for word, place in places.items()}


def summarise(per_case: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Mean over patients of every metric, with a 95 % bootstrap interval.

    Args:
        per_case: From `score_cases`.
        resamples: Resamples of the bootstrap over patients.
        seed: Its seed.

    Returns:
        Index ``metric`` (with several foreground classes ``class`` and ``metric``,
        and rows ``"mean of classes"`` over each patient's classes). Columns ``mean``,
        ``sd`` (between patients, n - 1), ``median``, ``low`` and ``high`` (95 %
        interval of the mean), ``n`` (patients that have the metric), ``missed`` and
        ``false_positive`` (cases), and ``unit`` ("mm" or "px"; for the surface Dice
        its tolerance; empty for a ratio).

    Raises:
        DataError: Units or tolerances are mixed.
    """
    patients = per_patient(per_case)
    parts = {str(name): rows for name, rows in patients.groupby("class", sort=False)}
    if len(parts) == 1:
        return _summary(patients, resamples, seed)
    columns = {**dict.fromkeys(METRICS, "mean"), **dict.fromkeys(COUNTS, "sum")}
    columns |= {"unit": "first", "tolerance": "first"}
    parts[MEAN_OF_CLASSES] = patients.groupby("patient", as_index=False).agg(columns)
    tables = {name: _summary(rows, resamples, seed) for name, rows in parts.items()}
    return pd.concat(tables, names=["class"])


def _summary(patients: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    unit, tolerance = patients["unit"].iloc[0], patients["tolerance"].iloc[0]
    units = {"hd95": unit, "assd": unit, "surface_dice": f"within {tolerance:g} {unit}"}
    rows = {}
    for metric in METRICS:
        values = patients[metric].dropna()
        low, high = bootstrap_interval(values.to_numpy(), resamples=resamples, seed=seed)
        rows[metric] = {
            "mean": values.mean(),
            "sd": values.std(),
            "median": values.median(),
            "low": low,
            "high": high,
            "n": len(values),
            "missed": int(patients["missed"].sum()),
            "false_positive": int(patients["false_positive"].sum()),
            "unit": units.get(metric, ""),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("metric")


def _classes(
    slices: SliceSet, prediction: np.ndarray, index: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """``(class name, truth, prediction)`` of each foreground class, ``(S, H, W)`` bool."""
    truth, predicted = slices.masks[index, ..., 0], prediction[index, ..., 0]
    for k, class_name in enumerate(slices.class_names[1:], start=1):
        yield class_name, truth == k, predicted == k


def _spacing_of(rows: pd.DataFrame) -> Spacing:
    columns = [c for c in ("slice_spacing", "spacing") if c in rows]
    values = rows[columns].drop_duplicates()
    if len(values) > 1:
        raise DataError(
            f"case {rows['case'].iloc[0]} has {len(values)} spacings, expected one: "
            f"{values.to_dict('records')[:3]}"
        )
    first = values.iloc[0]
    side, between = float(first["spacing"]), float(first.get("slice_spacing", np.nan))
    if not is_known(between):
        return side
    if not np.all(np.diff(rows["slice"]) == 1):
        raise DataError(
            f"case {rows['case'].iloc[0]} has a slice spacing, but its slices do not follow one "
            "another without gaps; distances through the volume need all of them"
        )
    return between, side, side
