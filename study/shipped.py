"""The networks that ship in ``reports/models/``, and their cards.

    python -m study ship sunnybrook     # take the stored job's network from the local runs

Each ships twice: as Keras' file, and exported from that as the ONNX file that `predict` runs.

A card is rebuilt with the report; every figure in it comes from the stored job.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from seglib.evaluation.challenge import RULES
from seglib.files import REPOSITORY, atomic_write, results_dir
from seglib.program import program
from study import results
from study.outlines import at_one_pixel
from study.questions import judge, outside
from study.questions.heart import ASSUMED_SPACING
from study.section import groups_table, summarise_groups

FOLDER = REPOSITORY / "reports" / "models"


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

    @property
    def export(self) -> Path:
        """The same network for ONNX Runtime."""
        return self.path.with_suffix(".onnx")


SUNNYBROOK = Shipped(
    name="sunnybrook",
    job=outside.JOB,
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
ATRIUM = Shipped(
    name="atrium",
    # The first fold that trains on ten subjects: fold 1 tests the scan that is there twice.
    job="atrium/longer_3d/fold2-seed0",
    outlines="Outlines the left atrium on 3-D MR volumes, 64 slices at a time.",
    data="Medical Segmentation Decathlon, Task02_Heart (King's College London; CC-BY-SA 4.0)",
    pixels="grey NIfTI volumes with voxels of about 1.25x1.25x1.37 mm, atrium near the centre",
    limits=(
        """\
Licence: trained on CC-BY-SA 4.0 data; pass these weights on under the same licence and
  name the Decathlon (Antonelli et al. 2022, The Medical Segmentation Decathlon).""",
        """\
One fold of five, so two test subjects: the interval above only runs from one to the other.
  The report has the same recipe over all folds. The other folds' subjects are what this network
  was trained on; score it on none of them.""",
        "One seed, one hospital, one sequence. The header of the files does not fit the pictures.",
    ),
)
BRAIN_TISSUE = Shipped(
    name="brain_tissue",
    job="brain/corrected/published-seed0",
    outlines="Outlines fluid, grey and white matter on T1-weighted slices **of simulated heads**.",
    data="the brain phantom of `seglib.phantoms.brain`, simulated",
    pixels="grey slices as the phantom draws them",
    limits=(
        "**Simulated heads only.** It has never seen a patient and says nothing about one.",
        "It stands here to show files of several classes going in and out of the command line.",
    ),
)
SHIPPED = (SUNNYBROOK, ATRIUM, BRAIN_TISSUE)


def card(model: Shipped) -> str:
    """The model's card, in Markdown."""
    manifest = results.read_manifest(model.job)
    recipe = manifest["recipe"]
    per_case = results.read_table(model.job, "per_case")
    if manifest["experiment"] == "literature":
        labels = {"variant": manifest["variant"], "seed": manifest["seed"]}
        per_case = at_one_pixel(per_case.assign(**labels))
    summary = summarise_groups(per_case)
    where = "in pixels: the files do not hold the spacing"
    if per_case["unit"].iloc[0] == "mm":
        where = "in mm"
    cores = manifest["environment"]["cpu_count"]
    measured = (outside.limit(),) if model.job == outside.JOB else ()
    limits = "\n".join(f"- {limit}" for limit in (*measured, *model.limits))
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
{manifest["seed"]}, {manifest["seconds"] / 60:.0f} minutes on {cores} \
core{"s" if cores > 1 else ""} |
| input | {model.pixels}: the network sees {_seen(recipe["preprocessing"])} |
| run | `{model.job}` in `reports/runs/` |
| without Keras | `{model.export.name}`, exported from this file; `predict` runs it |

## Held-out patients, scored once

Per patient, hard masks on the native grid, every slice counted; mean [95 % bootstrap
interval over patients]. Distances are {where}.

{groups_table(summary)}
{_judged(manifest["variant"]) if per_case["contour_spacing_assumed"].any() else ""}
## Limits

{limits}
"""


def _seen(preprocessing: dict) -> str:
    """What of an image goes into the network, in words."""
    crop = "the central {0}x{0} pixels".format(preprocessing["size"])
    resize, field = preprocessing["resize"], preprocessing.get("field")
    if resize is None:
        return crop
    first = "the whole image" if field is None else f"the central {field}x{field} pixels"
    return f"{crop}, after {first} became {resize}x{resize}"


def _judged(variant: str) -> str:
    """What the challenge's judge says, for its own data: a pixel's side is assumed."""
    table = judge.challenge_table()
    counted, apart = (table.loc[(version, variant)] for version in ("0.9", "1.0"))
    return f"""
By the challenge's own judge, version 1.0 (a contour is good below {RULES["1.0"].limit:g} mm; \
pixel side assumed {ASSUMED_SPACING} mm): \
{apart["good_share"]:.1%} of contours are good, with Dice {apart["dice"]:.3f} and a mean distance \
of {apart["distance"]:.2f} mm, or {counted["distance"]:.2f} mm with points that touch counted.
"""


def write_export(model: Shipped) -> None:
    """Write the model's network for ONNX Runtime beside it."""
    from seglib.inference.model_files import load_model
    from seglib.inference.onnx_export import export_onnx  # imports Keras; the report does not

    network, preprocessing, noted = load_model(model.path)
    export_onnx(network, model.export, preprocessing, noted, source=model.path)


def write_card(model: Shipped) -> None:
    """Write the model's card beside it."""
    atomic_write(model.path.with_suffix(".md"), card(model))


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study ship", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", choices=[model.name for model in SHIPPED])
    name = parser.parse_args(arguments).name
    model = next(model for model in SHIPPED if model.name == name)
    run = results_dir() / "runs" / results.read_manifest(model.job)["run"]
    if not (run / "model.keras").is_file():
        print(f"{run.name} was not trained here; run: python -m study job {model.job}")
        return 1
    atomic_write(model.path, (run / "model.keras").read_bytes())
    write_export(model)
    write_card(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
