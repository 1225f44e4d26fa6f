"""NIfTI volumes: read, cut into slices, and masks written back on the same voxels.

A file may store its axes in any order and direction; its affine says in which. `Grid`
turns a volume before it is cut, so that one scan gives the same slices however it is
stored, and turns a mask back onto the stored voxels. Nothing is ever resampled.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from nibabel import orientations
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from seglib.datasets.image_files import require_finite
from seglib.errors import DataError

ENDINGS = (".nii.gz", ".nii")

#: What nibabel may raise on a file that is cut short or no NIfTI at all.
_UNREADABLE = (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error)

_MM = {"meter": 1000.0, "micron": 0.001}  # unknown units are taken as mm

#: Where columns, rows and slices run to, for slices stacked along left-right, back-front
#: and foot-head: the way radiologists look at pictures, and DICOM stores them. The head is
#: up (or the front), the patient's right on the picture's left; L, P, I are the ends.
_DIRECTIONS = ("PIR", "LIP", "LPS")

#: An axis is the one that slices were acquired along if its voxels are this much longer.
_THICK = 1.5

_ROUND = 3  # decimals of mm; a file stores 32-bit numbers, so the last digits are noise


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the voxels of a volume lie, and how they become slices and voxels again.

    Slices are stacked along the axis that has one voxel, or else the one whose voxels are
    at least 1.5 times as long as the others (2-D acquisitions, such as a short-axis
    stack), or else the one nearest to foot-head. A header that states no orientation
    leaves the axes as they are stored: columns, rows, slices.

    Attributes:
        shape: ``(X, Y, Z, ...)`` as stored, at least three axes.
        affine: ``(4, 4)``, from ``(column, row, slice)`` to mm: right, front, head.
        turn: ``(3, 2)``, nibabel's transform of the stored axes to columns, rows, slices.
    """

    shape: tuple[int, ...]
    affine: np.ndarray
    turn: np.ndarray

    @classmethod
    def of(cls, image: nibabel.Nifti1Image) -> Grid:
        """The grid of an opened volume."""
        shape = (*image.shape, 1) if len(image.shape) == 2 else image.shape
        affine = np.diag([*[_MM.get(image.header.get_xyzt_units()[0], 1.0)] * 3, 1]) @ image.affine
        stated = image.header["sform_code"] > 0 or image.header["qform_code"] > 0
        if stated:
            stored = orientations.io_orientation(affine)
            axis = _slice_axis(shape[:3], nibabel.affines.voxel_sizes(affine), stored)
            wanted = orientations.axcodes2ornt(_DIRECTIONS[int(stored[axis, 0])])
            turn = orientations.ornt_transform(stored, wanted).astype(int)
        else:
            turn = np.array([[0, 1], [1, 1], [2, 1]])
        return cls(shape, affine @ orientations.inv_ornt_aff(turn, shape[:3]), turn)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Sides of a voxel in mm: between slices, between rows, between columns."""
        column, row, between = nibabel.affines.voxel_sizes(self.affine)
        return tuple(round(float(side), _ROUND) for side in (between, row, column))

    @property
    def tilt(self) -> float:
        """Largest angle in degrees between an axis of the slices and its nearest body axis."""
        cosines = np.abs(self.affine[:3, :3]) / nibabel.affines.voxel_sizes(self.affine)
        return float(np.degrees(np.arccos(min(1.0, cosines.max(axis=0).min()))))

    @property
    def sliced_shape(self) -> tuple[int, int, int]:
        """``(S, H, W)``; all further axes count slices, so a cine series works too."""
        width, height, *others = self._turned_shape()
        return int(np.prod(others)), height, width

    def to_slices(self, values: np.ndarray) -> np.ndarray:
        """Stored voxels to slices ``(S, H, W)``."""
        turned = orientations.apply_orientation(values.reshape(self.shape), self.turn)
        return turned.reshape(*turned.shape[:2], -1).transpose(2, 1, 0)

    def from_slices(self, slices: np.ndarray) -> np.ndarray:
        """The exact inverse of `to_slices`, but for a third axis that it may have added."""
        back = orientations.ornt_transform(np.array([[0, 1], [1, 1], [2, 1]]), self.turn)
        turned = slices.transpose(2, 1, 0).reshape(self._turned_shape())
        return orientations.apply_orientation(turned, back)

    def is_same(self, other: Grid) -> bool:
        """Whether the slices of both lie at the same places, to a thousandth of a mm."""
        return self.sliced_shape == other.sliced_shape and np.allclose(
            self.affine, other.affine, rtol=0, atol=10.0**-_ROUND
        )

    def _turned_shape(self) -> tuple[int, ...]:
        order = np.argsort(self.turn[:, 0])
        return (*(self.shape[axis] for axis in order), *self.shape[3:])


def _slice_axis(shape: tuple[int, ...], sides: np.ndarray, stored: np.ndarray) -> int:
    """The stored axis that slices are stacked along, by the rule of `Grid`."""
    single = np.flatnonzero(np.array(shape) == 1)
    if len(single) == 1:
        return int(single[0])
    _, middle, longest = np.sort(np.round(sides, _ROUND))
    if longest >= _THICK * middle:
        return int(np.argmax(sides))
    return int(np.flatnonzero(stored[:, 0] == 2)[0])


def stem(path: Path) -> str | None:
    """A volume's file name without its ending; None if the ending is not a volume's."""
    lower = path.name.lower()
    return next((path.name[: -len(end)] for end in ENDINGS if lower.endswith(end)), None)


def open_volume(path: Path) -> nibabel.Nifti1Image:
    """Open a file without reading its values.

    Raises:
        DataError: It is no readable NIfTI file, its values are not plain numbers, or its
            affine does not give every voxel a place of its own.
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
    axes = image.affine[:3, :3]
    if not np.isfinite(image.affine).all() or np.linalg.matrix_rank(axes) < 3:
        raise DataError(
            f"{path}: the affine {image.affine.tolist()} does not give every voxel a place of its "
            "own; repair the header (its sform or qform), or save the volume anew"
        )
    return image


