"""Your own images and masks: two folders of picture files, paired by name."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.cache import cached
from seglib.errors import DataError
from seglib.formats.folders import IMAGE_SUFFIXES, files_below, printable
from seglib.formats.pictures import is_grey, read_all, read_pair
from seglib.formats.resizing import resize_image, resize_mask
from seglib.slices import SliceSet

MASK_SUFFIXES = (".png", ".tif", ".tiff")


def load(
    images: str | Path,
    masks: str | Path,
    *,
    patient_pattern: str | None = None,
    mask_suffix: str = "",
    size: int | tuple[int, int] | None = None,
    name: str | None = None,
) -> SliceSet:
    r"""Read a folder of images and a folder of binary masks.

    An image and its mask have the same path inside their folders (subfolders count) but for
    the ending: ``images/anna/03.jpg`` and ``masks/anna/03.png``. With
    ``mask_suffix="_mask"`` the mask is ``masks/anna/03_mask.png``; then `images` and `masks`
    may be one folder. Hidden files and files that are no pictures are not looked at; links are
    followed (`seglib.formats.folders.files_below`).

    Args:
        images: Folder of PNG, TIFF or JPEG images, grey or colour.
        masks: Folder of PNG or TIFF masks with the values 0 and 255, or 0 and 1.
        patient_pattern: Regular expression, searched in the path inside `images` without its
            ending (``anna/03``), with a group named ``patient`` and, if you like, one named
            ``slice``: ``r"^(?P<patient>[^/]+)/(?P<slice>\d+)"``. Without a pattern every
            file counts as its own patient, and a warning says so: if a patient has several
            files, splits would then leak, and scores would look better than they are.
        mask_suffix: What mask names have in addition to image names.
        size: Side, or ``(height, width)``, in pixels to which all pairs are resized (images
            bilinear, masks nearest neighbour). Needed only where sizes differ.
        name: Name of the data set on figures. Default: the name of the folder `images`.

    Returns:
        ``(N, H, W, C)`` images (C = 1 if all of them are grey, else 3; uint8, or float32 where
        a file holds more than 8 bits) and ``(N, H, W, 1)`` masks, sorted by patient and slice.
        A case is a patient, ``phase`` is empty, ``pathology`` is ``"unknown"``, ``spacing`` is
        NaN. Without a group ``slice``, slices are numbered in the order of the paths.

    Raises:
        DataError: A folder is missing, empty or unreadable, an image has no mask or the
            reverse, two files share a name, a file is corrupt, a mask
            has another size than its image or grey values, sizes differ without `size`, grey
            and colour are mixed, or the pattern is no regular expression, lacks the group or
            does not fit a file.
    """
    images, masks = Path(images), Path(masks)
    pairs = _paired_files(images, masks, mask_suffix)
    columns = _columns(pairs, patient_pattern)
    if size is not None:
        size = (size, size) if isinstance(size, int) else tuple(size)
    name = printable(name or images.resolve().name)
    return cached(_read, list(pairs.values()), columns=columns, size=size, name=name)


def _read(
    files: list[tuple[Path, Path]],
    columns: dict[str, list],
    size: tuple[int, int] | None,
    name: str,
) -> SliceSet:
    """Read the pairs, which have these columns in the table, and bring them to one size."""
    paths = [image for image, _ in files]
    pictures = read_all(read_pair, paths, [mask for _, mask in files])
    images_read = _same_channels(paths, [image for image, _ in pictures])
    masks_read = [mask for _, mask in pictures]
    if size is not None:
        images_read = [resize_image(image, size) for image in images_read]
        masks_read = [resize_mask(mask, size) for mask in masks_read]
    for path, image in zip(paths, images_read, strict=True):
        if image.shape != images_read[0].shape:
            raise DataError(
                f"{path}: the image is {image.shape[0]}x{image.shape[1]} pixels (height x width), "
                f"{paths[0].name} is {images_read[0].shape[0]}x{images_read[0].shape[1]}; pass "
                "size (e.g. size=256) to bring all pairs to one size"
            )
    table = pd.DataFrame(columns).assign(phase="", spacing=np.nan, pathology="unknown")
    slices = SliceSet(
        name=name,
        images=np.stack(images_read),  # one float32 file makes the whole stack float32
        masks=np.stack(masks_read)[..., None],
        table=table,
        class_names=("background", "structure"),
    )
    return slices.take(table.sort_values(["patient", "slice"], kind="stable").index.to_numpy())


def picture_files(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Picture files below `folder`: path inside it without the ending, to full path."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in files_below(folder):
        if path.suffix.lower() not in suffixes:
            continue
        key = path.relative_to(folder).with_suffix("").as_posix()
        if key in found:
            raise DataError(
                f"{path} and {found[key].name} differ only in their ending, so it is unclear which "
                "one is meant; keep one of them"
            )
        found[key] = path
    return found


def _paired_files(images: Path, masks: Path, mask_suffix: str) -> dict[str, tuple[Path, Path]]:
    """Image and mask path for each image's key, sorted."""
    image_files = picture_files(images, IMAGE_SUFFIXES)
    mask_files = picture_files(masks, MASK_SUFFIXES)
    if images.resolve() == masks.resolve():
        if not mask_suffix:
            raise DataError(
                f"{images}: images and masks in one folder need mask_suffix, e.g. "
                'mask_suffix="_mask" for 03.png and 03_mask.png'
            )
        image_files = {k: p for k, p in image_files.items() if not k.endswith(mask_suffix)}
        mask_files = {k: p for k, p in mask_files.items() if k.endswith(mask_suffix)}
    if not image_files:
        raise DataError(f"{images}: no images found (endings: {', '.join(IMAGE_SUFFIXES)})")
    expected = {key + mask_suffix: key for key in image_files}
    for mask_key, key in expected.items():
        if mask_key not in mask_files:
            raise DataError(
                f"{image_files[key]}: has no mask; expected {masks / mask_key} with one of the "
                f"endings {', '.join(MASK_SUFFIXES)} (a JPEG mask will not do: its compression "
                "makes grey values)"
            )
    for mask_key, path in mask_files.items():
        if mask_key not in expected:
            raise DataError(
                f"{path}: has no image in {images}"
                + (f" (mask names must end in {mask_suffix!r})" if mask_suffix else "")
                + "; add the image, or remove the mask"
            )
    return {key: (image_files[key], mask_files[key + mask_suffix]) for key in image_files}


