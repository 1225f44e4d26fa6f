"""COCO's JSON files: many images, and the objects on each as polygons or run lengths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from seglib.errors import DataError
from seglib.formats.annotations.painting import check_size, class_of, points_of, read_json
from seglib.formats.contours import fill_rings
from seglib.formats.pictures import MOST_PIXELS


def read_coco(path: Path, classes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read all masks of a COCO file.

    An object is a list of polygons, whose parts are put together, or run lengths, plain or
    packed, which can have holes. Boxes and key points are not looked at.

    Args:
        path: The file.
        classes: Class index of each category's name, e.g. ``{"heart": 1}``.

    Returns:
        For each image, by its ``file_name`` in the file, ``(height, width)`` uint8 class
        indices: empty where the file lists the image and no object on it; of objects that
        overlap the later one counts.

    Raises:
        DataError: The file cannot be read, or an image, a category or an object in it is
            not as COCO describes.

    Source: Lin et al. 2014, Microsoft COCO (doi:10.1007/978-3-319-10602-1_48); its data format
        and API.
    """
    found = read_json(path, "the program that exported it")
    for key in ("images", "annotations", "categories"):
        if not isinstance(found.get(key), list):
            raise DataError(
                f"{path}: has no list {key!r}, so it is no COCO file of objects; export it again"
            )
    masks: dict[object, np.ndarray] = {}
    names: dict[object, str] = {}
    for image in found["images"]:
        key, name, mask = _empty(image, path)
        if key in masks:
            raise DataError(f"{path}: lists two images with the id {key}; export it again")
        masks[key], names[key] = mask, name
    if len(set(names.values())) < len(names):
        raise DataError(f"{path}: lists two images with one name; give each a name of its own")
    labels = {
        _id(category, "id"): category.get("name")
        for category in found["categories"]
        if _id(category, "id") is not None
    }
    for number, drawn in enumerate(found["annotations"], start=1):
        where = f"{path}, annotation {number}"
        image = _id(drawn, "image_id")
        if image not in masks:
            raise DataError(f"{where}: belongs to no image that the file lists; export it again")
        mask = masks[image]
        where += f" on {names[image]}"
        index = class_of(labels.get(_id(drawn, "category_id")), classes, where)
        mask[_inside(drawn.get("segmentation"), mask.shape, where)] = index
    return {names[key]: mask for key, mask in masks.items()}


def _id(entry: object, name: str) -> int | str | None:
    """A number or text by which entries refer to one another; None if there is none."""
    value = entry.get(name) if isinstance(entry, dict) else None
    return value if isinstance(value, int | str) else None


def _empty(image: object, path: Path) -> tuple[object, str, np.ndarray]:
    """Id, name and empty mask of a listed image."""
    entry = image if isinstance(image, dict) else {}
    key, name = entry.get("id"), entry.get("file_name")
    shape = (entry.get("height"), entry.get("width"))
    whole = all(type(side) is int and side > 0 for side in shape)  # true is no side
    if not isinstance(name, str) or not isinstance(key, int | str) or not whole:
        raise DataError(
            f"{path}: an image is listed as {str(image)[:60]!r}; expected id, file_name, height "
            "and width"
        )
    if shape[0] * shape[1] > MOST_PIXELS:
        raise DataError(f"{path}: says that {name} has more than {MOST_PIXELS:,} pixels")
    return key, name, np.zeros(shape, np.uint8)


def _inside(segmentation: object, shape: tuple[int, int], where: str) -> np.ndarray:
    """Where an object is: ``(height, width)`` bool."""
    if isinstance(segmentation, dict):
        size = segmentation.get("size")
        if not isinstance(size, list) or len(size) != 2:
            raise DataError(f"{where}: its run lengths have no size [height, width]")
        check_size(size, shape, where)
        return decode_rle(segmentation.get("counts"), shape, where)
    if not isinstance(segmentation, list) or not segmentation:
        raise DataError(
            f"{where}: has no outline, only a box or key points; draw one, or remove the annotation"
        )
    inside = np.zeros(shape, bool)
    for flat in segmentation:
        if not isinstance(flat, list) or len(flat) % 2:
            raise DataError(f"{where}: expected polygons as lists x1, y1, x2, y2, ...")
        ring = points_of([flat[i : i + 2] for i in range(0, len(flat), 2)], shape, where)
        inside |= fill_rings([ring], shape) != 0
    return inside


def decode_rle(counts: object, shape: tuple[int, int], where: str) -> np.ndarray:
    """Run lengths to a mask: pixels column by column, first outside, then inside, and so on.

    Args:
        counts: Whole numbers, or COCO's packed text of them.
        shape: ``(height, width)``.
        where: The file and the object in it, for the message.

    Returns:
        ``(height, width)`` bool.

    Raises:
        DataError: They are neither, or do not add up to the image.
    """
    runs = _unpack(counts, where) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(type(n) is int and n >= 0 for n in runs):
        raise DataError(
            f"{where}: its run lengths are not whole numbers from 0 on; export it again"
        )
    total = shape[0] * shape[1]
    if sum(runs) != total:
        raise DataError(
            f"{where}: its run lengths add up to {sum(runs):,}, but {shape[0]}x{shape[1]} pixels "
            f"are {total:,}; is the file cut short, or of another size?"
        )
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return inside.reshape(shape, order="F")


def encode_rle(mask: np.ndarray) -> list[int]:
    """A mask to plain run lengths, which `decode_rle` reads.

    Args:
        mask: ``(H, W)``, non-zero inside.
    """
    inside = np.concatenate([[False], (np.asarray(mask) != 0).ravel(order="F")])
    starts = np.flatnonzero(np.diff(inside.astype(np.int8)) != 0)
    return np.diff([0, *starts, inside.size - 1]).tolist()


def _unpack(text: str, where: str) -> list[int]:
    """COCO's packed run lengths: five bits a character, the lowest first.

    Bit 5 of a character says that the number goes on; bit 4 of its last one is the sign.
    From the fourth number on, what is written is the difference to the one before the last.
    """
    runs: list[int] = []
    number = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 30:
            raise DataError(f"{where}: {letter!r} is no packed run length; export the file again")
        number |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    if shift:
        raise DataError(f"{where}: its packed run lengths are cut short; export the file again")
    return runs