def read_slices(path: Path) -> tuple[np.ndarray, Grid]:
    """Read a volume as slices, the header's scaling applied.

    Returns:
        ``(S, H, W)`` uint8, or float32 for any other stored type; and their grid.

    Raises:
        DataError: The file cannot be read, or holds values that are not finite.
    """
    image = open_volume(path)
    try:
        if path.name.lower().endswith(".gz"):
            # To its end, where its checksum stands: nibabel by itself stops before that.
            image = type(image).from_bytes(gzip.decompress(path.read_bytes()))
        values = np.asanyarray(image.dataobj)
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: the NIfTI file is damaged ({error}); replace it by an intact copy"
        ) from error
    values = values if values.dtype == np.uint8 else values.astype(np.float32)
    require_finite(values, path)
    grid = Grid.of(image)
    return grid.to_slices(values), grid


def count_slices(path: Path) -> int:
    """Number of slices, from the header alone."""
    return Grid.of(open_volume(path)).sliced_shape[0]


def write_mask(path: Path, slices: np.ndarray, like: Path) -> None:
    """Write a mask on the grid of another volume: same shape, affine and header.

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
    header["cal_min"] = header["cal_max"] = 0  # the display range was that of the intensities
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
    unknown = values[~np.isin(values, np.arange(num_classes))]
    if unknown.size:
        raise DataError(
            f"{path}: a mask must hold only the values 0 to {num_classes - 1}; found also "
            f"{', '.join(f'{value:g}' for value in np.unique(unknown)[:5])}"
        )
    return values.astype(np.uint8), grid


def read_binary_mask(path: Path) -> tuple[np.ndarray, Grid]:
    """Read one mask volume with the values 0 and 1, or 0 and 255.

    Returns:
        ``(S, H, W)`` uint8, 1 inside the structure; and their grid.

    Raises:
        DataError: The file cannot be read, is not 3-D, or holds any other value.
    """
    values, grid = _read_3d(path)
    found = np.unique(values)
    if len(found) > 2 or not set(found[found != 0].tolist()) <= {1.0, 255.0}:
        raise DataError(
            f"{path}: a mask must hold only 0 and 1 (or only 0 and 255); found "
            f"{len(found)} values, among them {', '.join(f'{value:g}' for value in found[:5])}"
        )
    return (values > 0).astype(np.uint8), grid


def _read_3d(path: Path) -> tuple[np.ndarray, Grid]:
    shape = open_volume(path).shape
    if len(shape) != 3:
        raise DataError(
            f"{path}: expected a 3-D mask, found shape {shape}; save each time step as a "
            "volume of its own"
        )
    return read_slices(path)
