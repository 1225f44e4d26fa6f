"""Volumes at the ends of diastole and systole, and the ejection fraction between them.

A volume is a count of pixels times the size of one. In the ejection fraction that size
cancels, so that counts alone give it, as long as both phases of a patient are on one grid:

    EF = 100 % * (ED - ES) / ED

The tables here have a row a patient. What cannot be said is NaN, and the column ``reason``
says why; a negative ejection fraction can be said and is kept, for it shows a wrong mask or
phases that were taken for each other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from seglib.errors import DataError
from seglib.evaluation.counts import count_slices
from seglib.slices import SliceSet

#: End-diastole (the fullest heart) and end-systole, as a table's column ``phase`` names them.
PHASES = ("ED", "ES")

#: Which slices make a volume.
RULES = {
    "all": "every slice counts",
    "paired": "slices that the expert did not outline in one of the phases count in neither",
}

#: Columns that hold a mask's pixels, and whose mask it is.
MASKS = {"truth": "expert", "predicted": "prediction"}

#: Columns that a volume in mL needs besides: mm in the slice, mm between slice centres.
SIZES = ["spacing", "slice_spacing"]


def ejection_fraction(
    diastolic: float | np.ndarray, systolic: float | np.ndarray
) -> float | np.ndarray:
    """Share of the end-diastolic volume that one beat pumps out, in percent.

    Args:
        diastolic: Volume at end-diastole, in any unit: pixels will do.
        systolic: Volume at end-systole in the same unit, of the same shape.

    Returns:
        Percent, of the shape of the volumes. Negative where the systolic volume is the larger;
        NaN where the diastolic is 0 or one of the two is NaN.

    Raises:
        DataError: A volume is negative.
    """
    ed, es = np.asarray(diastolic, float), np.asarray(systolic, float)
    if np.any(ed < 0) or np.any(es < 0):
        raise DataError("a volume is negative; give volumes or counts of pixels")
    fraction = 100 * (ed - es) / np.where(ed > 0, ed, np.nan)
    return fraction if fraction.ndim else float(fraction)


def count_phases(slices: SliceSet, prediction: np.ndarray) -> pd.DataFrame:
    """Pixels of each slice, as `seglib.evaluation.count_slices`, with the sizes it is known in.

    Args:
        slices: A set of one foreground class, its phases called ``"ED"`` and ``"ES"``.
        prediction: ``(N, H, W, 1)`` masks on the same grid.

    Returns:
        What `measure_patients` takes: one row a slice, with ``spacing`` and, if the set has
        it, ``slice_spacing``.

    Raises:
        DataError: The prediction does not fit the set, or there are several classes.
    """
    if slices.num_classes != 2:
        raise DataError(
            f"{slices.name} has the classes {', '.join(slices.class_names[1:])}; a volume is of "
            "one of them: make a set whose masks hold that one alone"
        )
    sizes = [column for column in SIZES if column in slices.table]
    return count_slices(slices, prediction).join(slices.table[sizes])


def counts_of_cases(per_case: pd.DataFrame) -> pd.DataFrame:
    """The pixel counts in a table of `seglib.evaluation.score_cases`, for `measure_patients`.

    Args:
        per_case: One row a case, one foreground class.

    Returns:
        ``patient``, ``phase``, ``pathology``, ``truth``, ``predicted``. Slices are not told
        apart here, so that only the rule ``"all"`` can be followed.

    Raises:
        DataError: The table is of several classes.
    """
    if per_case["class"].nunique() > 1:
        raise DataError(
            f"the table holds the classes {', '.join(sorted(per_case['class'].unique()))}; "
            "a volume is of one of them"
        )
    names = {"truth_voxels": "truth", "predicted_voxels": "predicted"}
    return per_case.rename(columns=names)[["patient", "phase", "pathology", "truth", "predicted"]]


def measure_patients(counts: pd.DataFrame, rule: str = "all") -> pd.DataFrame:
    """Volumes and ejection fraction of each patient, by the expert and by the prediction.

    Args:
        counts: One row a slice, as from `count_phases` or `seglib.evaluation.count_slices`,
            or one row a case, as from `counts_of_cases`: ``patient``, ``phase``, and the
            pixels of one mask or of both, ``truth`` and ``predicted``. With ``spacing`` and
            ``slice_spacing`` (mm) known in every row, volumes are in mL.
        rule: One of `RULES`.

    Returns:
        Index ``patient``; ``pathology`` if there is one; for each mask ``ed_truth``,
        ``es_truth``, ``ef_truth`` and likewise ``..._predicted``; with both ``error``
        (predicted minus true, in points of ejection fraction); ``unit`` of the volumes
        ("px" or "mL"); ``reason`` why an ejection fraction is NaN, or "". Count the reasons
        with ``table["reason"].value_counts()``.

    Raises:
        DataError: An unknown rule or phase, no column with pixels, a slice that is there
            twice (several networks in one table?), or the rule ``"paired"`` without slices.
    """
    masks = _checked(counts, rule)
    unit = "mL" if _sizes_known(counts) else "px"
    counted = counts if rule == "all" else counts[_outlined_in_both(counts, masks[0])]
    scale = counted["spacing"] ** 2 * counted["slice_spacing"] / 1000 if unit == "mL" else 1.0
    patients = pd.Index(sorted(counts["patient"].unique()), name="patient")
    table = pd.DataFrame(index=patients)
    if "pathology" in counts:
        table["pathology"] = counts.groupby("patient")["pathology"].first()
    seen = counts.groupby(["patient", "phase"]).size().unstack().reindex(patients, columns=PHASES)
    reason = pd.Series("", patients)
    for mask in masks:
        keys = [counted["patient"], counted["phase"]]
        volumes = (counted[mask] * scale).groupby(keys).sum().unstack()
        # A phase that is there, but of which the rule left nothing, has the volume 0.
        volumes = volumes.reindex(patients, columns=PHASES).fillna(0.0).where(seen.notna())
        table[f"ed_{mask}"], table[f"es_{mask}"] = volumes["ED"], volumes["ES"]
        table[f"ef_{mask}"] = ejection_fraction(volumes["ED"], volumes["ES"])
        reason = reason.mask((reason == "") & (volumes["ED"] == 0), f"{MASKS[mask]}: ED is empty")
    for phase in PHASES:
        reason = reason.mask(seen[phase].isna(), f"no {phase}")
    if len(masks) == 2:
        table["error"] = table["ef_predicted"] - table["ef_truth"]
    return table.assign(unit=unit, reason=reason)


def _checked(counts: pd.DataFrame, rule: str) -> list[str]:
    """The columns of pixels that a table has; refuses what cannot be measured."""
    if rule not in RULES:
        raise DataError(f"unknown rule {rule!r}; choose from {', '.join(RULES)}")
    masks = [mask for mask in MASKS if mask in counts]
    lacking = [column for column in ("patient", "phase") if column not in counts]
    if lacking or not masks:
        raise DataError(
            f"the table has the columns {', '.join(map(str, counts.columns))}; it must have "
            "patient, phase, and the pixels of a mask: truth, predicted or both"
        )
    unknown = sorted(set(counts["phase"].astype(str)) - set(PHASES))
    if unknown:
        raise DataError(
            f"the phases are called {', '.join(unknown)}; expected ED (end-diastole) and ES "
            "(end-systole): rename them, or name them by the larger volume"
        )
    by_slice = "slice" in counts
    if rule == "paired" and not by_slice:
        raise DataError("the rule 'paired' compares slices: give one row a slice, not a case")
    row = ["patient", "phase", *(["slice"] if by_slice else [])]
    twice = counts[counts.duplicated(row)]
    if len(twice):
        first = ", ".join(f"{name} {twice.iloc[0][name]}" for name in row)
        raise DataError(
            f"{first} is there more than once; give the counts of one network at a time"
        )
    return masks


def _sizes_known(counts: pd.DataFrame) -> bool:
    return all(size in counts for size in SIZES) and bool(counts[SIZES].notna().all(axis=None))


def _outlined_in_both(counts: pd.DataFrame, mask: str) -> pd.Series:
    """Rows of the slices in which a mask is not empty in either phase."""
    outlined = counts[mask] > 0
    phases = outlined.groupby([counts["patient"], counts["slice"]]).transform("sum")
    return phases == len(PHASES)
