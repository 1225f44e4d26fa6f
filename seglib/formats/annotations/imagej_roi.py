"""ImageJ's ROI files: one outline, or several in a ZIP file as its ROI Manager saves them."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from seglib.errors import DataError
from seglib.formats.annotations.painting import class_of, points_of
from seglib.formats.contours import fill_rings

#: Largest ROI file in bytes, as in ImageJ; in a ZIP file any size can be claimed.
MOST_BYTES = 5_242_880

#: Types of area by their number in the file; all others enclose nothing.
_POLYGONS, _RECTANGLE, _OVAL = (0, 7, 8), 1, 2
_OPEN = {3: "straight line", 4: "freehand line", 5: "segmented line", 9: "angle", 10: "point"}

#: Header version and options, and subtypes that are no plain areas.
_SUB_PIXEL, _SUB_PIXEL_VERSION, _SPLINE = 128, 222, 1
_NOT_AREAS = {1: "text", 2: "arrow", 4: "image"}

#: Points that a path's segment of each kind has; the curves are Bézier curves.
_SEGMENTS = {0: 1, 1: 1, 2: 2, 3: 3, 4: 0}
_CURVE_STEPS = 16

#: What a damaged ZIP file makes Python raise; one with a password a RuntimeError.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, ValueError)


def read_rois(path: Path, classes: Mapping[str, int], shape: tuple[int, int]) -> np.ndarray:
    """Read a ``.roi`` file, or all of a ``.zip`` file in its order.

    Where `classes` has one label, every ROI has its class, whatever its name. Otherwise the
    name of the ROI is the label, ``-1``, ``-2`` after it not counted, which ImageJ adds to a
    name that is there already. Holes are those of a composite (ImageJ's XOR), or a ROI with
    a label of class 0, after the object.

    Args:
        path: The file.
        classes: Class index of each label, e.g. ``{"heart": 1, "hole": 0}``.
        shape: ``(height, width)`` of the image. An ROI file does not state it.

    Returns:
        ``(height, width)`` uint8 class indices; of ROIs that overlap the later one counts.

    Raises:
        DataError: The file cannot be read, an ROI is no area or reaches outside the image,
            has an unexpected name, or the ROIs belong to several slices of a stack.

    Source: ``ij.io.RoiDecoder`` of ImageJ, whose comment describes the format.
    """
    mask = np.zeros(shape, np.uint8)
    slices = set()
    for name, content in _contents(path):
        where = f"{path}, ROI {name}" if path.suffix.lower() == ".zip" else str(path)
        roi = _Roi(content, where)
        label = re.sub(r"-\d+$", "", roi.name or name)
        index = (
            next(iter(classes.values())) if len(classes) == 1 else class_of(label, classes, where)
        )
        mask[fill_rings(roi.rings(shape), shape) != 0] = index
        slices.add(roi.position)
    if len(slices) > 1:
        raise DataError(
            f"{path}: its ROIs belong to the slices {', '.join(map(str, sorted(slices)))} of a "
            "stack (0: to any); save those of each slice in a file of its own"
        )
    return mask


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each ROI."""
    try:
        if path.suffix.lower() != ".zip":
            with path.open("rb") as stream:
                yield path.stem, stream.read(MOST_BYTES)
            return
        with zipfile.ZipFile(path) as archive:
            found = [entry for entry in archive.infolist() if not entry.is_dir()]
            for entry in found:
                if not entry.filename.lower().endswith(".roi") or entry.file_size > MOST_BYTES:
                    raise DataError(
                        f"{path}: holds {entry.filename}, which is no ROI file; save the ROIs again"
                        " from ImageJ's ROI Manager (More > Save)"
                    )
                yield Path(entry.filename).stem, archive.read(entry)
            if not found:
                raise DataError(f"{path}: holds no ROI; save them again from the ROI Manager")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); make it readable") from error
    except _DAMAGED as error:
        raise DataError(f"{path}: the ZIP file is damaged ({error}); save it again") from error


