"""LabelMe's JSON files: one image, and the shapes that were drawn on it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from seglib.errors import DataError
from seglib.formats.annotations.painting import check_size, class_of, points_of, read_json
from seglib.formats.contours import fill_rings


def read_labelme(path: Path, classes: Mapping[str, int], shape: tuple[int, int]) -> np.ndarray:
    """Read one LabelMe file.

    Polygons, rectangles, circles and masks are filled; shapes that enclose nothing (points,
    lines) are refused. LabelMe knows no holes: draw one as a shape of its own, after the
    object, with a label of class 0.

    Args:
        path: The file.
        classes: Class index of each label, e.g. ``{"heart": 1, "hole": 0}``.
        shape: ``(height, width)`` of the image.

    Returns:
        ``(height, width)`` uint8 class indices; of shapes that overlap the later one counts.

    Raises:
        DataError: The file cannot be read, belongs to another image, or holds an
            unexpected label or shape.

    Source: the file format of LabelMe (Wada, doi:10.5281/zenodo.5711226).
    """
    found = read_json(path, "LabelMe")
    shapes = found.get("shapes")
    if not isinstance(shapes, list):
        raise DataError(
            f"{path}: has no list 'shapes', so it is no LabelMe file; a COCO file has the lists "
            "'images' and 'annotations' instead (read_coco)"
        )
    check_size((found.get("imageHeight"), found.get("imageWidth")), shape, str(path))
    mask = np.zeros(shape, np.uint8)
    for number, drawn in enumerate(shapes, start=1):
        where = f"{path}, shape {number}"
        if not isinstance(drawn, dict):
            raise DataError(f"{where}: expected an object; save the file again in LabelMe")
        index = class_of(drawn.get("label"), classes, where)
        mask[_inside(drawn, shape, where)] = index
    return mask


def _inside(drawn: dict, shape: tuple[int, int], where: str) -> np.ndarray:
    """Where a shape is: ``(height, width)`` bool."""
    kind = drawn.get("shape_type", "polygon")
    values = drawn.get("points")
    if kind == "polygon":
        return fill_rings([points_of(values, shape, where)], shape) != 0
    if kind not in ("rectangle", "circle", "mask"):
        raise DataError(
            f"{where}: is a {kind}, which encloses no pixels; draw a polygon, a rectangle or a "
            "circle"
        )
    points = points_of(values, shape, where, least=2)
    if kind == "circle":  # its centre, and a point on it
        first, second = points[:2]
        rows, columns = np.indices(shape) + 0.5
        return np.hypot(columns - first[0], rows - first[1]) <= np.hypot(*(second - first))
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    if kind == "mask":  # the first and the last pixel of a picture of its own
        return _pasted(drawn.get("mask"), (round(left), round(top)), shape, where)
    ring = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return fill_rings([ring], shape) != 0


def _pasted(
    text: object, corner: tuple[int, int], shape: tuple[int, int], where: str
) -> np.ndarray:
    """A small picture of a mask at its place in the image."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"]) as png:
            small = np.asarray(png) if png.width <= shape[1] and png.height <= shape[0] else None
    except Exception as error:  # a damaged picture can make Pillow fail with any error
        raise DataError(
            f"{where}: its mask is no readable PNG picture; save the file again in LabelMe"
        ) from error
    column, row = corner
    fits = small is not None and small.ndim == 2 and row >= 0 and column >= 0
    if not fits or row + len(small) > shape[0] or column + small.shape[1] > shape[1]:
        raise DataError(
            f"{where}: its mask reaches outside the image of {shape[0]}x{shape[1]} pixels (height "
            "x width); does the file belong to another image?"
        )
    inside = np.zeros(shape, bool)
    inside[row : row + len(small), column : column + small.shape[1]] = small != 0
    return inside


def labelme_text(image: str, shape: tuple[int, int], outlines: list[tuple[str, np.ndarray]]) -> str:
    """A LabelMe file of polygons, without the image in it.

    Args:
        image: Name of the image file, relative to where the text is saved.
        shape: ``(height, width)`` of the image.
        outlines: Label and ``(points, 2)`` x, y of each polygon, in pixels.

    Returns:
        JSON that LabelMe opens and `read_labelme` reads.
    """
    shapes = [
        {
            "label": label,
            "points": np.round(points, 3).tolist(),
            "group_id": None,
            "shape_type": "polygon",
            "flags": {},
        }
        for label, points in outlines
    ]
    content = {
        "version": "5.5.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": image,
        "imageData": None,
        "imageHeight": int(shape[0]),
        "imageWidth": int(shape[1]),
    }
    return json.dumps(content, indent=1) + "\n"
