"""NIfTI volumes: read, cut into slices, and masks written back on the same voxels.

A file may store its axes in any order and direction; its affine says in which. `Grid`
turns a volume before it is cut, so that one scan gives the same slices however it is
stored, and turns a mask back onto the stored voxels. Nothing is ever resampled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import nibabel
import numpy as np
from nibabel.arrayproxy import ArrayProxy

from seglib.errors import DataError
from seglib.formats.nifti_grid import Grid
from seglib.formats.nifti_header import MOST_OTHER_BYTES, REPAIR, UNREADABLE, open_volume, opened
from seglib.formats.pictures import require_finite

_PIECE = 2**20  # values that are unpacked, scaled and checked at a time


def read_slices(path: Path) -> tuple[np.ndarray, Grid]:
    """Read a volume as slices, the header's scaling applied.

    Returns:
        ``(S, H, W)`` uint8, or float32 for any other stored type; and their grid.

    Raises:
        DataError: As `open_volume`; or the file is damaged, or holds values that are not
            finite or too large for float32, or many more bytes than its header says.
    """
    image = open_volume(path)
    try:
        with opened(path) as stream:
            values = _read_values(stream, image.dataobj, path)
            # To its end, where the checksum of a packed file stands.
            rest = _skip(stream, MOST_OTHER_BYTES + 1)
    except UNREADABLE as error:
        raise DataError(
            f"{path}: the NIfTI file is damaged ({error}); replace it by an intact copy"
        ) from error
    if rest > MOST_OTHER_BYTES:
        raise DataError(
            f"{path}: goes on for more than {MOST_OTHER_BYTES:,} bytes after the voxels that its "
            f"header states (shape {image.shape} of {image.dataobj.dtype}); {REPAIR}"
        )
    grid = Grid.of(image)
    return grid.to_slices(values), grid


def _read_values(stream: BinaryIO, stored: ArrayProxy, path: Path) -> np.ndarray:
    """The voxels of an opened file, piece by piece: never more bytes than its header claims.

    Returns:
        An array of the stored shape and order, as `read_slices` describes it.
    """
    found = _skip(stream, stored.offset)
    count, size = math.prod(stored.shape), stored.dtype.itemsize
    scaled = (stored.slope, stored.inter) != (1, 0)
    as_stored = stored.dtype == np.uint8 and not scaled
    values = np.empty(count, np.uint8 if as_stored else np.float32)
    for start in range(0, count, _PIECE):
        block = stream.read(min(_PIECE, count - start) * size)
        found += len(block)
        if len(block) < min(_PIECE, count - start) * size:
            raise EOFError(f"expected {stored.offset + count * size:,} bytes, found {found:,}")
        part = values[start : start + _PIECE]
        piece = np.frombuffer(block, stored.dtype)
        if as_stored:
            part[:] = piece
            continue
        with np.errstate(all="ignore"):  # what overflows is told below
            if scaled:
                piece = piece * np.float64(stored.slope) + np.float64(stored.inter)
            part[:] = piece
        require_finite(piece, path)
        if not np.isfinite(part).all():
            raise DataError(
                f"{path}: holds values up to {np.abs(piece).max():g}, too large for 32-bit "
                "numbers; divide them by a constant"
            )
    return values.reshape(stored.shape, order="F")


def _skip(stream: BinaryIO, count: int) -> int:
    """Read over `count` bytes; returns how many there were."""
    left = count
    while left and (block := stream.read(min(left, _PIECE))):
        left -= len(block)
    return count - left


def count_slices(path: Path) -> int:
    """Number of slices, from the header alone."""
    return Grid.of(open_volume(path)).sliced_shape[0]


def write_mask(path: Path, slices: np.ndarray, like: Path) -> None:
    """Write a mask on the grid of another volume: same shape, transforms, sides and units.

    Nothing else of that volume's header comes along, least of all its texts.

    Args:
        path: The new file, ``.nii`` or ``.nii.gz``.
        slices: ``(S, H, W)`` uint8 class indices, as `read_slices` cuts that volume.
        like: The volume whose slices they are.

    Raises:
        DataError: The volume cannot be read, or is cut into slices of another shape.
    """
    source = open_volume(like)
    grid = Grid.of(source)
    if slices.shape != grid.sliced_shape:
        raise DataError(
            f"{like}: is cut into slices of shape {grid.sliced_shape} (slices, rows, columns), "
            f"but the mask has shape {slices.shape}"
        )
    header = source.header.copy()
    header.set_data_dtype(np.uint8)
    mask = grid.from_slices(slices.astype(np.uint8)).reshape(source.shape)
    nibabel.save(type(source)(mask, source.affine, header), path)


def read_mask(path: Path, num_classes: int) -> tuple[np.ndarray, Grid]:
    """Read a mask volume that stores class indices.

    Args:
        path: The file.
        num_classes: Classes with background.

    Returns:
        ``(S, H, W)`` uint8, and their grid.

    Raises:
        DataError: The file cannot be read, is not 3-D, or holds any other value than the
            whole numbers from 0 to ``num_classes - 1``.
    """
    values, grid = _read_3d(path)
    if strays := _strays(values, range(num_classes)):
        raise DataError(
            f"{path}: a mask must hold only the values 0 to {num_classes - 1}; found also {strays}"
        )
    return values.astype(np.uint8, copy=False), grid


def read_binary_mask(path: Path) -> tuple[np.ndarray, Grid]:
    """Read one mask volume with the values 0 and 1, or 0 and 255.

    Returns:
        ``(S, H, W)`` uint8, 1 inside the structure; and their grid.

    Raises:
        DataError: The file cannot be read, is not 3-D, or holds any other value.
    """
    values, grid = _read_3d(path)
    if strays := _strays(values, (0, 1) if (values == 1).any() else (0, 255)):
        raise DataError(
            f"{path}: a mask must hold only 0 and 1 (or only 0 and 255); found also {strays}"
        )
    return (values > 0).view(np.uint8), grid


def _strays(values: np.ndarray, known: Iterable[int]) -> str:
    """The smallest five values that are not known ones, in words; empty if there are none."""
    # np.isin and np.unique take several copies of a volume.
    stray = np.ones(values.shape, bool)
    for value in known:
        stray &= values != value
    found = []
    while len(found) < 5 and stray.any():
        found.append(values.min(where=stray, initial=values.max()))
        stray &= values != found[-1]
    return ", ".join(f"{value:g}" for value in found)


def _read_3d(path: Path) -> tuple[np.ndarray, Grid]:
    shape = open_volume(path).shape
    if len(shape) != 3:
        raise DataError(
            f"{path}: expected a 3-D mask, found shape {shape}; save each time step as a "
            "volume of its own"
        )
    return read_slices(path)
