"""Contours: files of points, and the masks they enclose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from seglib.errors import DataError


def read_contour(path: Path) -> np.ndarray:
    """Read a contour file: one point a line, x (column) then y (row), in pixels.

    Returns:
        ``(points, 2)`` float64.

    Raises:
        DataError: The file cannot be read, is empty, or a line does not hold two numbers.
    """
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); replace it by an intact contour file"
        ) from error
    points = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            x, y = (float(value) for value in line.split())
        except ValueError:
            raise DataError(
                f"{path}, line {number}: expected two numbers (x y), found {line.strip()[:40]!r}"
            ) from None
        points.append((x, y))
    if len(points) < 3:
        raise DataError(f"{path}: {len(points)} point(s); a contour needs at least 3")
    return np.array(points)


def fill_contour(points: np.ndarray, shape: tuple[int, int], path: Path | str) -> np.ndarray:
    """Fill a contour; coordinates are cut to whole pixels, as the PNG set's masks were made.

    Args:
        points: ``(points, 2)``, x and y in pixels.
        shape: ``(height, width)`` of the image.
        path: The contour's file, named in the error.

    Returns:
        ``(height, width)`` uint8, 1 on and inside the contour.

    Raises:
        DataError: A point lies outside the image, or is not a finite number.
    """
    height, width = shape
    # Written so that NaN counts as outside.
    outside = ~((points >= 0) & (points < (width, height))).all(axis=1)
    if outside.any():
        x, y = points[outside][0]
        raise DataError(
            f"{path}: the point x={x:g}, y={y:g} lies outside its image of {height}x{width} pixels "
            "(height x width); does the contour belong to another frame?"
        )
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [points.astype(np.int32)], 1)
    return mask


def fill_rings(rings: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Fill closed polygons: a pixel counts if its centre is inside an odd number of them.

    A ring inside another is therefore a hole. Pixel ``(row, column)`` is the square from
    ``(column, row)`` to ``(column + 1, row + 1)``, as drawing programs count, so its centre
    lies half a pixel further on both axes. A centre exactly on a left or upper side is
    outside, on a right or lower one inside: ImageJ's rule (``PolygonFiller``).

    Unlike `fill_contour`, which takes the border's pixels whole, this keeps areas: a square
    of 3 x 3 pixels has 9.

    Args:
        rings: Each ``(points, 2)``, x and y in pixels; the last point joins the first.
        shape: ``(height, width)``. What lies outside the image is left out.

    Returns:
        ``(height, width)`` uint8, 1 inside.
    """
    height, width = shape
    crossings = np.zeros((height, width + 1), np.int64)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            # Rows whose centres lie between the ends; rounding before clipping keeps the rule.
            first, last = (int(np.floor(y + 0.5)) for y in sorted((y0, y1)))
            rows = np.arange(max(first, 0), min(last, height))
            x = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0)) if len(rows) else rows
            columns = np.clip(np.floor(x + 0.5), 0, width).astype(int)
            np.add.at(crossings, (rows, columns), 1)
    return (crossings.cumsum(axis=1)[:, :width] % 2).astype(np.uint8)
