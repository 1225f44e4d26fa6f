"""NIfTI volumes: read, cut into slices, and masks written back on the same voxels.

A file may store its axes in any order and direction; its affine says in which. `Grid`
turns a volume before it is cut, so that one scan gives the same slices however it is
stored, and turns a mask back onto the stored voxels. Nothing is ever resampled.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import nibabel
import numpy as np
from nibabel import orientations
from nibabel.arrayproxy import ArrayProxy
from nibabel.spatialimages import HeaderDataError

from seglib.errors import DataError
from seglib.formats.pictures import require_finite

ENDINGS = (".nii.gz", ".nii")

#: Voxels that a volume may have, all its axes together: 2 GiB of float32 values, of which a
#: reader holds up to three copies. A cine stack of 512x512 pixels, 50 slices and 40 phases
#: just fits, a CT of the whole body does. A compressed file of a few MB can claim more than
#: a machine's memory, so what a header claims is no reason to reserve it.
MOST_VOXELS = 2**29

#: Bytes that may lie before the voxels (extensions of the header), and as many after them.
#: They are skipped, but a compressed file must be unpacked for that.
MOST_OTHER_BYTES = 2**26

_PIECE = 2**20  # values that are unpacked, scaled and checked at a time

#: What a file that is cut short or not as its ending says may raise while it is read.
_UNREADABLE = (OSError, EOFError, zlib.error)

#: The codes of units of length (the lowest three bits of ``xyzt_units``), as they are stored
#: and in mm. An unknown unit is taken as mm.
_UNITS = {0: "unknown", 1: "metre", 2: "mm", 3: "micron"}
_MM = {1: 1000.0, 3: 0.001}

#: What is kept of each transform that a header states.
_TRANSFORMS = {
    "sform": ("srow_x", "srow_y", "srow_z"),
    "qform": ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
}

_REPAIR = "repair the header, or save the volume anew"

#: Where columns, rows and slices run to, for slices stacked along left-right, back-front
#: and foot-head: the way radiologists look at pictures, and DICOM stores them. The head is
#: up (or the front), the patient's right on the picture's left; L, P, I are the ends.
_DIRECTIONS = ("PIR", "LIP", "LPS")

#: An axis is the one that slices were acquired along if its voxels are this much longer.
_THICK = 1.5

_ROUND = 3  # decimals of mm; a file stores 32-bit numbers, so the last digits are noise

_FARTHEST = 1e6  # mm; beyond, a header is wrong, and sums of such numbers lose the mm


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
        affine = _in_mm(image.header, image.affine)
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

    Returns:
        The image. Its header holds nothing but shape, number type, transforms, voxel sides
        and units: no texts and no extensions, which may name the patient.

    Raises:
        DataError: It is no readable NIfTI file of one part, its values are not plain
            numbers or more than `MOST_VOXELS`, or its header does not tell where every
            voxel lies.
    """
    stored = _stored_header(path)
    shape, dtype = _shape_and_type(stored, path)
    header = _bare_header(stored, path)
    affine = _checked_affine(header, path)
    offset, least = stored["vox_offset"].item(), stored.single_vox_offset
    if not least <= offset <= least + MOST_OTHER_BYTES or offset % 1:
        raise DataError(
            f"{path}: the header says that the voxels start at byte {offset} (vox_offset); "
            f"expected a whole number from {least} to {least + MOST_OTHER_BYTES}; {_REPAIR}"
        )
    slope, inter = float(stored["scl_slope"]), float(stored["scl_inter"])
    if slope == 0:  # by the standard: no scaling
        slope, inter = 1.0, 0.0
    if not (math.isfinite(slope) and math.isfinite(inter)):
        raise DataError(
            f"{path}: the header scales the values by {slope:g} and adds {inter:g} (scl_slope and "
            f"scl_inter); expected finite numbers; {_REPAIR}"
        )
    values = ArrayProxy(str(path), (shape, dtype, int(offset), slope, inter))
    kind = nibabel.Nifti2Image if isinstance(header, nibabel.Nifti2Header) else nibabel.Nifti1Image
    return kind(values, affine, header)


