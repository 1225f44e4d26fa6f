"""From stored jobs to comparisons: what each variant reached, and whether it differs.

The patient stays the unit. Tests see each patient's mean over the seeds of a variant; intervals
resample patients and seeds; and the spread of the seeds' own means is reported beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seglib.evaluation.comparison import compare_paired
from seglib.evaluation.counts import dice_of_counts
from seglib.evaluation.intervals import crossed_interval
from seglib.evaluation.tables import METRICS, per_patient

#: Columns that tell the results of one job from another's.
_LABELS = ["variant", "fold", "seed"]


def patients_and_seeds(per_case: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """One table a variant, one row a patient and seed; classes are averaged.

    Args:
        per_case: From `study.results.read_results`.

    Returns:
        For each variant ``patient``, ``seed``, ``pathology`` and the metrics of
        `seglib.evaluation.per_patient`.
    """
    return _averaged(per_case, ["patient", "seed"])


def patients_by_variant(per_case: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """One table a variant, one row a patient: seeds averaged too.

    Args:
        per_case: As `patients_and_seeds`.

    Returns:
        As `patients_and_seeds`, without ``seed``.
    """
    return _averaged(per_case, ["patient"])


def _averaged(per_case: pd.DataFrame, by: list[str]) -> dict[str, pd.DataFrame]:
    columns = {"pathology": "first", **dict.fromkeys(METRICS, "mean")}
    tables = {}
    for variant, rows in per_case.groupby("variant", sort=False):
        seeds = [
            per_patient(part.drop(columns=_LABELS)).assign(seed=seed)
            for seed, part in rows.groupby("seed")
        ]
        tables[str(variant)] = pd.concat(seeds).groupby(by).agg(columns).reset_index()
    return tables


def equal_seeds(per_case: pd.DataFrame) -> pd.DataFrame:
    """The cases of as many seeds of each variant as all of them have.

    A mean of three trainings stands on firmer ground than one training, so a ranking of both
    together would be unfair. A seed counts once all its patients are stored; a variant that
    has none yet is left out.

    Args:
        per_case: As `patients_and_seeds`.
    """
    patients = per_case.groupby(["variant", "seed"])["patient"].nunique()
    whole = patients[patients == per_case["patient"].nunique()].reset_index()
    number = whole.groupby("variant").size().min()
    chosen = whole.sort_values("seed").groupby("variant").head(number)
    return per_case.merge(chosen[["variant", "seed"]], on=["variant", "seed"])


def average_seeds(per_case: pd.DataFrame) -> pd.DataFrame:
    """One row a case: the mean of its seeds, for `seglib.evaluation.summarise`.

    Args:
        per_case: As `patients_and_seeds`, of one variant.
    """
    by_case = per_case.drop(columns=_LABELS).groupby("case", sort=False)
    columns = per_case.columns.difference([*_LABELS, "case"], sort=False)
    numeric = per_case[columns].select_dtypes("number").columns
    return by_case.agg({c: "mean" if c in numeric else "first" for c in columns}).reset_index()


def compare_variants(per_case: pd.DataFrame) -> pd.DataFrame:
    """What each variant reached.

    Args:
        per_case: As `patients_and_seeds`.

    Returns:
        Index ``variant``, best Dice first: ``dice`` (mean over patients), ``low`` and
        ``high`` (95 % interval of `seglib.evaluation.crossed_interval`, over patients and
        seeds; over patients alone where there is one seed), ``sd`` (between patients),
        ``jaccard``, ``hd95``, ``assd`` (in ``unit``), ``patients``, ``seeds`` and
        ``seed_sd`` (of the seeds' means; NaN for one seed), ``missed`` (cases, all seeds).
    """
    rows = {}
    tables, by_seed = patients_by_variant(per_case), patients_and_seeds(per_case)
    for variant, part in per_case.groupby("variant", sort=False):
        patients = tables[str(variant)]
        dice = by_seed[str(variant)].pivot(index="patient", columns="seed", values="dice")
        low, high = crossed_interval(dice.dropna(how="all").to_numpy())
        means = dice.mean()
        rows[variant] = {
            "dice": patients["dice"].mean(),
            "low": low,
            "high": high,
            "sd": patients["dice"].std(),
            **{name: patients[name].mean() for name in ("jaccard", "hd95", "assd")},
            "unit": part["unit"].iloc[0],
            "patients": len(patients),
            "seeds": len(means),
            "seed_sd": np.std(means, ddof=1) if len(means) > 1 else float("nan"),
            "missed": int(part["missed"].sum()),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")
    return table.sort_values("dice", ascending=False)


def compare_with(
    per_case: pd.DataFrame, reference: str, metric: str = "dice", margin: float | None = None
) -> pd.DataFrame:
    """Each variant against one of them, as `seglib.evaluation.compare_paired`."""
    paired = compare_paired(patients_and_seeds(per_case), reference, metric, margin=margin)
    return paired.rename_axis("variant")


def table_of_changes(
    per_case: pd.DataFrame,
    changes: Mapping[str, str],
    reference: str,
    margin: float | None = None,
) -> pd.DataFrame:
    """What each of several changes reached, and what it is worth against one of them.

    Args:
        per_case: As `patients_and_seeds`.
        changes: What each variant is called in the table, in the order of its rows;
            those without a result are left out.
        reference: The variant that the others are compared with.
        margin: Of equivalence in Dice, as `seglib.evaluation.compare_paired`.

    Returns:
        Index ``change``: ``variant``, ``dice``, ``dice_low``, ``dice_high`` (its 95 %
        interval as in `compare_variants`), ``hd95`` and ``assd`` in ``unit``, ``patients``,
        ``seeds``, ``missed``; and of `seglib.evaluation.compare_paired` ``difference`` to
        the reference, ``low``, ``high``, ``n``, ``p_holm``, ``p_smallest``, ``p_equivalent``
        and ``verdict`` (NaN for the reference).
    """
    reached = compare_variants(per_case).rename(columns={"low": "dice_low", "high": "dice_high"})
    dice = ["dice", "dice_low", "dice_high"]
    columns = [*dice, "hd95", "assd", "unit", "patients", "seeds", "missed"]
    paired = compare_with(per_case, reference, margin=margin)
    tested = ["difference", "low", "high", "n", "p_holm", "p_smallest", "p_equivalent", "verdict"]
    table = reached[columns].join(paired[tested])
    order = [variant for variant in changes if variant in table.index]
    table = table.loc[order].rename_axis("variant").reset_index()
    return table.set_index(table["variant"].map(changes).rename("change"))


def strata(per_slice: pd.DataFrame, sizes: int = 4) -> pd.DataFrame:
    """Slices with what they are grouped by when one asks where a network fails.

    Args:
        per_slice: From `study.results.read_results`.
        sizes: Groups of equal number that the mask's size is cut into.

    Returns:
        One row a slice: ``variant``, ``seed``, ``patient``, ``dice`` (hard, of the slice;
        NaN if both masks are empty), ``pathology``, ``phase``, ``position`` ("base",
        "2", "middle", "4", "apex": fifths of the stack) and ``size`` (pixels of the
        expert's mask, as ranges).
    """
    # By order in the stack, not by number: where the numbers begin differs.
    stack = per_slice.groupby([*_LABELS, "case"])["slice"]
    height = (stack.rank(method="dense") - 1) / (stack.transform("nunique") - 1).clip(lower=1)
    fifth = pd.cut(height, [-0.01, 0.2, 0.4, 0.6, 0.8, 1.01], labels=False)
    groups = pd.qcut(per_slice["truth"], sizes)
    ranges = groups.cat.categories
    names = {part: f"{max(part.left, 0):.0f} to\n{part.right:.0f}" for part in ranges}
    return per_slice[["variant", "seed", "patient", "pathology", "phase"]].assign(
        dice=dice_of_counts(per_slice),
        position=pd.Categorical.from_codes(fifth, ["base", "2", "middle", "4", "apex"]),
        size=groups.cat.rename_categories(names),
    )
