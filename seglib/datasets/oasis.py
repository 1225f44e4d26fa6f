"""OASIS brain slices: background and three tissues on skull-stripped T1-weighted MR.

Layout: ``keras_png_slices_{train,validate,test}/case_441_slice_0.nii.png`` and
``keras_png_slices_seg_{train,validate,test}/seg_441_slice_0.nii.png``. The files come
under the agreement of oasis-brains.org and cannot be passed on;
`seglib.phantoms.brain` writes simulated ones in the same layout.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.cache import cached
from seglib.datasets.locations import is_phantom, require_folder
from seglib.errors import DataError
from seglib.formats.pictures import is_grey, read_all, read_image
from seglib.formats.resizing import map_labels
from seglib.slices import PARTS, SliceSet
from seglib.splits.patients import Split

#: How the folders name the published parts.
_FOLDERS = {"train": "train", "validation": "validate", "test": "test"}

#: Class of each grey value of a mask. The files do not say which tissue a value is. Two
#: users of these files name them in this order (github.com/shakes76/PatternFlow in
#: recognition/45427804, github.com/Howard624/PatternAnalysis-2025). It is also the order of
#: FSL FAST, which made the segmentations that OASIS-1 comes with, and the order of brightness
#: in a T1-weighted image; `python -m seglib fetch oasis FOLDER` prints the brightness.
LABELS = {0: 0, 85: 1, 170: 2, 255: 3}
CLASS_NAMES = ("background", "cerebrospinal fluid", "grey matter", "white matter")

SIZE = 256  # pixels

#: Mean and standard deviation by which system 4 normalises, on the scale [0, 1].
PUBLISHED_MEAN, PUBLISHED_DEVIATION = 0.1317, 0.1864

PHANTOM_NAME = "brain phantom"

#: What follows ``case_`` or ``seg_`` in a file's name.
NAME = re.compile(r"(?P<case>\d{3})_slice_(?P<slice>0|[1-9]\d*)\.nii\.png")


def folders(part: str) -> tuple[str, str]:
    """Names of the folders that hold the images and the masks of a part."""
    name = _FOLDERS[part]
    return f"keras_png_slices_{name}", f"keras_png_slices_seg_{name}"


def load(root: str | Path | None = None, *, size: int = SIZE) -> SliceSet:
    """Read every image and mask of the OASIS slices.

    Args:
        root: The folder that holds the six folders. Default: ``$SEGLIB_DATA_DIR/oasis``,
            else ``data/raw/oasis``.
        size: Side in pixels that every file must have; 256 as published.

    Returns:
        ``(N, size, size, 1)`` uint8 images and masks of class indices 0 to 3, sorted by
        part, case and slice; 11,328 slices (9664, 1120 and 544) where all published
        ones are there. Each case is one volume of one patient. The table adds ``part``;
        ``phase`` and ``pathology`` are empty, ``spacing`` is NaN: the PNG does not tell it.
        The name is ``"OASIS"``, or ``"brain phantom"`` for a folder that
        `seglib.phantoms.brain.write` has written.

    Raises:
        DataError: A folder is missing or empty, an image has no mask or a mask no image,
            a file is misnamed, corrupt, of another size, of more than 8 bits or in
            colour, or a mask holds a value that is not in `LABELS`.

    Source: Marcus et al. 2007, Open Access Series of Imaging Studies; system 4.
    """
    root = require_folder("oasis", root)
    rows, files = [], []
    for part in PARTS:
        for (case, position), image, mask in sorted(_paired_files(root, part)):
            rows.append((case, position, part))
            files.append((image, mask))
    name = PHANTOM_NAME if is_phantom(root) else "OASIS"
    return cached(_read, files, rows=rows, size=size, name=name)


def _read(
    files: list[tuple[Path, Path]], rows: list[tuple[str, int, str]], size: int, name: str
) -> SliceSet:
    images = np.empty((len(files), size, size, 1), np.uint8)
    masks = np.empty_like(images)
    # Straight into place: a list of 11,328 pairs would need the memory a second time.
    read_all(_read_into, files, images[..., 0], masks[..., 0])
    return SliceSet(name, images, masks, as_table(rows), CLASS_NAMES)


def as_table(rows: list[tuple[str, int, str]]) -> pd.DataFrame:
    """The table of a set, from the case, slice number and part of each slice."""
    table = pd.DataFrame(rows, columns=["case", "slice", "part"])
    source = [f"case_{case}_slice_{position}.nii.png" for case, position, _ in rows]
    return table.assign(
        patient=table["case"], phase="", spacing=np.nan, pathology="", source=source
    )


def published_split(slices: SliceSet) -> Split:
    """The three parts in which the slices are published.

    Args:
        slices: From `load`, or any set whose table has the column ``part``.

    Raises:
        DataError: There is no such column, or a case stands in two parts.
    """
    if "part" not in slices.table:
        raise DataError(f"{slices.name} has no published parts; use patient_folds instead")
    parts_of = slices.table.groupby("case")["part"].unique()
    for case, parts in parts_of[parts_of.str.len() > 1].items():
        raise DataError(
            f"case {case} stands in the parts {' and '.join(parts)}, so the test would know what "
            "was trained on; move all its slices and masks into one part"
        )
    train, validation, test = (tuple(sorted(parts_of.index[parts_of.str[0] == p])) for p in PARTS)
    return Split("published", train, validation, test)


def _paired_files(root: Path, part: str) -> list[tuple[tuple[str, int], Path, Path]]:
    """Case and slice, image, and mask of each slice of a part."""
    image_folder, mask_folder = folders(part)
    images = _numbered(root / image_folder, "case")
    masks = _numbered(root / mask_folder, "seg")
    for own, others, expected, partner in (
        (images, masks, f"{mask_folder}/seg_", "mask"),
        (masks, images, f"{image_folder}/case_", "image"),
    ):
        lonely = sorted(own.keys() - others.keys())
        if lonely:
            raise DataError(
                f"{own[lonely[0]]}: has no {partner}; expected one at {expected}{lonely[0]} "
                f"({len(lonely)} such file(s)). Add it, or remove the file"
            )
    return [(_case_and_slice(rest), images[rest], masks[rest]) for rest in images]


def _case_and_slice(rest: str) -> tuple[str, int]:
    name = NAME.fullmatch(rest)
    return name["case"], int(name["slice"])


def _numbered(folder: Path, word: str) -> dict[str, Path]:
    """PNG files of a folder, by what follows `word` in their names."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder; expected keras_png_slices_train, _validate and _test, and "
            "keras_png_slices_seg_train, _validate and _test side by side"
        )
    found = {}
    for path in folder.glob("*.png"):
        if path.name.startswith("."):  # what macOS leaves beside each file it unpacks
            continue
        rest = path.name.removeprefix(f"{word}_")
        if rest == path.name or not NAME.fullmatch(rest):
            raise DataError(
                f"{path}: cannot read case and slice from the name; expected a name such as "
                f"{word}_441_slice_0.nii.png"
            )
        found[rest] = path
    if not found:
        raise DataError(f"{folder}: no files such as {word}_441_slice_0.nii.png")
    return found