def _opened(path: Path) -> BinaryIO:
    """The content of a file, unpacked while it is read."""
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")


def _stored_header(path: Path) -> nibabel.Nifti1Header:
    """The header as the file holds it, unchecked, without its extensions."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        if packed and not path.name.lower().endswith(".gz"):
            raise DataError(f"{path}: is packed by gzip; rename it to end in .nii.gz")
        with _opened(path) as stream:
            block = stream.read(nibabel.Nifti2Header.sizeof_hdr)
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: not a readable NIfTI file ({error}); replace it by an intact copy"
        ) from error
    for kind in (nibabel.Nifti1Header, nibabel.Nifti2Header):
        if len(block) < kind.sizeof_hdr or not kind.may_contain_header(block):
            continue
        header = kind(block[: kind.sizeof_hdr], check=False)
        if header["magic"].item() != kind.single_magic:
            raise DataError(
                f"{path}: is the header of a NIfTI pair (.hdr and .img), whose voxels are in "
                "another file; expected both in one, so save the pair as one .nii file"
            )
        return header
    sizes = int.from_bytes(block[:4], "little"), int.from_bytes(block[:4], "big")
    if len(block) >= nibabel.Nifti1Header.sizeof_hdr in sizes:
        raise DataError(
            f"{path}: holds an Analyze 7.5 header, which does not tell left from right; expected "
            "a NIfTI file (.nii), so convert the scan anew from its DICOM files"
        )
    raise DataError(
        f"{path}: not a readable NIfTI file (it does not start with a NIfTI header); replace it by "
        "an intact copy"
    )


def _shape_and_type(header: nibabel.Nifti1Header, path: Path) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and number type of the stored values, both possible."""
    axes = int(header["dim"][0])
    sides = header["dim"][1 : max(0, axes) + 1].tolist()
    if not 2 <= axes <= 7 or min(sides) < 1:
        raise DataError(
            f"{path}: the header states {axes} axes of {sides} voxels; expected 2 to 7 axes of at "
            f"least one voxel; {_REPAIR}"
        )
    if isinstance(header, nibabel.Nifti2Header) and 3000 <= header["intent_code"] < 3100:
        raise DataError(
            f"{path}: is a CIFTI file (values on a brain's surface); expected a volume of voxels"
        )
    code = int(header["datatype"])
    known = header._data_type_codes
    dtype = known.dtype[code] if code in known.value_set() else np.dtype(np.void)
    if np.dtype(dtype).kind not in "uif":
        name = known.label[code] if code in known.value_set() else "unknown"
        raise DataError(
            f"{path}: expected a volume of plain numbers, found shape {tuple(sides)} of type "
            f"{name} (code {code}); save its values as whole or decimal numbers"
        )
    shape = tuple(int(side) for side in header.get_data_shape())
    if math.prod(shape) > MOST_VOXELS:
        raise DataError(
            f"{path}: has shape {shape}, {math.prod(shape):,} voxels; at most {MOST_VOXELS:,} are "
            "read. If the header is right, save parts of the volume, such as its time steps, as "
            "files of their own"
        )
    return shape, header.get_data_dtype()


