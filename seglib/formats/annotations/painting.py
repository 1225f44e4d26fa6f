"""Names become classes and outlines become pixels: what all annotation files share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from seglib.errors import DataError

#: Pixels that an outline may reach beyond its image: drawing programs let the pen slip a little.
SLIP = 1.0


def read_json(path: Path, program: str) -> dict:
    """Read a JSON file that must hold an object.

    Args:
        path: The file.
        program: Who writes such files, for the message.

    Raises:
        DataError: The file cannot be read, is no JSON, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); make it readable") from error
    except (ValueError, RecursionError) as error:  # not UTF-8 is a ValueError too
        raise DataError(
            f"{path}: not a readable JSON file ({error}); save it again in {program}"
        ) from error
    if not isinstance(found, dict):
        raise DataError(
            f"{path}: holds a JSON {type(found).__name__}, expected an object as {program} writes"
        )
    return found


def class_of(label: object, classes: Mapping[str, int], where: str) -> int:
    """The class index of a label.

    Args:
        label: What the file says.
        classes: Index of each label that is expected.
        where: The file and the object in it, for the message.

    Raises:
        DataError: The label is not expected.
    """
    if not isinstance(label, str) or label not in classes:
        raise DataError(
            f"{where}: the label {label!r} is not expected, only {', '.join(map(repr, classes))}; "
            "rename it in the file, or give it a class (0 for the background)"
        )
    return classes[label]


def points_of(values: object, shape: tuple[int, int], where: str, least: int = 3) -> np.ndarray:
    """A list of points as an array, checked.

    Args:
        values: Pairs x, y in pixels.
        shape: ``(height, width)`` of the image.
        where: The file and the object in it, for the message.
        least: How many points are needed.

    Returns:
        ``(points, 2)`` float64.

    Raises:
        DataError: These are no pairs of finite numbers, too few, or outside the image.
    """
    try:
        points = np.array(values, float)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2:
        raise DataError(f"{where}: expected a list of points [x, y]; draw the object again")
    if len(points) < least:
        raise DataError(f"{where}: has {len(points)} point(s), needs {least}; draw it again")
    height, width = shape
    # Written so that NaN counts as outside.
    inside = (points >= -SLIP) & (points <= (width + SLIP, height + SLIP))
    if not inside.all():
        x, y = points[~inside.all(axis=1)][0]
        raise DataError(
            f"{where}: the point x={x:g}, y={y:g} lies outside the image of {height}x{width} "
            "pixels (height x width); does the file belong to another image, or to one of "
            "another size?"
        )
    return points


def check_size(found: tuple[object, object], shape: tuple[int, int], where: str) -> None:
    """Refuse a file that was drawn on an image of another size.

    Args:
        found: Height and width that the file states.
        shape: ``(height, width)`` of the image.
        where: The file, for the message.

    Raises:
        DataError: They differ.
    """
    if tuple(found) != tuple(shape):
        raise DataError(
            f"{where}: was drawn on an image of {found[0]}x{found[1]} pixels (height x width), but "
            f"the image has {shape[0]}x{shape[1]}; draw it again on this image, or use the image "
            "it was drawn on"
        )
