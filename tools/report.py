"""Make `reports/` anew from real runs on Sunnybrook; ``make report`` calls this.

Two parts, both resumable (a run that is already there is read back, not repeated):

1. The best recipe is trained on the 15 challenge-training patients, then scored once on
   the other 29. Its model, model card, tables and figures are written.
2. The notebooks are run in the ``quick`` profile; their figures, tables and run manifests
   are collected.

Finally the results table of README.md is filled in from what was measured.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd

from seglib import datasets, plotting, reporting
from seglib.datasets.slice_set import SliceSet
from seglib.evaluation import per_patient, summarise
from seglib.leaks import check_no_leaks
from seglib.plot_scores import SUNNYBROOK_REFERENCES
from seglib.recipes import get_recipe
from seglib.splits import literature_split
from seglib.study import score
from seglib.training import Run, train
from tools import run_study

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "reports"
LOCAL = REPORTS / "local"
MODEL = REPORTS / "models" / "sunnybrook.keras"
SHOWN = ["dice", "jaccard", "precision", "recall", "hd95", "assd"]
#: What the test patients are reported as: all, and each part of the challenge.
GROUPS = {"all": ("Part2", "Part3"), "Part2": ("Part2",), "Part3": ("Part3",)}
#: Pixel side in mm taken for the challenge's "good contours" alone: the PNG files do not
#: hold it; the patients whose DICOM files are at hand have 1.29 to 1.37.
ASSUMED_SPACING = 1.33


def report_best(slices: SliceSet) -> tuple[Run, pd.DataFrame]:
    """Train the best recipe, score the test patients, write model, tables and figures."""
    recipe = get_recipe("lv_best")
    split = literature_split(slices)
    parts = split.apply(slices)
    check_no_leaks({"train": parts["train"], "test": parts["test"]})
    run = train(recipe, parts["train"], runs_dir=LOCAL / "report" / "runs")
    scored = score(run, parts["test"], assumed_spacing=ASSUMED_SPACING)
    part_of = slices.table.drop_duplicates("patient").set_index("patient")["part"]
    per_case = scored.per_case.assign(part=scored.per_case["patient"].map(part_of))
    summary = pd.concat(
        {
            name: summarise(per_case[per_case["part"].isin(members)])
            for name, members in GROUPS.items()
        },
        names=["patients"],
    )
    labels = {"dataset": slices.name, "profile": "full", "runs": [run.id]}
    reporting.save_table(per_case, "best_per_case", **labels)
    reporting.save_table(summary, "best_summary", **labels, markdown=True)
    patients = per_patient(per_case)
    box = plotting.box_plot_per_patient(
        {"best U-Net": patients},
        dataset=slices.name,
        profile="full",
        references=SUNNYBROOK_REFERENCES,
    )
    reporting.save_figure(box, "best_per_patient", **labels)
    cases = plotting.cases_best_median_worst(
        scored.slices, scored.prediction, per_case, profile="full"
    )
    reporting.save_figure(cases, "best_cases", **labels)
    history = plotting.plot_history(run.history, dataset=slices.name, profile="full")
    reporting.save_figure(history, "best_history", **labels)
    store_run(run.path)
    reporting.atomic_write(MODEL, (run.path / "model.keras").read_bytes())
    write_model_card(run, summary)
    return run, summary


def store_run(path: Path) -> None:
    """Copy a run's manifest and history, without its weights, to ``reports/runs/``."""
    target = REPORTS / "runs" / path.name
    target.mkdir(parents=True, exist_ok=True)
    for name in ("manifest.json", "history.csv"):
        shutil.copyfile(path / name, target / name)


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


