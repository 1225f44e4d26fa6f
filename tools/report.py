"""Rebuild ``reports/`` and the README's table from the stored results: no training.

    python -m tools.report            tables, figures, README blocks
    python -m tools.report --check    only say which committed tables cannot be rebuilt

What is stored, and how to compute it anew, is the matter of `tools.experiments`. Every
figure and table is written with a note that names the jobs it was made from.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from seglib import comparison, plot_comparison, plotting, reporting, results
from seglib.datasets import sunnybrook
from seglib.datasets.slice_set import SliceSet
from seglib.evaluation import per_patient, summarise
from seglib.plot_scores import SUNNYBROOK_REFERENCES
from seglib.statistics import rank_networks
from tools import model_card

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "reports"
MODEL = REPORTS / "models" / "sunnybrook.keras"
#: The job that trained it.
MODEL_JOB = "literature/lv_best/literature-seed0"
SHOWN = ["dice", "jaccard", "precision", "recall", "hd95", "assd"]
#: What the test patients are reported as: all, and each part of the challenge.
GROUPS = {"all": ("Part2", "Part3"), "Part2": ("Part2",), "Part3": ("Part3",)}


def labels(experiment: str, variants: list[str] | None = None) -> dict:
    """What a figure or table of an experiment is labelled with, and the jobs it cites."""
    names = results.stored_names(experiment, variants)
    return {"dataset": "Sunnybrook", "profile": "stored runs", "runs": names}


# --- The best network ------------------------------------------------------------------


def best_summary() -> pd.DataFrame:
    """Scores of the test patients, all and by challenge part; seeds averaged by case."""
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    cases = comparison.average_seeds(per_case)
    return pd.concat(
        {name: summarise(cases[cases["part"].isin(parts)]) for name, parts in GROUPS.items()},
        names=["patients"],
    )


def best_tables() -> None:
    """Write the best network's summary."""
    note = labels("literature", ["lv_best"])
    reporting.save_table(best_summary(), "best_summary", **note, markdown=True)


def best_figures(slices: SliceSet) -> None:
    """Write the best network's charts and its best, median and worst case."""
    note = labels("literature", ["lv_best"])
    shown = {"dataset": note["dataset"], "profile": note["profile"]}
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    patients = per_patient(comparison.average_seeds(per_case))
    box = plotting.box_plot_per_patient(
        {"best U-Net": patients}, **shown, references=SUNNYBROOK_REFERENCES
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
    history = pd.read_csv(results.STORED / first / "history.csv")
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


# --- Networks, losses and optimisers ---------------------------------------------------


def comparison_tables() -> None:
    """Write what each variant reached over five folds, and the paired tests."""
    per_case = results.read_results("comparison", "per_case")
    note = labels("comparison")
    table = comparison.compare_variants(per_case)
    reporting.save_table(table, "comparison_folds", **note, markdown=True)
    if len(table) > 1:
        paired = comparison.compare_with(per_case, "unet")
        reporting.save_table(paired, "comparison_paired", **note, markdown=True)


def comparison_figures(slices: SliceSet) -> None:
    """Write the means, the ranks, and where the U-Net fails."""
    per_case = results.read_results("comparison", "per_case")
    note = labels("comparison")
    shown = {"dataset": note["dataset"], "profile": note["profile"]}
    seeds = pd.DataFrame(
        [
            {"variant": variant, "dice": per_patient(rows)["dice"].mean()}
            for (variant, _), rows in per_case.groupby(["variant", "seed"])
        ]
    )
    fig = plot_comparison.plot_means(
        comparison.compare_variants(per_case), seeds, **shown, references=SUNNYBROOK_REFERENCES
    )
    reporting.save_figure(fig, "comparison_means", **note)
    tables = comparison.patients_by_variant(per_case)
    if len(tables) > 2:
        fig = plot_comparison.plot_ranks(rank_networks(tables), **shown)
        reporting.save_figure(fig, "comparison_ranks", **note)
    per_slice = results.read_results("comparison", "per_slice", ["unet"])
    fig = plot_comparison.plot_strata(comparison.strata(per_slice), **shown)
    reporting.save_figure(fig, "comparison_strata", **labels("comparison", ["unet"]))


# --- All of it -------------------------------------------------------------------------

TABLES = (best_tables, comparison_tables)
FIGURES = (best_figures, comparison_figures)


def rebuild_tables(folder: Path) -> None:
    """Write every table that follows from stored results into ``folder/tables``."""
    before = os.environ.get("SEGLIB_REPORTS_DIR")
    os.environ["SEGLIB_REPORTS_DIR"] = str(folder)
    try:
        for make in TABLES:
            make()
    finally:
        if before is None:
            del os.environ["SEGLIB_REPORTS_DIR"]
        else:
            os.environ["SEGLIB_REPORTS_DIR"] = before


def differences(rebuilt: Path, committed: Path) -> list[str]:
    """What is wrong with committed tables, compared with those rebuilt: one line each.

    Numbers may differ in the last digits, as they do between processors.
    """
    found = []
    for path in sorted((rebuilt / "tables").glob("*.csv")):
        other = committed / "tables" / path.name
        if not other.is_file():
            found.append(f"{path.name} follows from the stored results but is not there")
            continue
        try:
            pd.testing.assert_frame_equal(pd.read_csv(path), pd.read_csv(other), rtol=1e-6)
        except AssertionError as error:
            found.append(f"{path.name} does not follow from the stored results: {error}")
    return found


def check() -> list[str]:
    """Rebuild all tables aside and compare them with the committed ones."""
    with tempfile.TemporaryDirectory() as folder:
        rebuild_tables(Path(folder))
        found = differences(Path(folder), REPORTS)
    for page, blocks in pages().items():
        text = page.read_text(encoding="utf-8")
        found += [
            f"{page.relative_to(ROOT)}: the block {name} is out of date"
            for name, block in blocks.items()
            if block not in text
        ]
    return found


def pages() -> dict[Path, dict[str, str]]:
    """The pages with blocks made from results: for each block its name and its text."""
    best = results_table(best_summary())
    folds = REPORTS / "tables" / "comparison_folds.md"
    return {
        ROOT / "README.md": {"results": best},
        REPORTS / "README.md": {"results": best, "folds": folds.read_text().strip()},
    }


def fill(page: Path, blocks: dict[str, str]) -> None:
    """Put each block between its two markers, ``<!-- name -->`` and ``<!-- /name -->``."""
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{block}\n<!-- /{name} -->{after}"
    reporting.atomic_write(page, text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args(arguments).check:
        found = check()
        print("\n".join(found) or "every committed table follows from the stored results")
        return 1 if found else 0
    slices = sunnybrook.load(exclude_wrong=False)
    rebuild_tables(REPORTS)
    os.environ["SEGLIB_REPORTS_DIR"] = str(REPORTS)
    for make in FIGURES:
        make(slices)
        print(f"{make.__name__} done", flush=True)
    summary = best_summary()
    model_card.write(MODEL, MODEL_JOB, results_table(summary), summary)
    for page, blocks in pages().items():
        fill(page, blocks)
    print(results_table(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
