"""Own images with masks from drawing programs: checked, and written as pairs that can be read.

Nothing here opens a network connection, and the originals are only read.
"""

from __future__ import annotations

import io
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image

from seglib.datasets.folder import MASK_SUFFIXES, picture_files
from seglib.errors import DataError
from seglib.files import atomic_write
from seglib.formats import nifti
from seglib.formats.annotations.coco import read_coco
from seglib.formats.annotations.imagej_roi import read_rois
from seglib.formats.annotations.labelme import read_labelme
from seglib.formats.annotations.painting import check_size, read_json
from seglib.formats.folders import IMAGE_SUFFIXES, files_below, printable, volume_stem
from seglib.formats.pictures import read_binary_mask, read_image

#: Left in the folder of pairs: only a folder that holds it is written anew.
MARK = "IMPORTED.txt"

_MARK_TEXT = "Pairs written by seglib.datasets.annotated, which replaces them the next time.\n"


@dataclass(frozen=True)
class _Drawn:
    """What was drawn on one image: the file, what kind it is, and how to read it."""

    file: Path
    kind: str
    read: Callable[[tuple[int, int]], np.ndarray]


def import_masks(
    images: str | Path, annotations: str | Path, ready: str | Path, classes: Mapping[str, int]
) -> pd.DataFrame:
    """Write a pair of picture files for each image whose annotation is right, and list the rest.

    An image and its annotation have the same path inside their folders but for the ending:
    ``images/anna/03.png`` and ``annotations/anna/03.json``. A LabelMe file, ImageJ's ``.roi``
    or ``.zip``, a NIfTI file of one slice (ITK-SNAP) and a picture of the mask belong to one
    image. A COCO file may lie anywhere in the folder, and belongs to the images that it names.

    Args:
        images: Folder of PNG, TIFF or JPEG images.
        annotations: Folder of what was drawn; may be the same folder, without mask pictures.
        ready: Folder for ``images`` and ``masks``, as `seglib.datasets.folder.load` and
            ``python -m seglib train`` take them: new, empty, or of an earlier import.
        classes: 1 for each label of the structure, 0 for labels that are background and cut
            holes, e.g. ``{"heart": 1, "hole": 0}``.

    Returns:
        One row an image, then one for each annotation that belongs to none: ``image`` (its path
        without ending), ``annotation`` (file), ``kind``, ``pixels`` of the mask, and ``fault``,
        which is empty if all is well. What has a fault has no pair.

    Raises:
        DataError: A folder is missing or unreadable, `ready` holds something else or lies in
            one of the others, or `classes` does not consist of 0 and 1.
    """
    images, annotations, ready = Path(images), Path(annotations), Path(ready)
    if not set(classes.values()) <= {0, 1} or 1 not in classes.values():
        raise DataError(
            f"classes {dict(classes)}: expected 1 for the structure's label and 0 for others"
        )
    for folder in (images, annotations):
        if ready.resolve().is_relative_to(folder.resolve()):
            raise DataError(f"{ready}: lies in {folder}, whose files are read; name another folder")
    pictures = picture_files(images, IMAGE_SUFFIXES)
    drawn, rows = _find(annotations, pictures, classes, images.resolve() == annotations.resolve())
    _start(ready)
    for key, image in pictures.items():
        found = drawn.pop(key, [])
        row = {
            "image": printable(key),
            "annotation": ", ".join(printable(one.file.name) for one in found),
            "kind": found[0].kind if found else "",
        }
        try:
            mask = _mask(image, found)
            atomic_write(ready / "images" / f"{key}{image.suffix}", image.read_bytes())
            atomic_write(ready / "masks" / f"{key}.png", _png(mask))
            rows.append(row | {"pixels": int(mask.sum()), "fault": ""})
        except DataError as error:
            rows.append(row | {"pixels": 0, "fault": printable(str(error))})
    for key, found in drawn.items():
        fault = f"{key} is no image in {images}; add it, or correct the name"
        rows += [_orphan(one.file, one.kind, f"{one.file}: {fault}") for one in found]
    columns = ["image", "annotation", "kind", "pixels", "fault"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("image", key=lambda name: name == "", kind="stable", ignore_index=True)


def _orphan(file: Path, kind: str, fault: str) -> dict:
    """A row of an annotation that belongs to no image."""
    return {
        "image": "",
        "annotation": printable(file.name),
        "kind": kind,
        "pixels": 0,
        "fault": printable(fault),
    }


def _mask(image: Path, found: list[_Drawn]) -> np.ndarray:
    """The mask ``(H, W)`` of one image, 0 or 1."""
    if not found:
        raise DataError(
            f"{image}: has no annotation; draw one, or take the image out. If it does not show the "
            "structure, save an empty annotation (in LabelMe a file without shapes)"
        )
    if len(found) > 1:
        raise DataError(
            f"{image}: has {len(found)} annotations, {found[0].file.name} and "
            f"{found[1].file.name}; keep one of them"
        )
    return found[0].read(read_image(image).shape[:2])


def _find(
    folder: Path, pictures: Mapping[str, Path], classes: Mapping[str, int], with_images: bool
) -> tuple[dict[str, list[_Drawn]], list[dict]]:
    """What was drawn, by the key of its image; and rows of COCO files that cannot be read."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    drawn: dict[str, list[_Drawn]] = defaultdict(list)
    unread = []
    by_name = defaultdict(list)
    for key in pictures:
        by_name[PurePosixPath(key).name].append(key)
    for file in files_below(folder):
        volume = volume_stem(file)
        key = file.relative_to(folder).with_name(volume or file.stem).as_posix()
        ending = file.suffix.lower()
        if volume is not None:
            drawn[key].append(_Drawn(file, "NIfTI", partial(_volume, file)))
        elif ending in (".roi", ".zip"):
            drawn[key].append(_Drawn(file, "ImageJ", partial(read_rois, file, classes)))
        elif ending in MASK_SUFFIXES and not with_images:
            drawn[key].append(_Drawn(file, "picture", partial(_picture, file)))
        elif ending == ".json" and not _is_coco(file):
            drawn[key].append(_Drawn(file, "LabelMe", partial(read_labelme, file, classes)))
        elif ending == ".json":
            try:
                masks = read_coco(file, classes)
            except DataError as error:
                unread.append(_orphan(file, "COCO", str(error)))
                continue
            for name, mask in masks.items():
                listed = PurePosixPath(name).with_suffix("").as_posix()
                # Many programs leave the folders out of the name.
                alike = by_name.get(PurePosixPath(listed).name, [])
                key = alike[0] if listed not in pictures and len(alike) == 1 else listed
                drawn[key].append(_Drawn(file, "COCO", partial(_of_size, file, mask)))
    return dict(drawn), unread


def _is_coco(file: Path) -> bool:
    try:
        found = read_json(file, "")
    except DataError:
        return False  # and the reader of the other kind says what is wrong
    return "annotations" in found and "images" in found


def _of_size(file: Path, mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    check_size(mask.shape, shape, str(file))
    return mask


def _picture(file: Path, shape: tuple[int, int]) -> np.ndarray:
    return _of_size(file, read_binary_mask(file), shape)


def _volume(file: Path, shape: tuple[int, int]) -> np.ndarray:
    slices, _ = nifti.read_binary_mask(file)
    if len(slices) != 1:
        raise DataError(
            f"{file}: has {len(slices)} slices, but belongs to one image; save the mask of each "
            "image in a file of its own"
        )
    return _of_size(file, slices[0], shape)


def _png(mask: np.ndarray) -> bytes:
    picture = io.BytesIO()
    Image.fromarray(mask * np.uint8(255)).save(picture, format="png")
    return picture.getvalue()


def _start(ready: Path) -> None:
    """Empty a folder of an earlier import; one that holds anything else is refused."""
    if ready.is_dir() and any(ready.iterdir()):
        if not (ready / MARK).is_file():
            raise DataError(
                f"{ready}: holds files that are not of an earlier import; name a new folder"
            )
        for part in ("images", "masks"):
            shutil.rmtree(ready / part, ignore_errors=True)
    atomic_write(ready / MARK, _MARK_TEXT)
