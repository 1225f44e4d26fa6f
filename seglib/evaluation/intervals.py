"""How sure a score is: percentile bootstrap intervals over patients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray],
    n: int,
    *,
    resamples: int = 2000,
    seed: int = 0,
    tail: float = 2.5,
    counted: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile bootstrap interval of any statistic over resampled rows.

    Args:
        statistic: From ``(resamples, n)``, the rows drawn with replacement, to
            ``(resamples, ...)`` values. A value that is not finite is left out.
        n: Number of rows, e.g. patients.
        resamples: How often to draw n rows.
        seed: Seed of the draws.
        tail: Percent of the values to leave below the interval, and above it.
        counted: Give `statistic` how often each row was drawn instead of which were; sums
            over rows then are one product of matrices.

    Returns:
        ``(low, high)``, each of the shape of one value and NaN where all are left out; for
        fewer than two rows, which have no spread to show, NaN alone.

    Source:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    if n < 2:
        return np.array(np.nan), np.array(np.nan)
    rng = np.random.default_rng(seed)
    if counted:
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    else:
        drawn = rng.integers(n, size=(resamples, n))
    values = np.asarray(statistic(drawn), float)
    limits = np.full((2, *values.shape[1:]), np.nan)
    for place in np.ndindex(values.shape[1:]):
        known = values[:, *place]
        known = known[np.isfinite(known)]
        if len(known):
            limits[:, *place] = np.percentile(known, [tail, 100 - tail])
    return limits[0], limits[1]


def bootstrap_interval(
    values: np.ndarray, *, resamples: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean.

    Args:
        values: ``(n,)``, one value per patient, no NaN.
        resamples: How often to draw n patients with replacement.
        seed: Seed of the draws.
        level: Share of the resampled means inside the interval.

    Returns:
        ``(low, high)``; NaN for fewer than two patients.
    """
    values, tail = np.asarray(values, float), 50 * (1 - level)
    low, high = bootstrap(
        lambda drawn: values[drawn].mean(axis=1),
        len(values),
        resamples=resamples,
        seed=seed,
        tail=tail,
    )
    return float(low), float(high)
