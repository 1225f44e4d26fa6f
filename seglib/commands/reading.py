"""Which files `predict` and `evaluate` were given, and their pixels as a stack of slices."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seglib.errors import DataError
from seglib.formats.folders import IMAGE_SUFFIXES, files_below, volume_stem
from seglib.formats.pictures import (
    is_grey,
    read_binary_mask,
    read_grey_mask,
    read_image,
    require_finite,
)
from seglib.formats.resizing import map_labels

#: What each kind of file is called in messages.
KINDS = {"picture": "PNG, TIFF or JPEG", "volume": "NIfTI", "dicom": "DICOM"}

#: Shares of red, green and blue in the brightness of a colour (ITU-R BT.601).
LUMINANCE = (0.299, 0.587, 0.114)

#: Where images and masks share a folder, the mask of NAME is NAME_mask (as in ``kaggle_3m``).
MASK_ENDING = "_mask"


@dataclass(frozen=True)
class Files:
    """The files of one kind below a folder.

    Attributes:
        kind: A key of `KINDS`.
        paths: The file of each key; the key is the path inside the folder without the
            ending, so that an image and its mask share it. Sorted.
        others: Files that are of no kind, and were left alone.
    """

    kind: str
    paths: dict[str, Path]
    others: tuple[Path, ...] = ()


def find_files(path: Path, *, masks: bool = False) -> Files:
    """List the images of a folder and its subfolders, or the one that was named.

    Hidden files do not count, and links are followed (`files_below`). A DICOM file may have
    no ending. Where NAME and NAME_mask stand side by side, they are an image and its mask,
    and both have the key NAME.

    Args:
        path: A folder, or a file.
        masks: Of such pairs list the masks, not the images.

    Raises:
        DataError: There is no such path, it holds no images or images of two kinds, two
            files differ only in their ending, or something cannot be read.
    """
    if not os.path.exists(path):  # unlike Path.exists False for a name that is too long
        raise DataError(f"{path}: no such file or folder")
    root = path if path.is_dir() else path.parent
    found: dict[str, tuple[str, Path]] = {}
    others = []
    for file in files_below(path) if path.is_dir() else [path]:
        kind, name = _kind_and_name(file)
        if kind is None:
            others.append(file)
            continue
        key = file.relative_to(root).with_name(name).as_posix()
        if key in found:
            raise DataError(
                f"{file} and {found[key][1].name} differ only in their ending, so their masks "
                "would have one name; keep one of them, or rename it"
            )
        found[key] = (kind, file)
    if not found:
        expected = "PNG, TIFF, JPEG, NIfTI (.nii, .nii.gz) or DICOM (.dcm)"
        what = "not an image seglib reads" if path.is_file() else "no images in this folder"
        raise DataError(f"{path}: {what}; expected {expected}")
    found, left = _images_or_masks(found, masks)
    others += left
    examples = {kind: file for kind, file in reversed(found.values())}
    if len(examples) > 1:
        mixed = " and ".join(f"{KINDS[kind]} ({file.name})" for kind, file in examples.items())
        raise DataError(f"{path}: holds {mixed}; keep each kind of file in a folder of its own")
    return Files(next(iter(examples)), {k: file for k, (_, file) in found.items()}, tuple(others))


def _images_or_masks(
    found: dict[str, tuple[str, Path]], masks: bool
) -> tuple[dict[str, tuple[str, Path]], list[Path]]:
    """Of files in pairs NAME and NAME_mask one half, and the files that are left out."""
    paired = {key: key + MASK_ENDING for key in found if key + MASK_ENDING in found}
    if not paired:
        return found, []
    if masks:
        kept = {key: found[mask] for key, mask in paired.items()}
    else:
        kept = {key: of for key, of in found.items() if key not in paired.values()}
    files = {path for _, path in kept.values()}
    return kept, [path for _, path in found.values() if path not in files]


def _kind_and_name(path: Path) -> tuple[str | None, str]:
    """The kind of a file, and its name without the ending."""
    if (name := volume_stem(path)) is not None:
        return "volume", name
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return "picture", path.stem
    if path.suffix.lower() == ".dcm":
        return "dicom", path.stem
    from pydicom.misc import is_dicom

    # Scanners export DICOM files without ending; DICOMDIR is only their list.
    try:
        if path.name != "DICOMDIR" and is_dicom(path):
            return "dicom", path.name
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}), so it may be an image or not; make it "
            "readable, or take it out of the folder"
        ) from error
    return None, path.name


def read_slices(path: Path, kind: str) -> np.ndarray:
    """Read one file as a stack of slices.

    Returns:
        ``(S, H, W, C)`` uint8 or float32; S = 1 unless it is a volume, C = 3 only for a
        picture with unequal colour channels.

    Raises:
        DataError: The file is corrupt, or holds values that are not finite.
    """
    if kind == "volume":  # its reader is imported here, for pictures do without
        from seglib.formats import nifti

        return nifti.read_slices(path)[0][..., None]
    if kind == "dicom":  # likewise
        from seglib.formats.dicom import read_dicom

        slices = read_dicom(path)[1][None, ..., None]
    else:
        pixels = read_image(path)
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        slices = (pixels[..., :1] if is_grey(pixels) else pixels)[None]
    require_finite(slices, path)
    return slices


#: From 17 classes on, 255 / 16 makes the grey value 16 of class 1 the number of class 16.
MOST_GREYS = 16


def grey_values(num_classes: int) -> list[int]:
    """Grey value of each class in a PNG mask, spread over 0-255 so that all are visible.

    Two classes have 0 and 255; four have 0, 85, 170 and 255, as in the OASIS slices.
    """
    return [round(255 * k / (num_classes - 1)) for k in range(num_classes)]


def read_class_mask(path: Path, num_classes: int) -> np.ndarray:
    """Read one mask picture that holds class numbers, or the grey values of `grey_values`.

    Returns:
        ``(H, W)`` uint8 class indices.

    Raises:
        DataError: The file cannot be read, has colour, or holds any other value, or there
            are more than `MOST_GREYS` classes.
    """
    if num_classes == 2:
        return read_binary_mask(path)
    if num_classes > MOST_GREYS:
        raise DataError(
            f"{path}: a picture tells at most {MOST_GREYS} classes apart, background included: "
            f"with {num_classes}, the grey value of one is the number of another; use NIfTI files"
        )
    pixels = read_grey_mask(path)
    values, greys = set(np.unique(pixels).tolist()), grey_values(num_classes)
    if values <= set(range(num_classes)):
        return pixels.astype(np.uint8)
    if not values <= set(greys):
        stray = sorted(values - set(greys))[:5]
        raise DataError(
            f"{path}: a mask of {num_classes} classes must hold only {greys} (or only 0 to "
            f"{num_classes - 1}); found also {', '.join(f'{value:g}' for value in stray)}"
        )
    return map_labels(pixels, dict(zip(greys, range(num_classes), strict=True)))


def fit_channels(slices: np.ndarray, channels: int, path: Path) -> tuple[np.ndarray, str]:
    """Give slices the number of channels a network takes.

    Args:
        slices: ``(S, H, W, C)``, from `read_slices`.
        channels: What the network takes.
        path: The file, named in the error.

    Returns:
        ``(S, H, W, channels)``, and what was done to get there (empty if nothing).

    Raises:
        DataError: There is no sensible way.
    """
    found = slices.shape[-1]
    if found == channels:
        return slices, ""
    if channels == 1 and found == 3:
        grey = slices @ np.array(LUMINANCE, np.float32)
        grey = np.rint(grey).astype(np.uint8) if slices.dtype == np.uint8 else grey
        return grey[..., None], "converted from colour to brightness, for the model takes grey"
    if found == 1 and channels == 3:
        return slices.repeat(3, axis=-1), (
            "grey, so repeated in all three channels that the model takes; if the model was "
            "trained on channels that differ (say three MR sequences), do not use these masks"
        )
    raise DataError(f"{path}: has {found} channel(s), but the model takes {channels}")
