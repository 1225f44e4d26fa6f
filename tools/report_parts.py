"""What the report is made of: each table and figure, from stored results alone.

`TABLES` and `FIGURES` list them; ``tools.report`` calls them. Everything goes to
`seglib.reporting.results_dir`.
"""

from __future__ import annotations

import pandas as pd

from seglib import comparison, plot_comparison, plotting, reporting, results
from seglib.audit import rank_suspects, read_audit
from seglib.calibration import compare_calibration
from seglib.datasets import sunnybrook
from seglib.datasets.slice_set import SliceSet
from seglib.ensemble import judge_measures, patients_of, read_uncertainty
from seglib.evaluation import per_patient, summarise
from seglib.plot_audit import plot_ranking, show_suspects
from seglib.plot_scores import SUNNYBROOK_REFERENCES
from seglib.plot_uncertainty import plot_doubt, plot_reliability, plot_risk_coverage
from seglib.plot_waterfall import PUBLISHED, plot_branches, plot_waterfall
from seglib.statistics import rank_networks
from seglib.waterfall import branch_table, cited, waterfall_table

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


def folds_table(table: pd.DataFrame) -> str:
    """The comparison as a short Markdown table."""
    shown = table.reset_index()
    shown.insert(1, "Dice", with_interval(shown))
    columns = ["variant", "Dice", "sd", "jaccard", "hd95", "unit", "patients", "seeds", "seed_sd"]
    return reporting.to_markdown(shown[columns]).strip()


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


# --- Why 0.80 was not 0.80 -------------------------------------------------------------

SLIM = {"dataset": "Sunnybrook", "profile": "slim network, stored runs"}


def waterfall_tables() -> None:
    """Write the steps from the claimed figure to the best, and the branches beside them."""
    for table, name in ((waterfall_table(), "waterfall"), (branch_table(), "waterfall_branches")):
        reporting.save_table(table, name, **SLIM, runs=cited(table), markdown=True)


def waterfall_figures(slices: SliceSet) -> None:
    """Draw both."""
    table, branches = waterfall_table(), branch_table()
    fig = plot_waterfall(table, **SLIM, references=PUBLISHED[:1])
    reporting.save_figure(fig, "waterfall", **SLIM, runs=cited(table))
    fig = plot_branches(branches, **SLIM)
    reporting.save_figure(fig, "waterfall_branches", **SLIM, runs=cited(branches))


def steps_table(table: pd.DataFrame) -> str:
    """The steps as a short Markdown table."""
    table = table.reset_index()
    shown = pd.DataFrame(
        {
            "step": table["step"],
            "what changed": table["changed"],
            "Dice": with_interval(table),
            "difference": table["difference"],
            "seeds": table["seeds"],
            "patients": table["patients"],
        }
    )
    return reporting.to_markdown(shown).strip()


def with_interval(table: pd.DataFrame) -> list[str]:
    """``0.933 [0.923, 0.942]`` of each row; the mean alone where there is no interval."""
    return [
        f"{row.dice:.3f}" + ("" if pd.isna(row.low) else f" [{row.low:.3f}, {row.high:.3f}]")
        for row in table.itertuples()
    ]


# --- Label audit -----------------------------------------------------------------------


def audit_tables() -> None:
    """Write all patients, the most suspect labels first."""
    suspects = rank_suspects(results.read_results("audit", "per_slice"))
    reporting.save_table(suspects, "audit_suspects", **labels("audit"))


def audit_figures(slices: SliceSet) -> None:
    """Draw the ranking, and the first five suspects."""
    note = labels("audit")
    shown = {"dataset": note["dataset"], "profile": note["profile"]}
    found = read_audit(slices)
    suspects = rank_suspects(found.per_slice)
    ranking = plot_ranking(suspects, **shown, wrong=sunnybrook.WRONG_LABELS)
    reporting.save_figure(ranking, "audit_ranking", **note)
    pictures = show_suspects(
        found.slices, found.prediction, suspects.head(5), profile=note["profile"]
    )
    reporting.save_figure(pictures, "audit_suspects", **note)


def suspects_table() -> str:
    """The ten most suspect patients as a short Markdown table."""
    suspects = rank_suspects(results.read_results("audit", "per_slice")).head(10)
    columns = ["patient", "pathology", "dice", "z", "area_ratio", "worst_slice"]
    shown = suspects[[column for column in columns if column in suspects]]
    return reporting.to_markdown(shown).strip()


# --- Uncertainty -----------------------------------------------------------------------


def uncertainty_labels() -> dict:
    """As `labels`, for the networks that ``tools.uncertainty`` has read."""
    runs = results.read_manifest("uncertainty")["jobs"]
    return {"dataset": "Sunnybrook", "profile": "stored runs", "runs": runs}


def uncertainty_tables() -> None:
    """Write the calibration, and how well each measure of doubt orders the patients."""
    note = uncertainty_labels()
    calibration = compare_calibration(read_uncertainty("reliability"))
    reporting.save_table(calibration, "calibration", **note, markdown=True)
    judged = judge_measures(patients_of(read_uncertainty("members")))
    reporting.save_table(judged, "doubt", **note, markdown=True)


def uncertainty_figures(slices: SliceSet) -> None:
    """Draw the reliability near the outline, doubt against Dice, and what sending brings."""
    note = uncertainty_labels()
    shown = {"dataset": note["dataset"], "profile": note["profile"]}
    near = read_uncertainty("reliability").query("region == 'near'")
    names = {"none": "as predicted", "temperature": "temperature"}
    curves = {
        f"{network}, {names[scaling]}": rows
        for (network, scaling), rows in near.groupby(["network", "scaling"], sort=False)
    }
    reporting.save_figure(plot_reliability(curves, **shown), "reliability", **note)
    patients = patients_of(read_uncertainty("members"))
    measures = ["disagreement", "entropy_single", "smallness"]
    measures = [name for name in measures if name in patients]
    reporting.save_figure(plot_doubt(patients, measures, **shown), "doubt", **note)
    curve = plot_risk_coverage(patients, measures, **shown)
    reporting.save_figure(curve, "risk_coverage", **note)


TABLES = (best_tables, comparison_tables, waterfall_tables, audit_tables, uncertainty_tables)
FIGURES = (
    best_figures,
    comparison_figures,
    waterfall_figures,
    audit_figures,
    uncertainty_figures,
)
