"""Sunnybrook Cardiac Data as PNG pairs: the left ventricle's blood pool, 45 patients.

Layout: ``Data/{Train,Test}/{Images,Labels}/Sunnybrook_Part*/NAME.png`` with names such
as ``SC-HF-I-01-IM-0001-0048.dcm.png``: patient, series, and frame number counted
over all positions, 20 frames to a position.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.cache import cached
from seglib.datasets.locations import require_folder
from seglib.errors import DataError
from seglib.formats.pictures import is_grey, read_all, read_pair
from seglib.slices import SliceSet

#: Patients whose masks are wrong in this copy of the data, and why.
WRONG_LABELS = {
    "SC-N-06": "the masks are displaced against the images, differently on each slice, so "
    "neither training on them nor scoring against them means anything",
}

#: The challenge's parts, named as the folders are, and what each is for. The challenge
#: trains on the first and tests on both others, the last of them on-line.
CHALLENGE_PARTS = {"Part1": "train", "Part2": "validation", "Part3": "test"}

FRAMES_PER_SLICE = 20

#: ``SC-HF-I-01-IM-0001-0048`` gives patient, pathology and running number.
NAME = re.compile(r"(?P<patient>SC-(?P<pathology>HF-I|HF-NI|HYP|N)-\d+)-IM-\d+-(?P<number>\d+)\.")


def load(root: str | Path | None = None, *, exclude_wrong: bool = True) -> SliceSet:
    """Read every image and mask of the Sunnybrook PNG set.

    Args:
        root: The folder that holds ``Data/``. Default: ``$SEGLIB_DATA_DIR/sunnybrook``,
            else ``data/raw/sunnybrook``.
        exclude_wrong: Leave out the patients of `WRONG_LABELS`.

    Returns:
        ``(N, 256, 256, 1)`` uint8 images, each scaled to 8 bit by its own extremes when
        the PNG was made, and masks of the blood pool; 792 slices of 44 patients, or 805 of
        45 with ``exclude_wrong=False``. Sorted by patient, phase and slice. The table adds
        ``part`` (of its folder, by `CHALLENGE_PARTS`) and ``frame`` (0-19 in the heart cycle).
        ``spacing`` is NaN: the PNG does not tell it.

    Raises:
        DataError: The folder is missing or empty, an image has no mask or a mask no image,
            a file is corrupt or misnamed, sizes differ, an image has colour, or a mask holds
            a value other than 0 and 255.

    Source: Radau et al. 2009, Evaluation framework for algorithms segmenting short axis
        cardiac MRI; PNG pairs from github.com/mshunshin/SegNetCMR (CC0 1.0).
    """
    root = require_folder("sunnybrook", root)
    files = _paired_files(root)
    rows = [_row(image) for image, _ in files]
    if exclude_wrong:
        kept = [i for i, row in enumerate(rows) if row["patient"] not in WRONG_LABELS]
        if not kept:
            raise DataError(f"{root}: only patients with wrong masks ({', '.join(WRONG_LABELS)})")
        files, rows = [files[i] for i in kept], [rows[i] for i in kept]
    return cached(_read, files, rows=rows)


def _read(files: list[tuple[Path, Path]], rows: list[dict]) -> SliceSet:
    """Read the pairs, and name their phases by the masks' areas."""
    pairs = read_all(_read_grey_pair, files)
    for (path, _), (image, _) in zip(files, pairs, strict=True):
        if image.shape != pairs[0][0].shape:
            raise DataError(
                f"{path}: the image is {image.shape[0]}x{image.shape[1]} pixels, "
                f"{files[0][0].name} is {pairs[0][0].shape[0]}x{pairs[0][0].shape[1]}; "
                "all images must have the same size"
            )
    table = pd.DataFrame(rows)
    table["phase"] = name_phases(table, [np.count_nonzero(mask) for _, mask in pairs])
    table["case"] = table["patient"] + " " + table["phase"]
    table = table.sort_values(["patient", "phase", "slice"])
    images = np.stack([pairs[i][0] for i in table.index])[..., None]
    masks = np.stack([pairs[i][1] for i in table.index])[..., None]
    return SliceSet("Sunnybrook", images, masks, table)


def _read_grey_pair(files: tuple[Path, Path]) -> tuple[np.ndarray, np.ndarray]:
    """Read one pair as two ``(H, W)`` arrays."""
    image, mask = read_pair(*files)
    if not is_grey(image):
        raise DataError(f"{files[0]}: expected a grey image, found unequal colour channels")
    # A copy of the one channel, so that the memory of the others is free for the next pair.
    return image.reshape(*mask.shape, -1)[..., 0].copy(), mask


