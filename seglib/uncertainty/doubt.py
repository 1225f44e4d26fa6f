"""Several networks on one heart: their mean, where they differ, and what that foretells.

Networks that differ by seed alone learnt the same from the same patients. Where they
disagree, the image and the training did not settle the matter (Lakshminarayanan et al.
2017, Simple and scalable predictive uncertainty estimation using deep ensembles,
arXiv:1612.01474).

Whether that points at the patients with a low Dice is a question of its own, which
`rank_correlation` and `risk_coverage` answer. So is whether it says more than that the
heart is small: a small heart has much outline for its area, and a lower Dice.

All measures are read off predictions: none of them needs the expert's mask.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from seglib.errors import DataError
from seglib.evaluation.comparison import holm
from seglib.evaluation.intervals import bootstrap
from seglib.evaluation.scores import overlap_scores

#: Measures of doubt, more meaning more doubt, and how figures call them.
MEASURES = {
    "disagreement": "1 − mean Dice between two members",
    "variance": "variance between members / predicted area",
    "entropy": "entropy of the mean / predicted area",
    "entropy_single": "entropy of one network / its area",
    "smallness": "1 / predicted area",
}


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """How undecided each pixel is, in bits: 0 at p = 0 and p = 1, 1 at p = 0.5."""
    p = np.asarray(probabilities, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p * np.log2(p) + (1 - p) * np.log2(1 - p)
    return -np.where((p > 0) & (p < 1), terms, 0.0)


def pairwise_dice(masks: np.ndarray) -> float:
    """Mean Dice between every two members' hard masks of one case.

    Args:
        masks: ``(M, S, H, W)``, bool or integer, M members, all slices of the case pooled.

    Returns:
        1 when all members say the same. A pair that is empty in both is left out; NaN
        when that leaves none.
    """
    values = [overlap_scores(a, b)["dice"] for a, b in combinations(masks, 2)]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def doubt_per_case(members: np.ndarray, cases: pd.DataFrame) -> pd.DataFrame:
    """The `MEASURES` of every case.

    The two per pixel, entropy and variance, are summed over the case and divided by its
    predicted area: the sum gathers along the outline, and a large heart has more of it.

    Args:
        members: ``(M, N, H, W)`` foreground probabilities of M networks for N slices.
        cases: N rows with columns ``case`` and ``patient``, e.g. a set's table.

    Returns:
        One row per case: ``case``, ``patient``, ``predicted`` (pixels of the mean's hard
        mask) and the measures. With one member those between members are left out. A
        measure is NaN where nothing is predicted.

    Raises:
        DataError: The probabilities are not one stack per member and row.
    """
    if members.ndim != 4 or members.shape[1] != len(cases):
        raise DataError(
            f"the members' probabilities have shape {members.shape}, expected "
            f"(members, {len(cases)}, height, width)"
        )
    rows = []
    for (case, patient), group in cases.reset_index(drop=True).groupby(
        ["case", "patient"], sort=False
    ):
        p = members[:, group.index.to_numpy()].astype(np.float64)
        mean = p.mean(axis=0)
        area, single_area = int(np.sum(mean >= 0.5)), int(np.sum(p[0] >= 0.5))
        row = {"case": case, "patient": patient, "predicted": area}
        if len(p) > 1:
            row["disagreement"] = 1 - pairwise_dice(p >= 0.5)
            row["variance"] = _per_area(p.var(axis=0).sum(), area)
            row["entropy"] = _per_area(entropy(mean).sum(), area)
        row["entropy_single"] = _per_area(entropy(p[0]).sum(), single_area)
        row["smallness"] = _per_area(1.0, area)
        rows.append(row)
    return pd.DataFrame(rows)


def _per_area(total: float, area: int) -> float:
    return float(total) / area if area else float("nan")


def patients_of(per_case: pd.DataFrame) -> pd.DataFrame:
    """The mean of each patient's cases: measures of doubt and Dice.

    Args:
        per_case: Rows with ``patient`` and numeric columns.

    Returns:
        Index ``patient``. A measure of doubt is NaN if it is so for any of the cases:
        a phase in which nothing was found is the doubt. A Dice column (named ``dice...``)
        is the mean of the cases that have one, as everywhere in the study.
    """
    numeric = per_case.drop(columns="case", errors="ignore").select_dtypes("number").columns
    groups = per_case.groupby("patient")[list(numeric)]
    means, whole = groups.mean(), groups.count().eq(groups.size(), axis=0)
    strict = [name for name in numeric if not name.startswith("dice")]
    means[strict] = means[strict].where(whole[strict])
    return means


def rank_correlation(
    doubt: np.ndarray,
    dice: np.ndarray,
    *,
    given: np.ndarray | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, float]:
    """Spearman's correlation of doubt with Dice, with its 95 % bootstrap interval.

    Args:
        doubt: ``(n,)``, one value a patient; NaN (nothing predicted) counts as most.
        dice: ``(n,)``; patients without a Dice are left out.
        given: ``(n,)``, e.g. smallness: what is left of the correlation among patients
            that are alike in it (the partial correlation of the ranks). NaN as in `doubt`.
        resamples: How often n patients are drawn with replacement.
        seed: Seed of the draws.

    Returns:
        ``rho`` (-1: the order of doubt is the order of failure), ``low``, ``high``, ``n``, and
        ``p``, two-sided, from Student's t with n - 2 degrees of freedom (n - 3 with `given`).
        NaN when fewer than three patients remain, or one of the values never varies.

    Source:
        Zar 1972, Significance testing of the Spearman rank correlation coefficient,
        doi:10.1080/01621459.1972.10481251.
    """
    doubt, dice, *more = _paired(doubt, dice, *([] if given is None else [given]))
    n = len(dice)

    def resampled(drawn: np.ndarray) -> np.ndarray:
        return np.array([_spearman(*(v[rows] for v in (doubt, dice, *more))) for rows in drawn])

    low, high = bootstrap(resampled, n, resamples=resamples, seed=seed)
    rho = _spearman(doubt, dice, *more)
    freedom = n - 2 - len(more)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(rho) * np.sqrt(freedom / np.float64(1 - rho**2))
    p = 2 * float(stats.t.sf(t, freedom)) if freedom > 0 else float("nan")
    return {"rho": rho, "low": float(low), "high": float(high), "n": n, "p": p}


def _paired(doubt: np.ndarray, dice: np.ndarray, *more: np.ndarray) -> list[np.ndarray]:
    """Those who have a Dice; what else is NaN is the largest of all."""
    values = [np.asarray(value, float) for value in (doubt, dice, *more)]
    if any(value.shape != values[0].shape or value.ndim != 1 for value in values):
        raise DataError(
            f"doubt and Dice must be one value per patient each, found the shapes "
            f"{', '.join(str(value.shape) for value in values)}"
        )
    known = np.isfinite(values[1])
    return [np.where(np.isnan(value), np.inf, value)[known] for value in values]


def _spearman(a: np.ndarray, b: np.ndarray, given: np.ndarray | None = None) -> float:
    ranks = [stats.rankdata(values) for values in (a, b, given) if values is not None]
    if len(a) < 3 or any(np.ptp(rank) == 0 for rank in ranks):
        return float("nan")
    r = np.corrcoef(ranks)
    if given is None:
        return float(r[0, 1])
    rest = (1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2)
    if rest < 1e-12:  # one of them is the given one, in ranks: nothing is left
        return float("nan")
    return float((r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt(rest))


def risk_coverage(
    doubt: np.ndarray, dice: np.ndarray, *, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Mean Dice of the patients kept when the most doubtful are sent to a human.

    Args:
        doubt: As `rank_correlation`.
        dice: As `rank_correlation`.
        draws: Random orders, for the band that chance alone would give.
        seed: Their seed.

    Returns:
        One row for each number of patients kept, all of them first: ``kept``, ``sent``
        (share in [0, 1]), ``dice`` (in the order of doubt), ``oracle`` (in the order of
        Dice itself: no rule does better), ``random`` (what chance gives on average:
        the mean of all), ``random_low`` and ``random_high`` (95 % of the random orders).

    Raises:
        DataError: No patient has a Dice.

    Source:
        El-Yaniv and Wiener 2010, On the foundations of noise-free selective classification,
        Journal of Machine Learning Research 11, 1605-1641 (no DOI).
    """
    doubt, dice = _paired(doubt, dice)
    n = len(dice)
    if not n:
        raise DataError("no patient has a Dice, so there is no curve")
    kept = np.arange(1, n + 1)

    def means(order: np.ndarray) -> np.ndarray:
        return dice[order].cumsum(axis=-1) / kept

    rng = np.random.default_rng(seed)
    chance = means(np.stack([rng.permutation(n) for _ in range(draws)]))
    low, high = np.percentile(chance, [2.5, 97.5], axis=0)
    curve = pd.DataFrame(
        {
            "kept": kept,
            "sent": 1 - kept / n,
            "dice": means(np.argsort(doubt, kind="stable")),
            "oracle": means(np.argsort(-dice, kind="stable")),
            "random": dice.mean(),
            "random_low": low,
            "random_high": high,
        }
    )
    return curve.iloc[::-1].reset_index(drop=True)


