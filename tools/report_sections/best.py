"""The best network: one table, its charts, its best, median and worst case."""

from __future__ import annotations

import pandas as pd

from seglib import comparison, plotting, references, reporting, results
from seglib.datasets.slice_set import SliceSet
from seglib.evaluation import per_patient, summarise
from tools.report_sections.common import labels

SHOWN = ["dice", "jaccard", "precision", "recall", "hd95", "assd"]
#: What the test patients are reported as: all, and each part of the challenge.
GROUPS = {"all": ("Part2", "Part3"), "Part2": ("Part2",), "Part3": ("Part3",)}


def best_summary() -> pd.DataFrame:
    """Scores of the test patients, all and by challenge part; seeds averaged by case."""
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    cases = comparison.average_seeds(per_case)
    return pd.concat(
        {name: summarise(cases[cases["part"].isin(parts)]) for name, parts in GROUPS.items()},
        names=["patients"],
    )


def tables() -> None:
    """Write the best network's summary."""
    note = labels("literature", ["lv_best"])
    reporting.save_table(best_summary(), "best_summary", **note)


def figures(slices: SliceSet) -> None:
    """Write the best network's charts and its best, median and worst case."""
    note = labels("literature", ["lv_best"])
    shown = {"dataset": note["dataset"], "profile": note["profile"]}
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    patients = per_patient(comparison.average_seeds(per_case))
    box = plotting.box_plot_per_patient(
        {"best U-Net": patients}, **shown, references=references.SUNNYBROOK
    )
    reporting.save_figure(box, "best_per_patient", **note)
    first = note["runs"][0]
    test = slices.of_patients(results.read_manifest(first)["test_patients"])
    cases = plotting.cases_best_median_worst(
        test,
        results.read_masks(first),
        per_case[per_case["seed"] == results.read_manifest(first)["seed"]],
        profile=note["profile"],
    )
    reporting.save_figure(cases, "best_cases", **{**note, "runs": [first]})
    history = results.read_table(first, "history")
    fig = plotting.plot_history(history, **shown)
    reporting.save_figure(fig, "best_history", **{**note, "runs": [first]})


def results_table(summary: pd.DataFrame) -> str:
    """The summary as a Markdown table: mean [95 % interval] of each shown metric."""
    rows = {}
    for name in GROUPS:
        part = summary.loc[name]
        rows[name] = {
            "number": int(part.loc["dice", "n"]),
            **{
                f"{metric} ({unit})" if (unit := part.loc[metric, "unit"]) else metric: (
                    "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**part.loc[metric])
                )
                for metric in SHOWN
            },
        }
    table = pd.DataFrame(rows).T.rename_axis("test patients").reset_index()
    return reporting.to_markdown(table).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"results": results_table(best_summary())}
