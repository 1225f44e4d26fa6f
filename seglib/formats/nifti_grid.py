"""Where the voxels of a volume lie, and how they become slices and voxels again."""

from __future__ import annotations

from dataclasses import dataclass

import nibabel
import numpy as np
from nibabel import orientations

#: Units of length that are not the mm, by their codes (the lowest three bits of
#: ``xyzt_units``), in mm. An unknown unit is taken as mm.
_MM = {1: 1000.0, 3: 0.001}

#: Where columns, rows and slices run to, for slices stacked along left-right, back-front
#: and foot-head: the way radiologists look at pictures, and DICOM stores them. The head is
#: up (or the front), the patient's right on the picture's left; L, P, I are the ends.
_DIRECTIONS = ("PIR", "LIP", "LPS")

#: An axis is the one that slices were acquired along if its voxels are this much longer.
_THICK = 1.5

DECIMALS = 3  # decimals of mm; a file stores 32-bit numbers, so the last digits are noise


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
        affine = in_mm(image.header, image.affine)
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
        return tuple(round(float(side), DECIMALS) for side in (between, row, column))

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
            self.affine, other.affine, rtol=0, atol=10.0**-DECIMALS
        )

    def _turned_shape(self) -> tuple[int, ...]:
        order = np.argsort(self.turn[:, 0])
        return (*(self.shape[axis] for axis in order), *self.shape[3:])


def _slice_axis(shape: tuple[int, ...], sides: np.ndarray, stored: np.ndarray) -> int:
    """The stored axis that slices are stacked along, by the rule of `Grid`."""
    single = np.flatnonzero(np.array(shape) == 1)
    if len(single) == 1:
        return int(single[0])
    _, middle, longest = np.sort(np.round(sides, DECIMALS))
    if longest >= _THICK * middle:
        return int(np.argmax(sides))
    return int(np.flatnonzero(stored[:, 0] == 2)[0])


def in_mm(header: nibabel.Nifti1Header, affine: np.ndarray) -> np.ndarray:
    """The affine ``(4, 4)`` of a volume with this header, from the header's unit to mm."""
    side = _MM.get(int(header["xyzt_units"]) & 7, 1.0)
    return np.diag([side, side, side, 1]) @ affine
