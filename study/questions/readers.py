"""How far two readers of one scan differ: what a tolerance for outlines can stand on.

    python -m study readers

The Decathlon has one scan under two names, each with a label of its own. This measures the labels'
surfaces against each other and writes ``distances.csv`` and ``manifest.json`` to
``reports/runs/readers/``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from seglib import reporting
from seglib.datasets import msd_heart
from seglib.evaluation.surface import surface_distances
from seglib.files import atomic_write, write_json
from seglib.program import program
from seglib.slices import SliceSet, data_hash
from study.questions.atrium import ORGAN
from study.results import STORED, read_table

#: One scan with two labels.
READERS = ("la_005", "la_026")
#: In mm: what `seglib.evaluation.score_cases` takes unless told otherwise, and took for the atrium.
STORED_TOLERANCE = 2.0


def reader_distances(slices: SliceSet) -> np.ndarray:
    """The way from each surface voxel of either label to the other label's surface.

    Args:
        slices: With both of `READERS`, dense volumes of known spacing.

    Returns:
        ``(A + B,)`` distances in mm, through the volume, sorted.
    """
    first, second = (slices.rows_of(name) for name in READERS)
    between, side = slices.table.loc[first[0], ["slice_spacing", "spacing"]].astype(float)
    masks = slices.masks[..., 0]
    found = surface_distances(masks[first], masks[second], (between, side, side))
    return np.sort(np.concatenate([found.from_truth, found.from_prediction]))


def make(slices: SliceSet, output: Path) -> None:
    """Measure the two labels against each other, and store the distances.

    Args:
        slices: The Decathlon's hearts.
        output: Folder to write.
    """
    distances, counts = np.unique(reader_distances(slices).round(4), return_counts=True)
    table = pd.DataFrame({"mm": distances, "voxels": counts})
    atomic_write(output / "distances.csv", table.to_csv(index=False, lineterminator="\n"))
    write_json(output / "manifest.json", {"patients": list(READERS), "source": data_hash(slices)})
    print(f"{counts.sum()} surface voxels of {' and '.join(READERS)} measured")


def readers_table(stored: Path = STORED) -> pd.DataFrame:
    """At which tolerance two readers agree on how much of their surfaces.

    Returns:
        Index ``tolerance``, what it is; ``mm``, and ``surface_dice``, the share of both labels'
        surfaces within it of the other.
    """
    table = read_table("readers", "distances", stored)
    distances = np.repeat(table["mm"], table["voxels"]).to_numpy()
    tolerances = {
        "median of the readers' distances": np.median(distances),
        "of the stored scores": STORED_TOLERANCE,
        "95th percentile of the readers' distances": np.percentile(distances, 95),
    }
    rows = {
        name: {"mm": mm, "surface_dice": np.mean(distances <= mm)}
        for name, mm in tolerances.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tolerance")


def tables(folder: Path) -> None:
    """Write how far the two readers differ."""
    note = {"dataset": ORGAN.dataset, "profile": "two labels of one scan", "runs": ["readers"]}
    reporting.save_table(readers_table(), "readers", **note, folder=folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    table = readers_table().rename(columns={"surface_dice": "surface Dice of the two readers"})
    return {"readers": reporting.to_markdown(table).strip()}


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study readers", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.parse_args(arguments)
    make(msd_heart.load(), STORED / "readers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
