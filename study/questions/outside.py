"""What the committed network draws where the expert drew nothing: above the base, below the apex.

    python -m study outside FOLDER

The PNG set holds frames with a contour alone, so what is drawn on the others is never counted. This
reads whole DICOM stacks at end-diastole and end-systole, in the layout of
`seglib.datasets.scd_dicom`, lets the network outline every frame, and writes ``frames.csv`` and
``manifest.json`` to ``reports/runs/outside/``, and a picture, for which the report would need these
images, to ``reports/figures/``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seglib import reporting
from seglib.datasets import scd_dicom
from seglib.evaluation.counts import count_slices, dice_of_patients
from seglib.files import REPOSITORY, write_json
from seglib.preprocessing.steps import center_crop_or_pad
from seglib.program import program
from seglib.slices import SliceSet, data_hash
from study.results import STORED, read_manifest, read_table, write_table
from study.section import measured_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODEL = REPOSITORY / "reports" / "models" / "sunnybrook.keras"
#: The stored job that trained it: who is a training patient of the network.
JOB = "literature/lv_best/literature-seed0"
DRAWN, BASE, APEX = "drawn by the expert", "above the base", "below the apex"


def place_frames(counts: pd.DataFrame) -> pd.Series:
    """Where each frame lies: among the expert's, or beyond them on which side.

    The base is the end at which the expert's masks are larger.

    Args:
        counts: From `seglib.evaluation.counts.count_slices`, with whole stacks.

    Returns:
        `DRAWN`, `BASE` or `APEX` of each row; a frame that the expert skipped between two others
        counts as `DRAWN`.
    """
    places = pd.Series(DRAWN, counts.index)
    for _, rows in counts.sort_values("slice").groupby("case"):
        drawn = rows[rows["truth"] > 0]
        first, last = drawn["slice"].iloc[[0, -1]]
        ends = (BASE, APEX) if drawn["truth"].iloc[0] > drawn["truth"].iloc[-1] else (APEX, BASE)
        places[rows.index[rows["slice"] < first]] = ends[0]
        places[rows.index[rows["slice"] > last]] = ends[1]
    return places


def make(slices: SliceSet, train_patients: list[str], output: Path) -> np.ndarray:
    """Let the committed network outline whole stacks, and store what it draws.

    Args:
        slices: Whole stacks, from `seglib.datasets.scd_dicom.load_stacks`.
        train_patients: Whom the network was trained on.
        output: Folder to write.

    Returns:
        The masks that it drew, ``(N, H, W, 1)`` uint8.
    """
    # Here, so that reading results needs no backend.
    from seglib.inference.model_files import load_model
    from seglib.inference.prediction import predict_set, to_mask

    model, preprocessing, _ = load_model(MODEL)
    masks = to_mask(predict_set(model, slices, preprocessing))
    counts = count_slices(slices, masks)
    frames = counts.assign(
        place=place_frames(counts),
        part=counts["patient"].isin(train_patients).map({True: "train", False: "test"}),
        spacing=slices.table["spacing"],
    )
    write_table(output, "frames", frames)
    manifest = {"jobs": [JOB], "patients": list(slices.patients), "source": data_hash(slices)}
    write_json(output / "manifest.json", manifest)
    print(f"{len(slices.patients)} patients, {len(frames)} frames: outlined")
    return masks


def border_rows(frames: pd.DataFrame) -> list[int]:
    """Rows of ``frames.csv`` on either side of where the expert began or ended, stack by stack."""
    rows = []
    for _, stack in frames.groupby("case", sort=False):
        place = stack.sort_values("slice")["place"]
        new = place != place.shift(fill_value=place.iloc[0])
        rows += place.index[new | new.shift(-1, fill_value=False)].tolist()
    return rows


def show_borders(slices: SliceSet, masks: np.ndarray, frames: pd.DataFrame) -> Figure:
    """The test patients' frames at both ends of the expert's, with what both drew.

    Args:
        slices: Whole stacks.
        masks: From `make`.
        frames: What it stored.
    """
    from seglib.plotting.slices import show_slices

    seen = (128, 128)  # what the network sees of a frame
    near = replace(
        slices,
        images=center_crop_or_pad(slices.images, seen),
        masks=center_crop_or_pad(slices.masks, seen),
    )
    rows = border_rows(frames[frames["part"] == "test"])
    return show_slices(near, rows, prediction=center_crop_or_pad(masks, seen), zoom=False)


def outside_table(stored: Path = STORED) -> pd.DataFrame:
    """Frames beyond the expert's, and into how many of them the network draws.

    Returns:
        Index ``part`` (of the network: its training or test patients) and ``place``: ``patients``
        that have such frames, ``frames``, ``drawn_into``, and of those drawn into the
        ``median_area`` and ``largest_area`` in cm².
    """
    frames = read_table("outside", "frames", stored)
    outside = frames[frames["place"] != DRAWN]
    area = outside["predicted"] * (outside["spacing"] / 10) ** 2
    outside = outside.assign(area=area.where(outside["predicted"] > 0))
    groups = outside.groupby(["part", "place"])
    table = pd.DataFrame(
        {
            "patients": groups["patient"].nunique(),
            "frames": groups.size(),
            "drawn_into": groups["area"].count(),
            "median_area": groups["area"].median(),
            "largest_area": groups["area"].max(),
        }
    )
    return table.sort_index(ascending=[False, True])


def stacks_table(stored: Path = STORED) -> pd.DataFrame:
    """Dice of each patient over the expert's frames, and over the whole stack.

    Returns:
        Index ``patient``: ``part``, ``frames`` and ``outside`` (those without a contour),
        ``drawn_into`` of these, ``dice`` over the expert's frames and ``dice_stack`` over all, each
        pooled by phase and the two phases averaged.
    """
    frames = read_table("outside", "frames", stored)
    inside = frames["place"] == DRAWN
    patients = frames.groupby("patient")
    return pd.DataFrame(
        {
            "part": patients["part"].first(),
            "frames": patients.size(),
            "outside": (~inside).groupby(frames["patient"]).sum(),
            "drawn_into": (~inside & (frames["predicted"] > 0)).groupby(frames["patient"]).sum(),
            "dice": dice_of_patients(frames[inside]),
            "dice_stack": dice_of_patients(frames),
        }
    )


def limit(stored: Path = STORED) -> str:
    """What the model's card says of it, with what was measured."""
    table = outside_table(stored)
    drawn, frames = table["drawn_into"].sum(), table["frames"].sum()
    patients = len(read_manifest("outside", stored)["patients"])
    return f"""\
Trained and scored on frames that the expert drew on. What it draws above the base and below
  the apex counts nowhere, and it draws there: on the whole stacks of {patients} patients into \
{drawn} of the
  {frames} frames without a contour. Choose the frames of the ventricle first."""