def _paired_files(root: Path) -> list[tuple[Path, Path]]:
    """All (image, mask) paths below `root`, sorted by path."""
    images = {path.relative_to(root): path for path in root.glob("Data/*/Images/*/*.png")}
    masks = {path.relative_to(root): path for path in root.glob("Data/*/Labels/*/*.png")}
    if not images and not masks:
        raise DataError(
            f"{root}: no images found; expected "
            "Data/{Train,Test}/{Images,Labels}/Sunnybrook_Part*/*.png"
        )
    # The two trees are alike but for the folder's name, so each path has one partner.
    for own, others, old, new, partner in (
        (images, masks, "Images", "Labels", "mask"),
        (masks, images, "Labels", "Images", "image"),
    ):
        lonely = [path for key, path in own.items() if _swap(key, old, new) not in others]
        if lonely:
            raise DataError(
                f"{min(lonely)}: has no {partner}; expected one at "
                f"{_swap(min(lonely).relative_to(root), old, new)} "
                f"({len(lonely)} such file(s)). Add it, or remove the file"
            )
    return [(images[key], masks[_swap(key, "Images", "Labels")]) for key in sorted(images)]


def _swap(path: Path, old: str, new: str) -> Path:
    """``Data/Train/Images/...`` to ``Data/Train/Labels/...``."""
    parts = list(path.parts)
    parts[2] = new if parts[2] == old else parts[2]
    return Path(*parts)


def _row(path: Path) -> dict:
    """What the path of an image tells."""
    name = NAME.match(path.name)
    if name is None or not int(name["number"]):
        raise DataError(
            f"{path}: cannot read patient and frame from the name; expected a name such as "
            "SC-HF-I-01-IM-0001-0048.dcm.png"
        )
    part = path.parent.name.removeprefix("Sunnybrook_")
    if part not in CHALLENGE_PARTS:
        raise DataError(
            f"{path}: stands in the folder {path.parent.name}; expected one of "
            f"{', '.join(f'Sunnybrook_{known}' for known in CHALLENGE_PARTS)}"
        )
    slice_, frame = divmod(int(name["number"]) - 1, FRAMES_PER_SLICE)
    return {
        "patient": name["patient"],
        "slice": slice_,
        "frame": frame,
        "spacing": np.nan,
        "pathology": name["pathology"],
        "part": CHALLENGE_PARTS[part],
        "source": path.name,
    }


def cases_from_names(paths: list[Path], areas: np.ndarray) -> tuple[pd.DataFrame, str] | None:
    """Tell from the names of files alone which patient, phase and slice each is.

    Args:
        paths: Masks, wherever they lie.
        areas: ``(N,)`` mask pixels of each file.

    Returns:
        One row a file with ``case``, ``patient``, ``slice``, ``phase`` and ``pathology``, and
        where they come from, in words; None if a name is not one of this set.

    Raises:
        DataError: A patient has masks in more than two frames.
    """
    names = [NAME.match(path.name) for path in paths]
    if not all(names):
        return None
    table = pd.DataFrame([name.groupdict() for name in names])
    number = table.pop("number").astype(int) - 1
    table["slice"], table["frame"] = number // FRAMES_PER_SLICE, number % FRAMES_PER_SLICE
    table["phase"] = name_phases(table, areas)
    table["case"] = table["patient"] + " " + table["phase"]
    return table, "Sunnybrook's file names (patient, and ED or ES by the larger true area)"


def name_phases(table: pd.DataFrame, areas: np.ndarray) -> list[str]:
    """Name each slice's phase ``"ED"`` (end-diastole) or ``"ES"`` (end-systole).

    The blood pool is largest at end-diastole, so of a patient's two frames the one with
    more mask pixels in all its slices is ED. A lone frame counts as ED.

    Args:
        table: One row a slice, with the columns ``patient`` and ``frame``.
        areas: ``(N,)`` mask pixels of each slice.

    Raises:
        DataError: A patient has masks in more than two frames.
    """
    totals = pd.Series(np.asarray(areas)).groupby([table["patient"], table["frame"]]).sum()
    diastole = {}
    for patient, per_frame in totals.groupby(level=0):
        if len(per_frame) > 2:
            frames = per_frame.index.get_level_values(1).tolist()
            raise DataError(f"{patient}: masks in the frames {frames}; expected ED and ES only")
        diastole[patient] = per_frame.idxmax()[1]
    return np.where(table["frame"] == table["patient"].map(diastole), "ED", "ES").tolist()
