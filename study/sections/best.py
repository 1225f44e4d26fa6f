"""The best network: one table, its charts, its best, median and worst case."""

from __future__ import annotations

import pandas as pd

from seglib import plotting, reporting
from seglib.evaluation.tables import per_patient
from seglib.slices import SliceSet
from study import references, results, variants
from study.section import groups_table, labels, summarise_groups


def best_summary() -> pd.DataFrame:
    """Scores of the test patients, all and by challenge part; seeds averaged by case."""
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    return summarise_groups(variants.average_seeds(per_case))


def tables() -> None:
    """Write the best network's summary."""
    note = labels("literature", ["lv_best"])
    reporting.save_table(best_summary(), "best_summary", **note)


def figures(slices: SliceSet) -> None:
    """Write the best network's charts and its best, median and worst case."""
    note = labels("literature", ["lv_best"])
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    patients = per_patient(variants.average_seeds(per_case))
    box = plotting.box_plot_per_patient({"best U-Net": patients}, references=references.SUNNYBROOK)
    reporting.save_figure(box, "best_per_patient", **note)
    first = note["runs"][0]
    test = slices.of_patients(results.read_manifest(first)["test_patients"])
    cases = plotting.cases_best_median_worst(
        test,
        results.read_masks(first),
        per_case[per_case["seed"] == results.read_manifest(first)["seed"]],
    )
    reporting.save_figure(cases, "best_cases", **{**note, "runs": [first]})
    history = results.read_table(first, "history")
    fig = plotting.plot_history(history)
    reporting.save_figure(fig, "best_history", **{**note, "runs": [first]})


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"results": groups_table(best_summary())}