def tables(folder: Path) -> None:
    """Write what is drawn outside, and what it costs each patient."""
    note = measured_labels("outside")
    reporting.save_table(outside_table(), "outside_frames", **note, folder=folder)
    reporting.save_table(stacks_table(), "outside_stacks", **note, folder=folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    frames = outside_table().reset_index()
    frames = frames.rename(columns={"part": "patients of", "drawn_into": "drawn into"})
    frames = frames.rename(
        columns={"median_area": "median area (cm²)", "largest_area": "largest area (cm²)"}
    )
    stacks = stacks_table().reset_index()
    stacks = stacks.rename(
        columns={
            "part": "patient of",
            "outside": "without contour",
            "drawn_into": "drawn into",
            "dice": "Dice, expert's frames",
            "dice_stack": "Dice, whole stack",
        }
    )
    return {
        "outside": reporting.to_markdown(frames).strip(),
        "stacks": reporting.to_markdown(stacks).strip(),
    }


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study outside", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="dicoms/, contourfiles/ and link.csv")
    options = parser.parse_args(arguments)
    slices = scd_dicom.load_stacks(options.folder)
    masks = make(slices, read_manifest(JOB)["train_patients"], STORED / "outside")
    picture = show_borders(slices, masks, read_table("outside", "frames"))
    note = {"dataset": "Sunnybrook", "profile": "committed model", "runs": [JOB]}
    reporting.save_figure(picture, "outside_borders", **note, folder=STORED.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