def _columns(pairs: dict[str, tuple[Path, Path]], patient_pattern: str | None) -> dict[str, list]:
    """The columns of the table that the names of the files tell."""
    if patient_pattern is None:
        warnings.warn(
            f"no patient_pattern was given, so each of the {len(pairs)} files counts as its own "
            "patient; if a patient has several files, give a pattern, or splits will leak",
            UserWarning,
            stacklevel=3,
        )
        patients, slices = list(pairs), [0] * len(pairs)
    else:
        patients, slices = _match(list(pairs), patient_pattern)
    patients = [printable(patient) for patient in patients]
    sources = [printable(image.name) for image, _ in pairs.values()]
    return {"case": patients, "patient": patients, "slice": slices, "source": sources}


def _match(keys: list[str], patient_pattern: str) -> tuple[list[str], list[int]]:
    """Patient and slice number that the pattern finds in each key."""
    pattern = compile_pattern(patient_pattern, "patient_pattern")
    numbered = "slice" in pattern.groupindex
    patients: list[str] = []
    slices: list[int] = []
    for key in keys:
        match = pattern.search(key)
        if match is None or not match["patient"]:
            raise DataError(f"patient_pattern {patient_pattern!r} finds no patient in {key!r}")
        number = match["slice"] if numbered else patients.count(match["patient"])
        try:
            slices.append(int(number))
        except (TypeError, ValueError):
            raise DataError(
                f"patient_pattern {patient_pattern!r}: the slice in {key!r} is {number!r}, "
                "expected a whole number"
            ) from None
        patients.append(match["patient"])
    return patients, slices


def _same_channels(paths: list[Path], images: list[np.ndarray]) -> list[np.ndarray]:
    """Give all images the shape ``(H, W, C)`` with one C."""
    if all(is_grey(image) for image in images):  # grey is often stored as three equal channels
        return [image.reshape(*image.shape[:2], -1)[..., :1] for image in images]
    for path, image in zip(paths, images, strict=True):
        if image.ndim == 2:
            colour = next(p for p, other in zip(paths, images, strict=True) if not is_grey(other))
            raise DataError(
                f"{path} is grey, but {colour.name} is in colour; convert all images to one kind"
            )
    return images


def compile_pattern(pattern: str, option: str) -> re.Pattern:
    """Compile a pattern that must have the group ``patient``.

    Args:
        pattern: The regular expression.
        option: What the user calls it, for the message.

    Raises:
        DataError: It is no regular expression, or lacks the group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DataError(f"{option} {pattern!r} is no regular expression: {error}") from error
    if "patient" not in compiled.groupindex:
        raise DataError(
            f"{option} {pattern!r} has no group named patient; write e.g. "
            r"'^(?P<patient>[^_]+)_'"
        )
    return compiled
