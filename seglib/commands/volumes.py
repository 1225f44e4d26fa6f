"""NIfTI volumes: read as slices, masks written back on the same voxels."""

from __future__ import annotations

import zlib
from pathlib import Path

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from seglib.errors import DataError

ENDINGS = (".nii.gz", ".nii")

#: What nibabel may raise on a file that is cut short or no NIfTI at all.
_UNREADABLE = (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error)

_MM = {"meter": 1000.0, "micron": 0.001}  # unknown units are taken as mm


def open_volume(path: Path) -> nibabel.Nifti1Image:
    """Open a file without reading its values.

    Raises:
        DataError: It is no readable NIfTI file, or its values are not plain numbers.
    """
    try:
        image = nibabel.load(path)
    except _UNREADABLE as error:
        raise DataError(f"{path}: not a readable NIfTI file ({error})") from error
    if len(image.shape) < 2 or 0 in image.shape or image.get_data_dtype().kind not in "buif":
        raise DataError(
            f"{path}: expected a volume of plain numbers, found shape {image.shape} of "
            f"{image.get_data_dtype()}"
        )
    return image


def read_values(path: Path) -> np.ndarray:
    """Read the values of a volume, the header's scaling applied.

    Returns:
        ``(X, Y, ...)`` uint8, or float32 for any other stored type.

    Raises:
        DataError: The file cannot be read.
    """
    image = open_volume(path)
    try:
        values = np.asanyarray(image.dataobj)
    except _UNREADABLE as error:
        raise DataError(f"{path}: the NIfTI file is damaged ({error})") from error
    return values if values.dtype == np.uint8 else values.astype(np.float32)


def to_slices(values: np.ndarray) -> np.ndarray:
    """``(X, Y, ...)`` to slices ``(S, Y, X)``: x runs along the columns of a slice.

    All axes after the second count slices, so a cine series ``(X, Y, Z, T)`` works too.
    """
    return values.reshape(*values.shape[:2], -1).transpose(2, 1, 0)


def from_slices(slices: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The exact inverse of `to_slices` for a volume of the given shape."""
    return slices.transpose(2, 1, 0).reshape(shape)


def count_slices(path: Path) -> int:
    """Number of slices, from the header alone."""
    return int(np.prod(open_volume(path).shape[2:], dtype=int))


def write_mask(path: Path, slices: np.ndarray, like: Path) -> None:
    """Write a mask on the grid of another volume: same shape, affine and header.

    Args:
        path: The new file, ``.nii`` or ``.nii.gz``.
        slices: ``(S, Y, X)`` uint8 class indices.
        like: The volume whose slices they are.
    """
    source = open_volume(like)
    header = source.header.copy()
    header.set_data_dtype(np.uint8)
    header["cal_min"] = header["cal_max"] = 0  # the display range was that of the intensities
    mask = from_slices(slices.astype(np.uint8), source.shape)
    nibabel.save(type(source)(mask, source.affine, header), path)


def read_binary_mask(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one mask volume with the values 0 and 1, or 0 and 255.

    Returns:
        ``(X, Y, Z)`` uint8, 1 inside the structure, and its ``(4, 4)`` affine in mm.

    Raises:
        DataError: The file cannot be read, is not 3-D, or holds any other value.
    """
    image, values = open_volume(path), read_values(path)
    if values.ndim != 3:
        raise DataError(
            f"{path}: expected a 3-D mask, found shape {values.shape}; save each time step as a "
            "volume of its own"
        )
    found = np.unique(values)
    if len(found) > 2 or not set(found[found != 0].tolist()) <= {1.0, 255.0}:
        raise DataError(
            f"{path}: a mask must hold only 0 and 1 (or only 0 and 255); found "
            f"{len(found)} values, among them {', '.join(f'{value:g}' for value in found[:5])}"
        )
    unit = image.header.get_xyzt_units()[0]
    return (values > 0).astype(np.uint8), image.affine * _MM.get(unit, 1.0)


def voxel_sides(affine: np.ndarray) -> tuple[float, float, float]:
    """Sides of a voxel along x, y and z, in the unit of the affine."""
    return tuple(float(side) for side in nibabel.affines.voxel_sizes(affine))