class _Roi:
    """One outline as its bytes describe it; all numbers are big-endian."""

    def __init__(self, content: bytes, where: str):
        self.content, self.where = content, where
        if content[:4] != b"Iout":
            raise DataError(f"{where}: is no ImageJ ROI file; save it again from ImageJ")
        self.version, self.kind = self._at("h", 4)[0], self._at("B", 6)[0]
        self.top, self.left, self.bottom, self.right = self._at("4h", 8)
        self.subtype, self.options = self._at("2h", 48)
        self.position, self.second_header = self._at("2i", 56)
        self.name = ""
        if self.second_header > 0:
            planes = self._at("3i", self.second_header + 4)  # channel, slice, frame
            self.position = self.position or planes[1] or planes[2]
            offset, length = self._at("2i", self.second_header + 16)
            if offset > 0 and length > 0:
                self.name = "".join(map(chr, self._at(f"{length}H", offset)))

    def _at(self, form: str, offset: int) -> tuple:
        """Numbers of a `struct` format at an offset; a file that ends before is refused."""
        try:
            return struct.unpack_from(f">{form}", self.content, offset)
        except struct.error:
            raise DataError(
                f"{self.where}: ends after {len(self.content)} bytes, before its outline is "
                "complete; replace it by an intact copy, or save it again from ImageJ"
            ) from None

    def rings(self, shape: tuple[int, int]) -> list[np.ndarray]:
        """Its outline: closed rings of ``(points, 2)``, checked against the image."""
        return [points_of(ring, shape, self.where) for ring in self._rings()]

    def _rings(self) -> list[np.ndarray]:
        (length,) = self._at("i", 36)
        if length > 0:
            return self._composite(length)
        what = _OPEN.get(self.kind) or _NOT_AREAS.get(self.subtype)
        areas = (*_POLYGONS, _RECTANGLE, _OVAL)
        if what is None and self.options & _SPLINE and self.kind in _POLYGONS:
            what = "polygon with a fitted spline, whose points are not its outline"
        rounded = self.kind == _RECTANGLE and self._at("h", 54)[0] > 0
        if what or rounded or self.kind not in areas:
            what = what or ("rounded rectangle" if rounded else f"selection of type {self.kind}")
            raise DataError(
                f"{self.where}: is a {what}; draw a polygon, freehand, rectangle or oval selection "
                "(Edit > Selection > Interpolate makes a plain polygon of an area)"
            )
        return [self._polygon() if self.kind in _POLYGONS else self._box()]

    def _polygon(self) -> np.ndarray:
        count = self._at("H", 16)[0] or self._at("i", 18)[0]
        if not 0 < count <= len(self.content):
            return np.empty((0, 2))
        if self.options & _SUB_PIXEL and self.version >= _SUB_PIXEL_VERSION:
            values = self._at(f"{2 * count}f", 64 + 4 * count)
            return np.reshape(values, (2, count)).T
        values = np.reshape(self._at(f"{2 * count}h", 64), (2, count)).T
        return np.maximum(values, 0) + (self.left, self.top)

    def _box(self) -> np.ndarray:
        left, top = self.left, self.top
        width, height = self.right - self.left, self.bottom - self.top
        if self.options & _SUB_PIXEL and self.version > _SUB_PIXEL_VERSION:
            left, top, width, height = self._at("4f", 18)
        if self.kind == _RECTANGLE:
            corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        else:  # so many points that no pixel's centre changes sides, up to some 500 pixels
            angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
            corners = 0.5 + 0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return corners * (width, height) + (left, top)

    def _composite(self, length: int) -> list[np.ndarray]:
        """Rings of a path: each starts by a move, goes on by lines and curves, and is closed."""
        numbers = np.array(self._at(f"{min(length, len(self.content))}f", 64))
        rings: list[list] = []
        place = 0
        while place < length:
            kind = numbers[place]
            count = _SEGMENTS.get(kind)
            end = place + 1 + 2 * (count or 0)
            if count is None or end > length or (kind != 0 and not rings):
                raise DataError(
                    f"{self.where}: its path is damaged (segment {kind:g}); save it again"
                )
            points = numbers[place + 1 : end].reshape(count, 2)
            place = end
            if kind == 0:
                rings.append([*points])
            elif kind in (2, 3):
                rings[-1] += [*_curve(np.array([rings[-1][-1], *points]))]
            else:
                rings[-1] += [*points]
        # A last move without lines is how Java closes some paths.
        return [np.array(ring) for ring in rings if len(ring) > 1]


def _curve(points: np.ndarray) -> np.ndarray:
    """Points along a Bézier curve, without its first: ``(steps, 2)``, by de Casteljau."""
    along = np.linspace(0, 1, _CURVE_STEPS + 1)[1:, None, None]
    levels = np.broadcast_to(points, (_CURVE_STEPS, *points.shape))
    while levels.shape[1] > 1:
        levels = (1 - along) * levels[:, :-1] + along * levels[:, 1:]
    return levels[:, 0]
