"""`python -m seglib fetch`: a data set from its public source, or the way to it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.errors import DataError

if TYPE_CHECKING:
    from seglib.slices import SliceSet

HELP = """\
sunnybrook, msd_heart: download it from its public source, each file checked by its SHA-256.
Run again, it goes on where it was stopped. Of msd_heart (the left atrium) the labelled volumes
are unpacked; it needs 0.9 GB of disk while it works, and is licensed CC BY-SA 4.0.
oasis: say where the brain slices are to be had, for they cannot be passed on, and check the
layout, sizes and labels of your copy.

examples:
  python -m seglib fetch sunnybrook
  python -m seglib fetch msd_heart
  python -m seglib fetch oasis my_slices"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fetch`."""
    add = parser.add_argument
    add(
        "dataset",
        choices=("sunnybrook", "msd_heart", "oasis"),
        help="sunnybrook: 805 PNG pairs, about 35 MB; msd_heart: 20 volumes, 456 MB",
    )
    add("folder", type=Path, nargs="?", metavar="FOLDER", help="oasis: your copy, to be checked")
    add(
        "--to",
        type=Path,
        metavar="DIR",
        help="folder to fill; default: data/raw/sunnybrook or data/raw/msd_heart",
    )


#: What is said of OASIS instead of fetching it.
OASIS_TEXT = """\
The OASIS brain slices cannot be downloaded by this program, nor shipped with it: the agreement
of OASIS does not let the images be passed on.

- Read and accept the data use agreement at https://www.oasis-brains.org (OASIS-1, the
  cross-sectional set). Slices made from these volumes fall under it too.
- The PNG slices of system 4 were cut from these volumes for a course of the University of
  Queensland, which gives them to its students. No lasting public address of them is known.
- neurite-oasis (github.com/adalca/medical-datasets) offers 2-D slices of the same people
  under the same agreement. They are other files (NIfTI, 160x192, coronal, other labels), so
  they must be converted to the layout below first.

Expected, 256x256 pixels, 8-bit grey:
  FOLDER/keras_png_slices_train/case_001_slice_0.nii.png      and ..._validate, ..._test
  FOLDER/keras_png_slices_seg_train/seg_001_slice_0.nii.png   and ..._validate, ..._test
A mask holds 0, 85, 170 and 255: background, cerebrospinal fluid, grey and white matter.

Without the files, the built-in brain phantom has the same layout and classes."""


def fetch(dataset: str, folder: Path | None = None, to: Path | None = None) -> None:
    """Download a data set, or say where it is to be had and check the user's own copy.

    Files that are there with the right checksum are kept.

    Args:
        dataset: ``"sunnybrook"``, ``"msd_heart"`` or ``"oasis"``.
        folder: A copy to check, for ``"oasis"`` alone.
        to: Folder to fill, for the sets that are downloaded.

    Raises:
        DataError: The server cannot be reached, or sends something else; the copy is
            not as expected; an option does not fit the data set.
    """
    from seglib.datasets import archive, download, oasis
    from seglib.datasets.locations import candidate_folders, find_folder

    if dataset != "oasis":
        if folder is not None:
            raise DataError(f"{dataset} is downloaded; to choose where to, write --to {folder}")
        if dataset == "msd_heart":
            print(archive.LICENCE, flush=True)  # before the download, which takes minutes
            print(f"{dataset} is in {archive.fetch_msd_heart(to)}")
        else:
            print(f"{dataset} is in {download.fetch_sunnybrook(to)}")
        return
    if to is not None:
        raise DataError(f"oasis cannot be downloaded; to check a copy, write fetch oasis {to}")
    print(OASIS_TEXT)
    folder = folder or find_folder("oasis")
    if folder is None:
        places = " or ".join(str(place) for place in candidate_folders("oasis"))
        print(f"\nPut the six folders into {places}, or name their folder to have them checked.")
        return
    print(f"\nChecking {folder}")
    print(describe(oasis.load(folder)))


def describe(slices: SliceSet) -> str:
    """What a folder in the OASIS layout holds, to be held against what is published.

    Raises:
        DataError: A case stands in two parts.
    """
    import numpy as np
    import pandas as pd

    from seglib.datasets import oasis
    from seglib.preprocessing.normalisation import training_statistics
    from seglib.slices import PARTS

    oasis.published_split(slices)
    classes = slices.num_classes
    # Slice by slice: the published set has 742 million pixels.
    pixels, light = np.zeros((2, len(slices), classes))
    for i, (image, mask) in enumerate(zip(slices.images, slices.masks, strict=True)):
        pixels[i] = np.bincount(mask.ravel(), minlength=classes)
        light[i] = np.bincount(mask.ravel(), weights=image.ravel(), minlength=classes)
    rows = []
    for part in PARTS:
        of_part = slices.table["part"].eq(part).to_numpy()
        shares = pixels[of_part].sum(axis=0) / pixels[of_part].sum()
        cases = slices.table.loc[of_part, "case"].nunique()
        named = dict(zip(slices.class_names, shares, strict=True))
        rows.append({"part": part, "slices": of_part.sum(), "cases": cases, **named})
    mean, deviation = training_statistics(slices)
    # A class that no mask holds gets NaN, of which no comparison is true.
    grey = light.sum(axis=0) / np.where(pixels.any(axis=0), pixels.sum(axis=0), np.nan)
    lines = [
        f"{slices.name}: {len(slices)} slices of {len(slices.patients)} cases; shares of pixels",
        pd.DataFrame(rows).to_string(index=False, float_format="%.4f"),
        f"mean and standard deviation of the training images: {mean:.4f} and {deviation:.4f} "
        f"(published: {oasis.PUBLISHED_MEAN} and {oasis.PUBLISHED_DEVIATION})",
        "mean grey: "
        + ", ".join(f"{n} {g:.0f}" for n, g in zip(slices.class_names, grey, strict=True)),
    ]
    if not np.all(np.diff(grey) > 0):
        lines.append(
            "Careful: in a T1-weighted image the classes should brighten in this order. Either the "
            "masks use another order of labels, or images and masks do not belong together."
        )
    return "\n".join(lines)
