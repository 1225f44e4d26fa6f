"""Does a network that says 0.8 turn out right 8 times of 10? Reliability and its scores.

Everything is formed from sums by case and bin (`reliability_table`), which are small
enough to store; from them any score can be rebuilt for any patients. Rules:

- Pixels are pooled: each counts alike, so a large heart counts more than a small one.
  Intervals resample patients all the same.
- Far from the heart a network is sure and right, and such pixels are nearly all there
  are. Scores over them look good whatever happens at the outline. So the study counts
  two sets of pixels apart: those `near_outline` and the rest of the crop.
- Which pixels are near is decided by the *prediction* alone. A rule that looks at the
  expert's outline picks pixels by their answer, and then even a calibrated network
  seems not to be.

The remedy stands in `seglib.uncertainty.temperature`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage

from seglib.errors import DataError
from seglib.evaluation.intervals import bootstrap

#: Bins of equal width that probabilities are sorted into.
BINS = 15
#: Pixels to either side of the predicted outline that count as near.
NEAR = 5
#: What a reliability table sums, per case and bin.
SUMS = ["pixels", "probability", "true", "squared_error"]


def near_outline(masks: np.ndarray, distance: float = NEAR) -> np.ndarray:
    """The pixels within `distance` of a mask's outline, inside and outside.

    Args:
        masks: ``(N, H, W)`` or ``(N, H, W, 1)``, hard masks *predicted* by a network.
        distance: In pixels, from a pixel's centre to the nearest one of the other kind.

    Returns:
        Bool, shape of `masks`. A slice without any mask has no outline and none near it.
    """
    near = np.zeros(masks.shape, bool)
    for mask, out in zip(masks, near, strict=True):
        inside = mask != 0
        if inside.any() and not inside.all():
            depth = ndimage.distance_transform_edt(inside)
            height = ndimage.distance_transform_edt(~inside)
            out[...] = np.where(inside, depth, height) <= distance
    return near


def reliability_table(
    probabilities: np.ndarray,
    truth: np.ndarray,
    cases: pd.DataFrame,
    bins: int = BINS,
    *,
    counted: np.ndarray | None = None,
) -> pd.DataFrame:
    """Sums by case and bin, from which reliability is judged.

    Bin ``b`` holds ``b / bins <= p < (b + 1) / bins``; the last one holds 1 too.

    Args:
        probabilities: ``(N, H, W)`` or ``(N, H, W, 1)`` foreground probabilities.
        truth: The same shape, 0 or 1.
        cases: N rows with columns ``case`` and ``patient``, e.g. a set's table.
        bins: Number of bins.
        counted: Bool of the same shape: which pixels count; all if left out.

    Returns:
        One row per case and bin that holds a pixel: ``case``, ``patient``, ``bin``,
        ``pixels``, ``probability`` (sum), ``true`` (pixels inside the expert's mask) and
        ``squared_error`` (sum of ``(p - truth)**2``).

    Raises:
        DataError: The shapes differ, a probability lies outside [0, 1] or is NaN, or
            the truth is not binary.

    Source:
        Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian
        binning, doi:10.1609/aaai.v29i1.9602 (the bins); Brier 1950 (the squared error), see
        `brier_score`.
    """
    counted = np.ones(probabilities.shape, bool) if counted is None else counted
    _check(probabilities, truth, cases, counted)
    edges = np.arange(1, bins) / bins
    parts = []
    for (case, patient), rows in cases.reset_index(drop=True).groupby(
        ["case", "patient"], sort=False
    ):
        index = rows.index.to_numpy()
        chosen = counted[index]
        p = probabilities[index][chosen].astype(np.float64)
        true = truth[index][chosen] != 0
        number = np.searchsorted(edges, p, side="right")
        weights = (None, p, true, (p - true) ** 2)
        sums = [np.bincount(number, weight, minlength=bins) for weight in weights]
        part = pd.DataFrame(dict(zip(SUMS, sums, strict=True)))
        part = part.astype({"pixels": int, "true": int})
        part.insert(0, "case", case)
        part.insert(1, "patient", patient)
        part.insert(2, "bin", np.arange(bins))
        parts.append(part[part["pixels"] > 0])
    return pd.concat(parts, ignore_index=True)


def _check(
    probabilities: np.ndarray, truth: np.ndarray, cases: pd.DataFrame, counted: np.ndarray
) -> None:
    if not probabilities.shape == truth.shape == counted.shape or len(cases) != len(truth):
        raise DataError(
            f"probabilities {probabilities.shape}, truth {truth.shape}, counted pixels "
            f"{counted.shape} and {len(cases)} table rows do not fit one another: give one "
            "probability and one true value per pixel, one row per slice"
        )
    if not len(cases):
        raise DataError("there are no slices, so there is nothing to judge")
    low, high = probabilities.min(), probabilities.max()
    if not (low >= 0 and high <= 1):  # NaN fails too
        raise DataError(
            f"probabilities must lie in [0, 1], found {low} to {high}; if these are logits, "
            "take their sigmoid first"
        )
    if not np.isin(truth, (0, 1)).all():
        raise DataError("the truth must hold 0 and 1 alone, one class against the rest")


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Mean distance between mean probability and share of true pixels, over all pixels.

    Args:
        table: From `reliability_table`; rows of any cases.

    Returns:
        In [0, 1]; NaN for a table without pixels. It can be small although a bin is far
        off, for a bin counts by its pixels. Finitely many pixels make it a little larger
        than 0 even for a perfect network.

    Source:
        Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017, On calibration of
        modern neural networks, arXiv:1706.04599.
    """
    return float(_scores(_bin_sums(table))["ece"])


def brier_score(table: pd.DataFrame) -> float:
    """Mean squared distance between probability and truth, over all pixels.

    Unlike the calibration errors it also counts how well the network tells pixels
    apart: whoever always says the base rate is calibrated, but has no small Brier score.

    Args:
        table: From `reliability_table`; rows of any cases.

    Returns:
        In [0, 1], 0 is best; NaN for a table without pixels.

    Source:
        Brier 1950, Verification of forecasts expressed in terms of probability,
        doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return float(_scores(_bin_sums(table))["brier"])


def calibration_scores(
    table: pd.DataFrame, *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """The three scores with 95 % bootstrap intervals over patients.

    Args:
        table: From `reliability_table`; rows of any cases.
        resamples: How often as many patients are drawn with replacement.
        seed: Seed of the draws.

    Returns:
        Index ``score``: ``ece``, ``mce``, ``brier``; columns ``value``, ``low``, ``high``
        (NaN below two patients), ``patients`` and ``pixels``. Resampling adds noise of
        its own, and noise only ever makes ``ece`` and ``mce`` larger: their intervals lie
        a little high.
    """
    patients, values = _patient_sums(table), _scores(_bin_sums(table))

    def resampled(times: np.ndarray) -> np.ndarray:
        return np.stack([*_scores(np.tensordot(times, patients, axes=1)).values()], axis=-1)

    low, high = bootstrap(resampled, len(patients), resamples=resamples, seed=seed, counted=True)
    scores = pd.DataFrame({"value": values, "low": low, "high": high}, index=[*values])
    scores = scores.astype(float).rename_axis("score")
    return scores.assign(patients=len(patients), pixels=int(table["pixels"].sum()))


def reliability_curve(table: pd.DataFrame, *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """What a reliability diagram draws: one row a bin.

    Args:
        table: From `reliability_table`; rows of any cases.
        resamples: As `calibration_scores`.
        seed: As `calibration_scores`.

    Returns:
        Index ``bin`` (those that hold pixels): ``pixels``, ``patients`` (that have some
        there), ``probability`` (mean), ``true`` (share), ``low`` and ``high`` (95 %
        bootstrap interval of the share over patients; NaN where only one has pixels).
    """
    patients = _patient_sums(table)
    pixels, probability, true, _ = np.moveaxis(patients.sum(axis=0), -1, 0)

    def resampled(times: np.ndarray) -> np.ndarray:
        drawn = np.tensordot(times, patients, axes=1)
        with np.errstate(invalid="ignore"):
            return drawn[..., 2] / drawn[..., 0]

    low, high = bootstrap(resampled, len(patients), resamples=resamples, seed=seed, counted=True)
    numbers = np.sort(table["bin"].unique())
    curve = pd.DataFrame(
        {
            "pixels": pixels.astype(int),
            "patients": (patients[..., 0] > 0).sum(axis=0),
            "probability": probability / pixels,
            "true": true / pixels,
        },
        index=pd.Index(numbers, name="bin"),
    )
    several = curve["patients"] > 1
    return curve.assign(low=np.where(several, low, np.nan), high=np.where(several, high, np.nan))


def compare_calibration(reliability: pd.DataFrame) -> pd.DataFrame:
    """The scores of each network before and after scaling, near the outline and over all.

    Args:
        reliability: Rows of `reliability_table` with further columns ``network``,
            ``scaling`` and ``region`` (``"near"`` or ``"far"``), as stored.

    Returns:
        Index ``network``, ``scaling``, ``pixels`` (``"near"`` or ``"all"``); columns
        ``patients`` and, for ``ece``, ``mce`` and ``brier``, the value and its interval
        (``ece_low``, ``ece_high``, ...).
    """
    rows = {}
    for labels, part in reliability.groupby(["network", "scaling"], sort=False):
        near = part[part["region"] == "near"]
        for pixels, counted in (("near", near), ("all", part)):
            scores = calibration_scores(counted)
            rows[*labels, pixels] = {"patients": scores["patients"].iloc[0]} | {
                name if column == "value" else f"{name}_{column}": scores.at[name, column]
                for name in scores.index
                for column in ("value", "low", "high")
            }
    table = pd.DataFrame.from_dict(rows, orient="index").astype({"patients": int})
    table.index = pd.MultiIndex.from_tuples(rows, names=["network", "scaling", "pixels"])
    return table


def _bin_sums(table: pd.DataFrame) -> np.ndarray:
    """``(bins, 4)``, in the order of `SUMS`."""
    return table.groupby("bin")[SUMS].sum().to_numpy(float)


def _patient_sums(table: pd.DataFrame) -> np.ndarray:
    """``(patients, bins, 4)``; 0 where a patient has no pixel in a bin."""
    sums = table.groupby(["patient", "bin"])[SUMS].sum()
    full = pd.MultiIndex.from_product([level.sort_values() for level in sums.index.levels])
    shape = tuple(len(level) for level in full.levels)
    return sums.reindex(full, fill_value=0).to_numpy(float).reshape(*shape, len(SUMS))


def _scores(sums: np.ndarray) -> dict[str, np.ndarray]:
    """The scores of ``(..., bins, 4)`` sums."""
    pixels, probability, true, squared = np.moveaxis(sums, -1, 0)
    total = pixels.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(probability - true)
        return {
            "ece": gap.sum(axis=-1) / total,
            # fmax passes over the NaN of bins without pixels
            "mce": np.fmax.reduce(gap / pixels, axis=-1, initial=np.nan),
            "brier": squared.sum(axis=-1) / total,
        }
