"""Do two ways of measuring one thing agree? Bias and limits of agreement."""

from __future__ import annotations

import numpy as np
from scipy import stats

from seglib.errors import DataError
from seglib.evaluation.intervals import bootstrap_interval

#: Standard deviations to each side of the bias that hold 95 % of a normal distribution.
WIDTH = 1.96


def agreement(reference: np.ndarray, measured: np.ndarray) -> dict[str, float | int]:
    """Bland and Altman's analysis of paired measurements.

    A correlation asks whether two methods rise together. Here the question is how far apart
    they are: their mean difference, and the limits between which 95 % of differences are
    expected if these are about normal.

    Args:
        reference: ``(n,)``, for instance by the expert.
        measured: ``(n,)``, of the same patients in the same unit. Pairs with a NaN are left out
            and counted.

    Returns:
        ``n``; ``left_out``; ``bias`` (mean of measured minus reference); ``sd`` of the
        differences; ``lower`` and ``upper``, the limits of agreement, bias -/+ 1.96 SD; ``mae``,
        the mean absolute difference; ``slope``, what a difference grows by for each unit of
        the pair's mean (0: as wrong at the bottom as at the top). Each but ``sd`` with its
        95 % interval, ``bias_low``, ``bias_high`` and so on. With n patients and
        Student's t, the bias has the standard error SD / sqrt(n), a limit
        SD * sqrt(1 / n + 1.96^2 / (2 (n - 1))); ``mae`` has a bootstrap interval. NaN where
        there are too few pairs: two for an interval, three for a slope's.

    Raises:
        DataError: The two are not of one length.

    Source:
        Bland and Altman 1986, Statistical methods for assessing agreement between two methods
        of clinical measurement, doi:10.1016/S0140-6736(86)90837-8; the standard errors and the
        slope: Bland and Altman 1999, Measuring agreement in method comparison studies,
        doi:10.1177/096228029900800204.
    """
    reference, measured = np.asarray(reference, float), np.asarray(measured, float)
    if reference.shape != measured.shape or reference.ndim != 1:
        raise DataError(
            f"the measurements have the shapes {reference.shape} and {measured.shape}; expected "
            "one value of each method for each patient"
        )
    known = np.isfinite(reference) & np.isfinite(measured)
    difference, mean = (measured - reference)[known], (measured + reference)[known] / 2
    n = len(difference)
    bias = float(difference.mean()) if n else np.nan
    sd = float(difference.std(ddof=1)) if n > 1 else np.nan
    t = stats.t.ppf(0.975, n - 1) if n > 1 else np.nan
    lower, upper = bias - WIDTH * sd, bias + WIDTH * sd
    of_bias = t * sd / np.sqrt(n) if n > 1 else np.nan
    of_limit = t * sd * np.sqrt(1 / n + WIDTH**2 / (2 * (n - 1))) if n > 1 else np.nan
    distance = np.abs(difference)
    return {
        "n": n,
        "left_out": int(np.sum(~known)),
        **_with_limits("bias", bias, bias - of_bias, bias + of_bias),
        "sd": sd,
        **_with_limits("lower", lower, lower - of_limit, lower + of_limit),
        **_with_limits("upper", upper, upper - of_limit, upper + of_limit),
        **_with_limits("mae", distance.mean() if n else np.nan, *bootstrap_interval(distance)),
        **_with_limits("slope", *_slope(mean, difference)),
    }


def _slope(mean: np.ndarray, difference: np.ndarray) -> tuple[float, float, float]:
    """Of the line through differences over means, with its 95 % interval."""
    if len(np.unique(mean)) < 3:
        return (np.nan,) * 3
    line = stats.linregress(mean, difference)
    half = stats.t.ppf(0.975, len(mean) - 2) * line.stderr
    return line.slope, line.slope - half, line.slope + half


def _with_limits(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