def _bare_header(stored: nibabel.Nifti1Header, path: Path) -> nibabel.Nifti1Header:
    """A new header with nothing but what places the voxels, and their number type."""
    axes = int(stored["dim"][0])
    header = type(stored)(endianness=stored.endianness)
    header.set_data_dtype(stored.get_data_dtype())
    header["dim"][: axes + 1] = stored["dim"][: axes + 1]
    sides = stored["pixdim"][1 : axes + 1]
    if not np.isfinite(sides).all() or sides[:3].min() <= 0:
        raise DataError(
            f"{path}: the header states voxels of {sides.tolist()} (pixdim); expected finite "
            f"numbers, the first three above 0; {_REPAIR}"
        )
    header["pixdim"][1 : axes + 1] = sides
    unit = int(stored["xyzt_units"])
    if unit & 7 not in _UNITS:
        raise DataError(
            f"{path}: the header states lengths in a unit of code {unit & 7} (xyzt_units); "
            f"expected {', '.join(f'{code} ({name})' for code, name in _UNITS.items())}; {_REPAIR}"
        )
    header["xyzt_units"] = unit & 0x3F  # length and time; further bits mean nothing
    for name, fields in _TRANSFORMS.items():
        code = int(stored[f"{name}_code"])
        if code not in stored._field_recoders[f"{name}_code"].value_set():
            raise DataError(
                f"{path}: the header states a transform of code {code} ({name}_code); expected 0 "
                f"(none) to 5; {_REPAIR}"
            )
        for field in fields if code else ():
            header[field] = stored[field]
        header[f"{name}_code"] = code
    flip = float(stored["pixdim"][0])
    if header["qform_code"] and flip not in (-1, 0, 1):
        raise DataError(
            f"{path}: pixdim[0] is {flip} in the header; expected 1, or -1 for a mirrored qform; "
            f"{_REPAIR}"
        )
    header["pixdim"][0] = flip if header["qform_code"] and flip else 1
    if axes == 2 and np.isfinite(stored["pixdim"][3]) and stored["pixdim"][3] > 0:
        header["pixdim"][3] = stored["pixdim"][3]
    return header


def _checked_affine(header: nibabel.Nifti1Header, path: Path) -> np.ndarray:
    """The affine of a header, in its own unit."""
    try:
        with np.errstate(all="ignore"):
            affine = header.get_best_affine()
            sides = nibabel.affines.voxel_sizes(affine)
            placed = np.isfinite(affine).all() and np.isfinite(sides).all() and sides.min() > 0
            # Two axes along one line, or nearly so, leave a third with no direction.
            placed = placed and np.isfinite(orientations.io_orientation(affine)).all()
    except (HeaderDataError, ValueError) as error:
        raise DataError(f"{path}: the header's qform is wrong ({error}); {_REPAIR}") from error
    if not placed:
        raise DataError(
            f"{path}: the affine {affine.tolist()} does not give every voxel a place of its "
            "own; repair the header (its sform or qform), or save the volume anew"
        )
    in_mm = _in_mm(header, affine)
    sides = nibabel.affines.voxel_sizes(in_mm)
    if sides.min() < 10.0**-_ROUND or np.abs(in_mm).max() > _FARTHEST:
        unit = _UNITS[int(header["xyzt_units"]) & 7]
        raise DataError(
            f"{path}: the header (unit: {unit}) places voxels of "
            f"{' x '.join(f'{side:g}' for side in sides)} mm at {in_mm[:3, 3].tolist()} mm; "
            f"expected sides of at least {10.0**-_ROUND:g} mm, and all numbers up to "
            f"{_FARTHEST:,.0f} mm; {_REPAIR}"
        )
    return affine


def _in_mm(header: nibabel.Nifti1Header, affine: np.ndarray) -> np.ndarray:
    side = _MM.get(int(header["xyzt_units"]) & 7, 1.0)
    return np.diag([side, side, side, 1]) @ affine


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
        with _opened(path) as stream:
            values = _read_values(stream, image.dataobj, path)
            # To its end, where the checksum of a packed file stands.
            rest = _skip(stream, MOST_OTHER_BYTES + 1)
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: the NIfTI file is damaged ({error}); replace it by an intact copy"
        ) from error
    if rest > MOST_OTHER_BYTES:
        raise DataError(
            f"{path}: goes on for more than {MOST_OTHER_BYTES:,} bytes after the voxels that its "
            f"header states (shape {image.shape} of {image.dataobj.dtype}); {_REPAIR}"
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