def _read_into(files: tuple[Path, Path], image: np.ndarray, mask: np.ndarray) -> None:
    """Read one pair into two ``(size, size)`` arrays."""
    image_path, mask_path = files
    image[:] = _read_grey(image_path, image.shape)
    stored = _read_grey(mask_path, mask.shape, white=1)
    try:
        mask[:] = map_labels(stored, LABELS)
    except DataError as error:
        raise DataError(
            f"{mask_path}: {error}. Other values come from resizing with a smoothing filter, or "
            "the file is no mask of these slices; replace it by the original"
        ) from None


def _read_grey(path: Path, size: tuple[int, ...], white: int = 255) -> np.ndarray:
    """One grey 8-bit picture of the expected size, ``(size, size)`` uint8."""
    pixels = read_image(path, white=white)
    if not is_grey(pixels):
        raise DataError(f"{path}: expected a grey picture, found unequal colour channels")
    pixels = pixels.reshape(*pixels.shape[:2], -1)[..., 0]
    if pixels.dtype != np.uint8:
        raise DataError(f"{path}: expected 8 bits a pixel, found more; save it as 8-bit PNG")
    if pixels.shape != size:
        raise DataError(
            f"{path}: is {pixels.shape[0]}x{pixels.shape[1]} pixels (height x width), expected "
            f"{size[0]}x{size[1]}"
        )
    return pixels
