"""Is one network better than another, or equally good? Paired tests over patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from seglib.errors import DataError
from seglib.evaluation.intervals import crossed_interval

#: The one criterion: a difference, or an equivalence, is shown if its p-value, adjusted after
#: Holm for all tests of the table, lies below this. Intervals describe and decide nothing.
LEVEL = 0.05
#: Means of Dice that differ by less than this are called equivalent.
DICE_MARGIN = 0.01
_LESS_IS_BETTER = ("hd95", "assd")


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjust p-values of several tests, so that one false alarm among all stays rare.

    Args:
        p_values: ``(m,)`` p-values of the tests made together.

    Returns:
        ``(m,)`` adjusted p-values in the same order: the smallest times m, the next
        times m - 1, and so on, never falling and never above 1.

    Source:
        Holm 1979, A simple sequentially rejective multiple test procedure, Scandinavian
        Journal of Statistics 6, 65-70 (no DOI; jstor.org/stable/4615733).
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return adjusted


def smallest_p(patients: int, tests: int = 1) -> float:
    """The smallest adjusted p-value that so few patients can reach, however large the effect.

    Args:
        patients: Number of paired differences.
        tests: Tests made together.

    Returns:
        2 / 2**patients, the two-sided signed-rank test's when all differences have one sign,
        times `tests` for Holm's smallest, at most 1. Above `LEVEL` nothing can be shown.
    """
    return min(1.0, tests * 2.0 ** (1 - patients))


def equivalence_p(
    differences: np.ndarray, margin: float, *, resamples: int = 9999, seed: int = 0
) -> float:
    """Two one-sided tests: how surprising, were the networks at least `margin` apart?

    Each side is tested twice, and the largest p-value counts. The signed-rank test is exact
    with few patients, but asks about the typical patient: where a network fails on a few, it
    alone called means 0.01 apart equivalent in up to 59 % of simulations (44 patients drawn
    from this study's differences). The studentised bootstrap asks about the mean. Together
    they err in 1 to 5 % where the differences are symmetric, in 12 to 20 % where the margin
    is reached by one failure in forty patients, which a sample often does not hold.

    Args:
        differences: ``(n,)``, one a patient, no NaN.
        margin: Above 0: the difference that would matter, in the metric's unit.
        resamples: Draws of the bootstrap.
        seed: Their seed.

    Returns:
        The p-value, not adjusted; 1 for fewer than two patients.

    Source:
        Schuirmann 1987, doi:10.1007/BF01068419 (two one-sided tests); Hall 1988,
        doi:10.1214/aos/1176350933 (the studentised bootstrap).
    """
    differences = np.asarray(differences, float)
    if len(differences) < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    n = len(differences)
    shares = rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n
    found = [
        p
        for inside in (margin + differences, margin - differences)
        for p in (_wilcoxon(inside, "greater"), _mean_above_zero(inside, shares))
    ]
    return max(found)


def judge_differences(
    differences: Mapping[str, np.ndarray],
    *,
    margin: float | None = DICE_MARGIN,
    less_is_better: bool = False,
) -> pd.DataFrame:
    """Test the paired differences of a whole table, and say in words what they show.

    Args:
        differences: ``(n,)`` by name of the row, one a patient, no NaN.
        margin: As `equivalence_p`; None to test no equivalence.
        less_is_better: Of the metric, e.g. a distance.

    Returns:
        Index as `differences`: ``difference`` (the mean), ``n``, ``p`` (two-sided Wilcoxon
        signed-rank test), ``p_holm``, ``p_smallest`` (`smallest_p`), ``p_equivalent`` (adjusted
        after Holm too; NaN without a margin), and ``verdict``: "better" or "worse" where
        ``p_holm`` is below `LEVEL` and mean and ranks lean to the same side, with "by less
        than" the margin where both hold; "equivalent within" the margin where
        ``p_equivalent`` is; else "not shown".

    Source:
        Wilcoxon 1945, doi:10.2307/3001968.
    """
    rows = {
        name: {
            "difference": values.mean() if len(values) else float("nan"),
            "n": len(values),
            "p": _wilcoxon(values),
            "p_equivalent": float("nan") if margin is None else equivalence_p(values, margin),
            "leans": np.sign(np.sign(values) @ stats.rankdata(np.abs(values))),
        }
        for name, values in differences.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table["p_holm"] = holm(table["p"])
    table["p_smallest"] = [smallest_p(n, len(table)) for n in table["n"]]
    table["p_equivalent"] = holm(table["p_equivalent"])
    gain = np.sign(table["difference"]) * (-1 if less_is_better else 1)
    differs = (table["p_holm"] < LEVEL) & (np.sign(table["difference"]) == table["leans"])
    alike = table["p_equivalent"] < LEVEL
    word = pd.Series(np.where(gain > 0, "better", "worse"), table.index)
    word = word.where(~(differs & alike), word + f", by less than {margin}")
    table["verdict"] = word.where(differs, "not shown")
    table.loc[alike & ~differs, "verdict"] = f"equivalent within {margin}"
    return table.drop(columns="leans")


def compare_paired(
    tables: Mapping[str, pd.DataFrame],
    reference: str,
    metric: str = "dice",
    *,
    margin: float | None = None,
) -> pd.DataFrame:
    """Compare every network with one of them, patient by patient.

    The tests are over patients, each the mean of its seeds: they say what holds for these
    trainings. Only the interval resamples seeds too, where there are several.

    Args:
        tables: From `seglib.evaluation.per_patient`, by name of the network; all of
            the same patients and of one class. A column ``seed`` where each patient has a row
            for each of several trainings.
        reference: Name of the network that the others are compared with.
        metric: Column to compare.
        margin: As `judge_differences`; left out, `DICE_MARGIN` for Dice and none for others.

    Returns:
        Index ``network``, one row for each other network: ``difference`` (mean over
        patients, network minus reference), ``low`` and ``high`` (its 95 % interval, from
        `seglib.evaluation.crossed_interval`), ``n`` (patients that have the metric in both),
        ``seeds`` and ``reference_seeds``, and the columns of `judge_differences`.

    Raises:
        DataError: The reference is not among the tables, there is nothing to compare
            it with, or the tables do not hold the same patients, each once a seed.
    """
    if reference not in tables or len(tables) < 2:
        raise DataError(
            f"cannot compare with {reference!r} among {', '.join(map(repr, tables))}: "
            "give its table and at least one other"
        )
    base = _by_patient(tables[reference], reference, metric)
    differences, described = {}, {}
    for name, table in tables.items():
        if name == reference:
            continue
        values = _by_patient(table, name, metric)
        if set(values.index) != set(base.index):
            odd = sorted(set(values.index) ^ set(base.index))
            raise DataError(
                f"{name} and {reference} were scored on different patients "
                f"(only one has {', '.join(map(str, odd[:3]))}); score both on the same set"
            )
        paired = (values.mean(axis=1) - base.mean(axis=1)).dropna()
        differences[name] = paired.to_numpy()
        both = [part.loc[paired.index].to_numpy() for part in (values, base)]
        low, high = crossed_interval(*both)
        seeds = {"seeds": values.shape[1], "reference_seeds": base.shape[1]}
        described[name] = {"low": low, "high": high, **seeds}
    if margin is None and metric == "dice":
        margin = DICE_MARGIN
    judged = judge_differences(differences, margin=margin, less_is_better=metric in _LESS_IS_BETTER)
    result = judged.join(pd.DataFrame.from_dict(described, orient="index"))
    columns = ["difference", "low", "high", "n", "seeds", "reference_seeds", "p", "p_holm"]
    columns += ["p_smallest", "p_equivalent", "verdict"]
    return result[columns].rename_axis("network")


@dataclass(frozen=True)
class Ranking:
    """Networks ranked within each patient, best first.

    Attributes:
        mean_ranks: Mean rank of each network over the patients, 1 being the best; sorted.
        patients: How many patients have the metric in all networks.
        p: Of Friedman's test: how surprising such ranks were if all were equally good.
        critical_difference: Mean ranks nearer than this cannot be told apart (Nemenyi).
    """

    mean_ranks: pd.Series
    patients: int
    p: float
    critical_difference: float


def rank_networks(
    tables: Mapping[str, pd.DataFrame], metric: str = "dice", *, level: float = LEVEL
) -> Ranking:
    """Rank three or more networks by a metric of which more is better.

    Args:
        tables: As `compare_paired`.
        metric: Column to rank by.
        level: Chance of one false difference among all pairs.

    Raises:
        DataError: There are fewer than three networks, or the tables do not hold the
            same patients, each once a seed.

    Source:
        Demsar 2006, Statistical comparisons of classifiers over multiple data sets, Journal of
        Machine Learning Research 7, 1-30 (no DOI); Friedman 1937,
        doi:10.1080/01621459.1937.10503522.
    """
    if len(tables) < 3:
        raise DataError(f"a ranking needs three networks or more, found {len(tables)}")
    columns = {
        name: _by_patient(table, name, metric).mean(axis=1) for name, table in tables.items()
    }
    values = pd.DataFrame(columns)
    if any(set(column.index) != set(values.index) for column in columns.values()):
        raise DataError("the networks were scored on different patients; score all on the same set")
    values = values.dropna()
    ranks = values.rank(axis=1, ascending=False).mean().sort_values()
    k, n = len(tables), len(values)
    quantile = stats.studentized_range.ppf(1 - level, k, np.inf) / np.sqrt(2)
    return Ranking(
        mean_ranks=ranks,
        patients=n,
        p=float(stats.friedmanchisquare(*values.to_numpy().T).pvalue),
        critical_difference=float(quantile * np.sqrt(k * (k + 1) / (6 * n))),
    )


def _by_patient(table: pd.DataFrame, name: str, metric: str) -> pd.DataFrame:
    """The metric, ``(patients, seeds)``."""
    if "seed" not in table:
        table = table.assign(seed=0)
    values = table.set_index(["patient", "seed"])[metric]
    if values.index.has_duplicates:
        raise DataError(
            f"the table of {name} has several rows for "
            f"{values.index[values.index.duplicated()][0][0]}; give one row a patient and seed "
            "(seglib.evaluation.tables.per_patient, one class)"
        )
    return values.unstack("seed")


def _wilcoxon(differences: np.ndarray, alternative: str = "two-sided") -> float:
    """The p-value; without any difference there is no evidence of one: 1."""
    if not np.any(differences):
        return 1.0
    return float(stats.wilcoxon(differences, alternative=alternative).pvalue)


def _mean_above_zero(values: np.ndarray, shares: np.ndarray) -> float:
    """One-sided p-value of the studentised bootstrap.

    Args:
        values: ``(n,)``.
        shares: ``(resamples, n)``, how often each was drawn, by n.
    """
    n, mean = len(values), values.mean()
    error = values.std(ddof=1) / np.sqrt(n)
    if error < 1e-12:  # no spread to resample: the signed-rank test alone decides
        return 0.0 if mean > 0 else 1.0
    means = shares @ (values - mean)
    variances = np.maximum(shares @ (values - mean) ** 2 - means**2, 0)
    spread = variances > 1e-18  # a draw of equal values has no error to be measured in
    as_large = (means * error >= mean * np.sqrt(variances / (n - 1)))[spread]
    return float((1 + as_large.sum()) / (1 + len(as_large)))
