"""Which slices an error of the ejection fraction comes from."""

from __future__ import annotations

import pandas as pd

from seglib.clinical.ejection import PHASES, measure_patients


def error_parts(counts: pd.DataFrame) -> pd.Series:
    """What each slice brings to the error of its patient's ejection fraction, in points.

    With D and S the true volumes at end-diastole and end-systole, d and s the predicted ones,
    the error is, without any rounding,

        EF' - EF = 100 * ((S / D) * (d - D) - (s - S)) / d

    and d - D and s - S are sums over slices. So a pixel too many lowers the ejection fraction
    at end-systole and raises it, by less, at end-diastole; and two wrong volumes can make one
    right ejection fraction.

    Args:
        counts: As `seglib.clinical.measure_patients` takes them, with ``truth`` and
            ``predicted``, all on one grid; every slice counts.

    Returns:
        On the index of `counts`. The parts of a patient add up to ``error`` of
        `seglib.clinical.measure_patients`; NaN where that is NaN.

    Raises:
        DataError: As `seglib.clinical.measure_patients`.
    """
    pixels = counts[["patient", "phase", "truth", "predicted"]]
    if "slice" in counts:
        pixels = pixels.assign(slice=counts["slice"])
    patients = measure_patients(pixels)
    weights = pd.DataFrame(
        {
            "ED": patients["es_truth"] / patients["ed_truth"] / patients["ed_predicted"],
            "ES": -1 / patients["ed_predicted"],
        }
    ).where(patients["error"].notna())
    extra = counts["predicted"] - counts["truth"]
    parts = pd.Series(float("nan"), counts.index)
    for phase in PHASES:
        rows = counts["phase"] == phase
        parts[rows] = 100 * extra[rows] * counts.loc[rows, "patient"].map(weights[phase])
    return parts
