"""Is one network better than another? A paired test over patients, and its doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from seglib.errors import DataError
from seglib.evaluation.intervals import bootstrap_interval


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjust p-values of several tests, so that one false alarm among all stays rare.

    Args:
        p_values: ``(m,)`` p-values of the tests made together.

    Returns:
        ``(m,)`` adjusted p-values in the same order: the smallest times m, the next
        times m - 1, and so on, never falling and never above 1.

    Source:
        Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return adjusted


def compare_paired(
    tables: Mapping[str, pd.DataFrame], reference: str, metric: str = "dice"
) -> pd.DataFrame:
    """Compare every network with one of them, patient by patient.

    The test is the two-sided Wilcoxon signed-rank test; it asks whether the
    differences lean to one side, not how large they are. With few patients, or one
    training each, a large p-value does not show that two networks are alike.

    Args:
        tables: From `seglib.evaluation.per_patient`, by name of the network; all of
            the same patients and of one class.
        reference: Name of the network that the others are compared with.
        metric: Column to compare.

    Returns:
        Index ``network``, one row for each other network: ``difference`` (mean over
        patients, network minus reference), ``low`` and ``high`` (its 95 % bootstrap
        interval), ``n`` (patients that have the metric in both), ``p`` and ``p_holm``
        (corrected for the number of rows).

    Raises:
        DataError: The reference is not among the tables, there is nothing to compare
            it with, or the tables do not hold the same patients, each once.
    """
    if reference not in tables or len(tables) < 2:
        raise DataError(
            f"cannot compare with {reference!r} among {', '.join(map(repr, tables))}: "
            "give its table and at least one other"
        )
    base = _by_patient(tables[reference], reference, metric)
    rows = {}
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
        difference = (values - base).dropna().to_numpy()
        low, high = bootstrap_interval(difference)
        rows[name] = {
            "difference": difference.mean() if len(difference) else float("nan"),
            "low": low,
            "high": high,
            "n": len(difference),
            "p": _wilcoxon(difference),
        }
    result = pd.DataFrame.from_dict(rows, orient="index").rename_axis("network")
    return result.assign(p_holm=holm(result["p"]))


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
    tables: Mapping[str, pd.DataFrame], metric: str = "dice", *, level: float = 0.05
) -> Ranking:
    """Rank three or more networks by a metric of which more is better.

    Args:
        tables: As `compare_paired`.
        metric: Column to rank by.
        level: Chance of one false difference among all pairs.

    Raises:
        DataError: There are fewer than three networks, or the tables do not hold the
            same patients, each once.

    Source:
        Demsar 2006, Statistical comparisons of classifiers over multiple data sets.
    """
    if len(tables) < 3:
        raise DataError(f"a ranking needs three networks or more, found {len(tables)}")
    columns = {name: _by_patient(table, name, metric) for name, table in tables.items()}
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


def _by_patient(table: pd.DataFrame, name: str, metric: str) -> pd.Series:
    values = table.set_index("patient")[metric]
    if values.index.has_duplicates:
        raise DataError(
            f"the table of {name} has several rows for {values.index[values.index.duplicated()][0]}"
            "; give one row a patient (seglib.evaluation.tables.per_patient, one class)"
        )
    return values


def _wilcoxon(difference: np.ndarray) -> float:
    """The two-sided p-value; without any difference there is no evidence of one: 1."""
    return float(stats.wilcoxon(difference).pvalue) if np.any(difference) else 1.0