def share_of_oracle(curve: pd.DataFrame) -> float:
    """How much of what an oracle would gain over chance an order gains, over all shares sent.

    Args:
        curve: From `risk_coverage`.

    Returns:
        1 for the oracle's order, 0 for chance, below 0 for worse than chance; NaN when
        all patients have one Dice and there is nothing to gain.
    """
    possible = (curve["oracle"] - curve["random"]).sum()
    gained = (curve["dice"] - curve["random"]).sum()
    return float(gained / possible) if possible > 1e-12 else float("nan")


def judge_measures(patients: pd.DataFrame, dice: str = "dice") -> pd.DataFrame:
    """Each measure of doubt against Dice.

    Args:
        patients: From `patients_of`, with some of the `MEASURES`.
        dice: Column of the Dice to foretell.

    Returns:
        Index ``measure``: ``rho``, ``low``, ``high``, ``n`` of `rank_correlation`, and
        ``p_holm``, its p-value adjusted for the number of measures; ``rho_at_size``,
        ``low_at_size``, ``high_at_size`` and ``p_holm_at_size``, the same among hearts of like
        predicted size; and ``share_of_oracle``.
    """
    rows = {}
    scores, size = patients[dice].to_numpy(), patients["smallness"].to_numpy()
    for name in [name for name in MEASURES if name in patients]:
        doubt = patients[name].to_numpy()
        at_size = rank_correlation(doubt, scores, given=size)
        rows[name] = {
            **rank_correlation(doubt, scores),
            **{f"{key}_at_size": at_size[key] for key in ("rho", "low", "high", "p")},
            "share_of_oracle": share_of_oracle(risk_coverage(doubt, scores)),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("measure")
    for column, adjusted in (("p", "p_holm"), ("p_at_size", "p_holm_at_size")):
        tested = table[column].dropna()
        table[column] = pd.Series(holm(tested), tested.index)
        table = table.rename(columns={column: adjusted})
    return table
