"""Networks, losses and optimisers over five folds."""

from __future__ import annotations

import pandas as pd

from seglib import plotting, reporting
from seglib.evaluation.comparison import rank_networks
from seglib.evaluation.tables import per_patient
from seglib.slices import SliceSet
from study import references, results, variants
from study.section import against_reference, labels, with_interval


def tables() -> None:
    """Write what each variant reached over five folds, and the paired tests."""
    per_case = results.read_results("comparison", "per_case")
    note = labels("comparison")
    table = variants.compare_variants(per_case)
    reporting.save_table(table, "comparison_folds", **note)
    reporting.save_table(variants.compare_with(per_case, "unet"), "comparison_paired", **note)


def folds_table(table: pd.DataFrame) -> str:
    """The comparison as a short Markdown table."""
    shown = table.reset_index()
    shown.insert(1, "Dice", with_interval(shown))
    columns = ["variant", "Dice", "sd", "jaccard", "hd95", "unit", "patients", "seeds", "seed_sd"]
    return reporting.to_markdown(shown[columns]).strip()


def paired_table(table: pd.DataFrame) -> str:
    """Each variant against the U-Net as a short Markdown table."""
    table = table.sort_values("difference", ascending=False).reset_index()
    shown = pd.DataFrame(
        {
            "variant": table["variant"],
            **against_reference(table),
        }
    )
    return reporting.to_markdown(shown).strip()


def figures(slices: SliceSet) -> None:
    """Write the means, the ranks, and where the U-Net fails."""
    per_case = results.read_results("comparison", "per_case")
    note = labels("comparison")
    seeds = pd.DataFrame(
        [
            {"variant": variant, "dice": per_patient(rows)["dice"].mean()}
            for (variant, _), rows in per_case.groupby(["variant", "seed"])
        ]
    )
    fig = plotting.plot_means(
        variants.compare_variants(per_case), seeds, references=references.SUNNYBROOK
    )
    reporting.save_figure(fig, "comparison_means", **note)
    ranking = rank_networks(variants.patients_by_variant(per_case))
    fig = plotting.plot_ranks(ranking)
    reporting.save_figure(fig, "comparison_ranks", **note)
    per_slice = results.read_results("comparison", "per_slice", ["unet"])
    fig = plotting.plot_strata(variants.strata(per_slice))
    reporting.save_figure(fig, "comparison_strata", **labels("comparison", ["unet"]))


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    per_case = results.read_results("comparison", "per_case")
    found = {"folds": folds_table(variants.compare_variants(per_case))}
    return found | {"paired": paired_table(variants.compare_with(per_case, "unet"))}
