"""LGG brain MR of lower-grade gliomas: three sequences a slice, and the tumour's mask.

Layout: ``kaggle_3m/TCGA_XX_0001_19991231/TCGA_XX_0001_19991231_7.tif`` is slice 7 of a
patient, ``..._7_mask.tif`` its mask. The folder's name gives institution, number and date.
`seglib.phantoms.tumour` writes simulated slices in the same layout.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.cache import cached
from seglib.datasets.locations import is_phantom, require_folder
from seglib.errors import DataError
from seglib.formats.pictures import read_all, read_pair
from seglib.slices import SliceSet

FOLDER = "kaggle_3m"

CLASS_NAMES = ("background", "tumour")

#: What the three channels hold. The experts outlined the tumour on FLAIR.
SEQUENCES = ("pre-contrast", "FLAIR", "post-contrast")

SIZE = 256  # pixels

PHANTOM_NAME = "tumour phantom"

#: A patient's folder. The code of the institution is that of The Cancer Genome Atlas.
FOLDER_NAME = re.compile(r"(?P<patient>TCGA_(?P<institution>[A-Z0-9]{2})_[A-Z0-9]{4})_\d{8}")

#: What follows the folder's name in a file's name.
FILE_ENDING = re.compile(r"_(?P<number>0|[1-9]\d*)(?P<mask>_mask)?\.tif")

EXAMPLE = "TCGA_XX_0001_19991231"


def load(root: str | Path | None = None, *, size: int = SIZE) -> SliceSet:
    """Read every image and mask.

    Args:
        root: The folder that holds ``kaggle_3m/``, or that folder itself. Default:
            ``$SEGLIB_DATA_DIR/lgg``, else ``data/raw/lgg``.
        size: Side in pixels that every file must have; 256 as published.

    Returns:
        ``(N, size, size, 3)`` uint8 images with the channels `SEQUENCES`, and masks, 1 in the
        tumour; about two thirds of the slices hold none. Sorted by patient and slice. A
        case is one patient. Patients are numbered (``P001``, ``P002``, ...) in the order of
        their folders' names, so that tables of results name nobody; the numbers hold for
        these files together, and ``source`` names the file. ``spacing`` is NaN: the
        files do not tell it. The table adds ``institution`` (two letters) and ``missing``,
        see `missing_sequences`. What else the archive holds (``data.csv``, genomic clusters)
        is not read. The name is ``"LGG"``, or ``"tumour phantom"`` for a folder that
        `seglib.phantoms.tumour.write` has written.

    Raises:
        DataError: The folder is missing or empty, a folder or file is misnamed, a patient
            has two folders, an image has no mask or a mask no image, a file is corrupt, of
            another size or without its three channels, or a mask holds other values than
            0 and 255 (or 0 and 1).

    Source: Buda et al. 2019, Association of genomic subtypes of lower-grade gliomas with
        shape features automatically extracted by a deep learning algorithm; Kaggle
        ``mateuszbuda/lgg-mri-segmentation`` (licence unclear: do not pass images on).
    """
    root = require_folder("lgg", root)
    root = root / FOLDER if (root / FOLDER).is_dir() else root
    rows, files = [], []
    for place, (folder, name) in enumerate(_patients(root), start=1):
        for number, image, mask in _paired_files(folder):
            rows.append((f"P{place:03d}", name["institution"], number, image.name))
            files.append((image, mask))
    name = PHANTOM_NAME if is_phantom(root) else "LGG"
    return cached(_read, files, rows=rows, size=size, name=name)


def _read(
    files: list[tuple[Path, Path]], rows: list[tuple[str, str, int, str]], size: int, name: str
) -> SliceSet:
    images = np.empty((len(files), size, size, len(SEQUENCES)), np.uint8)
    masks = np.empty((len(files), size, size, 1), np.uint8)
    # Straight into place: a list of 3929 pairs would need the memory a second time.
    read_all(_read_into, files, images, masks[..., 0])
    return SliceSet(name, images, masks, as_table(rows, images), CLASS_NAMES)


def as_table(rows: list[tuple[str, str, int, str]], images: np.ndarray) -> pd.DataFrame:
    """The table of a set.

    Args:
        rows: Patient, institution, slice number and file of each slice.
        images: ``(N, H, W, 3)``, the slices.
    """
    table = pd.DataFrame(rows, columns=["patient", "institution", "slice", "source"])
    missing = {
        patient: ", ".join(missing_sequences(images[of]))
        for patient, of in table.groupby("patient").indices.items()
    }
    return table.assign(
        case=table["patient"],
        phase="",
        spacing=np.nan,
        pathology="",
        missing=table["patient"].map(missing),
    )


def flair(slices: SliceSet) -> SliceSet:
    """The same slices with FLAIR alone, on which the experts drew: for grey pictures."""
    channel = SEQUENCES.index("FLAIR")
    return replace(slices, images=slices.images[..., channel : channel + 1])


def missing_sequences(images: np.ndarray) -> tuple[str, ...]:
    """The sequences that a patient was not scanned with.

    Where one was missing, the data set's makers put FLAIR in its place. A network that is
    shown such a patient sees FLAIR where it has learnt to expect another contrast.

    Args:
        images: ``(S, H, W, 3)``, all slices of one patient. One slice is not enough: an
            empty one looks the same in every sequence.

    Returns:
        Those of `SEQUENCES` whose channel equals FLAIR in every pixel, e.g.
        ``("post-contrast",)``; mostly none.
    """
    flair = SEQUENCES.index("FLAIR")
    return tuple(
        name
        for channel, name in enumerate(SEQUENCES)
        if channel != flair and np.array_equal(images[..., channel], images[..., flair])
    )


def cases_from_names(paths: list[Path], areas: np.ndarray) -> tuple[pd.DataFrame, str] | None:
    """Tell from the names of files alone which patient and slice each is.

    Args:
        paths: Images or masks, wherever they lie.
        areas: Not needed here.

    Returns:
        One row a file with ``case``, ``patient``, ``slice``, ``phase`` and ``pathology``, and
        where they come from, in words; None if a name is not one of this set.
    """
    pattern = re.compile(FOLDER_NAME.pattern + FILE_ENDING.pattern)
    names = [pattern.fullmatch(path.name) for path in paths]
    if not all(names):
        return None
    table = pd.DataFrame(
        {
            "patient": [name["patient"] for name in names],
            "slice": [int(name["number"]) for name in names],
        }
    )
    table = table.assign(case=table["patient"], phase="", pathology="unknown")
    return table, "the LGG files' names (patient and slice)"


def _patients(root: Path) -> list[tuple[Path, re.Match]]:
    """Each patient's folder and what its name tells, sorted."""
    found: dict[str, tuple[Path, re.Match]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name.startswith("."):
            continue
        name = FOLDER_NAME.fullmatch(folder.name)
        if name is None:
            raise DataError(
                f"{folder}: cannot read institution and patient from the folder's name; expected "
                f"a name such as {EXAMPLE}. Rename it, or move it out of {root.name}"
            )
        if name["patient"] in found:
            raise DataError(
                f"{folder}: is a second folder of the patient of {found[name['patient']][0].name}; "
                "keep one of them"
            )
        found[name["patient"]] = (folder, name)
    if not found:
        raise DataError(
            f"{root}: no patients found; expected folders such as {FOLDER}/{EXAMPLE}/ with "
            f"{EXAMPLE}_1.tif and {EXAMPLE}_1_mask.tif"
        )
    return list(found.values())


def _paired_files(folder: Path) -> list[tuple[int, Path, Path]]:
    """Number, image and mask of each slice of a patient, sorted by number."""
    images: dict[int, Path] = {}
    masks: dict[int, Path] = {}
    for path in folder.iterdir():
        # A dot in front: what macOS leaves beside each file it unpacks.
        if path.name.startswith(".") or path.suffix.lower() not in (".tif", ".tiff"):
            continue
        ending = FILE_ENDING.fullmatch(path.name.removeprefix(folder.name))
        if ending is None or not path.name.startswith(folder.name):
            raise DataError(
                f"{path}: cannot read the slice number from the name; expected a name such as "
                f"{folder.name}_7.tif or {folder.name}_7_mask.tif"
            )
        (masks if ending["mask"] else images)[int(ending["number"])] = path
    if not images and not masks:
        raise DataError(f"{folder}: no slices found; expected {folder.name}_1.tif and its mask")
    for own, others, partner, ending in (
        (images, masks, "mask", "_mask.tif"),
        (masks, images, "image", ".tif"),
    ):
        lonely = sorted(own.keys() - others.keys())
        if lonely:
            raise DataError(
                f"{own[lonely[0]]}: has no {partner}; expected one at "
                f"{folder.name}_{lonely[0]}{ending} ({len(lonely)} such file(s)). Add it, or "
                "remove the file"
            )
    return [(number, images[number], masks[number]) for number in sorted(images)]


def _read_into(files: tuple[Path, Path], image: np.ndarray, mask: np.ndarray) -> None:
    """Read one pair into arrays ``(size, size, 3)`` and ``(size, size)``."""
    path = files[0]
    pixels, mask_pixels = read_pair(*files)
    if pixels.ndim == 2:
        raise DataError(
            f"{path}: has one channel, expected three: {', '.join(SEQUENCES)}. If only FLAIR was "
            "recorded, save it three times, as the data set's makers do"
        )
    if pixels.shape != image.shape:
        raise DataError(
            f"{path}: is {pixels.shape[0]}x{pixels.shape[1]} pixels (height x width), expected "
            f"{image.shape[0]}x{image.shape[1]}"
        )
    image[:], mask[:] = pixels, mask_pixels
