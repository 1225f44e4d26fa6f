"""The networks that ship in ``reports/models/``, and their cards.

    python -m tools.models sunnybrook     # take the stored job's network from the local runs

A card is rebuilt with the report; every figure in it comes from the stored job.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from seglib import job_tables, reporting, results
from tools.report_sections.common import groups_table, summarise_groups

FOLDER = Path(__file__).resolve().parents[1] / "reports" / "models"


@dataclass(frozen=True)
class Shipped:
    """A committed network: where it comes from, and what its user must know.

    Attributes:
        name: Of its file, without the ending.
        job: The stored job that trained it.
        outlines: What it outlines, on which images.
        data: What it was trained on, with the licence.
        pixels: What images it takes.
        limits: What it cannot do, a sentence or two each.
    """

    name: str
    job: str
    outlines: str
    data: str
    pixels: str
    limits: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The model file; its card lies beside it and ends in ``.md``."""
        return FOLDER / f"{self.name}.keras"


SUNNYBROOK = Shipped(
    name="sunnybrook",
    job="literature/lv_best/literature-seed0",
    outlines="""\
Outlines the left-ventricular blood pool (inside the endocardium, papillary muscles
counted as blood, as the experts drew it) on short-axis cine MR slices.""",
    data="Sunnybrook Cardiac Data (CC0 1.0), the challenge's training patients",
    pixels="grey, 1.3 mm pixels, heart near the centre",
    limits=(
        """\
One seed, 15 training patients, one hospital, one scanner family, end-diastole and
  end-systole only. Images in the usual orientation: not turned or mirrored.""",
        """\
No epicardium, no right ventricle. The slices at the apex, and end-systole, are the
  weakest.""",
        "Images with another pixel size must be resized to about 1.3 mm first.",
    ),
)
SHIPPED = (SUNNYBROOK,)


def card(model: Shipped) -> str:
    """The model's card, in Markdown."""
    manifest = results.read_manifest(model.job)
    recipe = manifest["recipe"]
    per_case = results.read_table(model.job, "per_case")
    summary = summarise_groups(per_case)
    side = recipe["preprocessing"]["size"]
    where = "in pixels: the files do not hold the spacing"
    if per_case["unit"].iloc[0] == "mm":
        where = "in mm"
    limits = "\n".join(f"- {limit}" for limit in model.limits)
    return f"""# Model card: {model.path.name}

{model.outlines}
For teaching and research. Not a medical device.

| | |
|---|---|
| network | {recipe["architecture"]}, {recipe["filters"]} filters, depth {recipe["depth"]}, \
{manifest["parameters"]:,} parameters |
| trained on | {model.data}: {len(manifest["train_patients"])} patients, \
{manifest["train_slices"]} slices |
| training | {recipe["epochs"]} epochs, {recipe["loss"]}, {recipe["optimizer"]}, seed \
{manifest["seed"]}, {manifest["seconds"] / 60:.0f} minutes on \
{manifest["environment"]["cpu_count"]} cores |
| input | {model.pixels}: the network sees the central {side}x{side} pixels |
| run | `{model.job}` in `reports/runs/` |

## Held-out patients, scored once

Per patient, hard masks on the native grid, every slice counted; mean [95 % bootstrap
interval over patients]. Distances are {where}.

{groups_table(summary)}
{_good_contours(summary)}
## Limits

{limits}
"""


def _good_contours(summary: pd.DataFrame) -> str:
    """The challenge's count, where a pixel's side could at least be assumed."""
    if ("all", "good_share") not in summary.index or not summary.loc[("all", "good_share"), "n"]:
        return ""
    return f"""
By the challenge's count, only contours with a mean distance below 5 mm \
(pixel side assumed {job_tables.ASSUMED_SPACING} mm): \
{summary.loc[("all", "good_share"), "mean"]:.1%} of contours are good, with Dice \
{summary.loc[("all", "good_dice"), "mean"]:.3f}.
"""


def write_card(model: Shipped) -> None:
    """Write the model's card beside it."""
    reporting.atomic_write(model.path.with_suffix(".md"), card(model))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.models", description=__doc__)
    parser.add_argument("name", choices=[model.name for model in SHIPPED])
    name = parser.parse_args(arguments).name
    model = next(model for model in SHIPPED if model.name == name)
    run = reporting.results_dir() / "runs" / results.read_manifest(model.job)["run"]
    if not (run / "model.keras").is_file():
        print(f"{run.name} was not trained here; run: python -m tools.experiments job {model.job}")
        return 1
    reporting.atomic_write(model.path, (run / "model.keras").read_bytes())
    write_card(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