def write_model_card(run: Run, summary: pd.DataFrame) -> None:
    """Write ``sunnybrook.md`` beside the model; every figure comes from the run."""
    manifest = run.manifest
    recipe = run.recipe
    text = f"""# Model card: sunnybrook.keras

Outlines the left-ventricular blood pool (inside the endocardium, papillary muscles
counted as blood, as the experts drew it) on short-axis cine MR slices.
For teaching and research. Not a medical device.

| | |
|---|---|
| network | {recipe.architecture}, {recipe.filters} filters, depth {recipe.depth}, \
{manifest["parameters"]:,} parameters |
| trained on | Sunnybrook Cardiac Data (CC0 1.0), {len(manifest["train_patients"])} \
challenge-training patients, {manifest["train_slices"]} slices |
| training | {recipe.epochs} epochs, {recipe.loss}, {recipe.optimizer}, seed \
{manifest["seed"]}, {manifest["seconds"] / 60:.0f} minutes on \
{manifest["environment"]["cpu_count"]} cores |
| input | grey, 1.3 mm pixels, heart near the centre: the network sees the central \
{recipe.preprocessing.size}x{recipe.preprocessing.size} pixels |
| run | `{run.id}` (manifest in `reports/runs/`) |

## Held-out patients, scored once

Per patient, hard masks on the native grid, every slice counted; mean [95 % bootstrap
interval over patients]. Distances are in pixels: the PNG files do not hold the spacing.

{results_table(summary)}

By the challenge's kinder count, only contours with a mean distance below 5 mm \
(pixel side assumed {ASSUMED_SPACING} mm): \
{summary.loc[("all", "good_share"), "mean"]:.1%} of contours are good, with Dice \
{summary.loc[("all", "good_dice"), "mean"]:.3f}.

## Limits

- One seed, 15 training patients, one hospital, one scanner family, end-diastole and
  end-systole only. Images in the usual orientation: not turned or mirrored.
- No epicardium, no right ventricle. The slices at base and apex are the weakest.
- Images with another pixel size must be resized to about 1.3 mm first.
"""
    reporting.atomic_write(MODEL.with_suffix(".md"), text)


def collect_study() -> None:
    """Run the notebooks in `quick` on Sunnybrook; collect figures, tables and manifests."""
    source = LOCAL / "quick"
    for kind in ("figures", "tables"):  # nothing from an earlier run may be collected
        shutil.rmtree(source / kind, ignore_errors=True)
    arguments = ["--profile", "quick", "--dataset", "sunnybrook"]
    if run_study.main(arguments) != 0:
        sys.exit("the notebooks did not run to their end; nothing was collected")
    shutil.copyfile(source / "durations.json", REPORTS / "durations.json")
    for kind in ("figures", "tables"):
        for path in sorted((source / kind).iterdir()):
            shutil.copyfile(path, REPORTS / kind / path.name)
    for run_id in cited_runs(source):
        store_run(source / "runs" / run_id)


def cited_runs(results: Path) -> set[str]:
    """The runs that the figures and tables of a results folder name."""
    notes = [*(results / "figures").glob("*.json"), *(results / "tables").glob("*.json")]
    return {run for note in notes for run in json.loads(note.read_text(encoding="utf-8"))["runs"]}


def drop_uncited_runs() -> None:
    """Remove stored runs that no figure or table names any more."""
    cited = cited_runs(REPORTS)
    for path in (REPORTS / "runs").iterdir():
        if path.name not in cited:
            shutil.rmtree(path)


def fill_readme(summary: pd.DataFrame) -> None:
    """Put the results table between the two markers in README.md."""
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split("<!-- results -->\n")
    _, after = rest.split("<!-- /results -->")
    table = results_table(summary)
    text = f"{before}<!-- results -->\n{table}\n<!-- /results -->{after}"
    reporting.atomic_write(readme, text)


def main() -> None:
    """Do both parts."""
    os.environ["SEGLIB_REPORTS_DIR"] = str(REPORTS)
    slices = datasets.load("sunnybrook")
    _, summary = report_best(slices)
    collect_study()
    drop_uncited_runs()
    fill_readme(summary)
    print(results_table(summary))


if __name__ == "__main__":
    main()
