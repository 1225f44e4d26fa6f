"""Headers of NIfTI files: nothing that a file claims is believed before it is checked."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import nibabel
import numpy as np
from nibabel import orientations
from nibabel.arrayproxy import ArrayProxy
from nibabel.spatialimages import HeaderDataError

from seglib.errors import DataError
from seglib.formats.nifti_grid import DECIMALS, in_mm

#: Voxels that a volume may have, all its axes together: 2 GiB of float32 values, of which a
#: reader holds up to three copies. A cine stack of 512x512 pixels, 50 slices and 40 phases
#: just fits, a CT of the whole body does. A compressed file of a few MB can claim more than
#: a machine's memory, so what a header claims is no reason to reserve it.
MOST_VOXELS = 2**29

#: Bytes that may lie before the voxels (extensions of the header), and as many after them.
#: They are skipped, but a compressed file must be unpacked for that.
MOST_OTHER_BYTES = 2**26

#: What a file that is cut short or not as its ending says may raise while it is read.
UNREADABLE = (OSError, EOFError, zlib.error)

#: The codes of units of length (the lowest three bits of ``xyzt_units``), as they are stored.
_UNITS = {0: "unknown", 1: "metre", 2: "mm", 3: "micron"}

#: What is kept of each transform that a header states.
_TRANSFORMS = {
    "sform": ("srow_x", "srow_y", "srow_z"),
    "qform": ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
}

#: How to mend a header, at the end of a message.
REPAIR = "repair the header, or save the volume anew"

_FARTHEST = 1e6  # mm; beyond, a header is wrong, and sums of such numbers lose the mm


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
            f"expected a whole number from {least} to {least + MOST_OTHER_BYTES}; {REPAIR}"
        )
    slope, inter = float(stored["scl_slope"]), float(stored["scl_inter"])
    if slope == 0:  # by the standard: no scaling
        slope, inter = 1.0, 0.0
    if not (math.isfinite(slope) and math.isfinite(inter)):
        raise DataError(
            f"{path}: the header scales the values by {slope:g} and adds {inter:g} (scl_slope and "
            f"scl_inter); expected finite numbers; {REPAIR}"
        )
    values = ArrayProxy(str(path), (shape, dtype, int(offset), slope, inter))
    kind = nibabel.Nifti2Image if isinstance(header, nibabel.Nifti2Header) else nibabel.Nifti1Image
    return kind(values, affine, header)


def opened(path: Path) -> BinaryIO:
    """The content of a file, unpacked while it is read."""
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")


def _stored_header(path: Path) -> nibabel.Nifti1Header:
    """The header as the file holds it, unchecked, without its extensions."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        if packed and not path.name.lower().endswith(".gz"):
            raise DataError(f"{path}: is packed by gzip; rename it to end in .nii.gz")
        with opened(path) as stream:
            block = stream.read(nibabel.Nifti2Header.sizeof_hdr)
    except UNREADABLE as error:
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
            f"least one voxel; {REPAIR}"
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
            f"numbers, the first three above 0; {REPAIR}"
        )
    header["pixdim"][1 : axes + 1] = sides
    unit = int(stored["xyzt_units"])
    if unit & 7 not in _UNITS:
        raise DataError(
            f"{path}: the header states lengths in a unit of code {unit & 7} (xyzt_units); "
            f"expected {', '.join(f'{code} ({name})' for code, name in _UNITS.items())}; {REPAIR}"
        )
    header["xyzt_units"] = unit & 0x3F  # length and time; further bits mean nothing
    for name, fields in _TRANSFORMS.items():
        code = int(stored[f"{name}_code"])
        if code not in stored._field_recoders[f"{name}_code"].value_set():
            raise DataError(
                f"{path}: the header states a transform of code {code} ({name}_code); expected 0 "
                f"(none) to 5; {REPAIR}"
            )
        for field in fields if code else ():
            header[field] = stored[field]
        header[f"{name}_code"] = code
    flip = float(stored["pixdim"][0])
    if header["qform_code"] and flip not in (-1, 0, 1):
        raise DataError(
            f"{path}: pixdim[0] is {flip} in the header; expected 1, or -1 for a mirrored qform; "
            f"{REPAIR}"
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
        raise DataError(f"{path}: the header's qform is wrong ({error}); {REPAIR}") from error
    if not placed:
        raise DataError(
            f"{path}: the affine {affine.tolist()} does not give every voxel a place of its "
            "own; repair the header (its sform or qform), or save the volume anew"
        )
    scaled = in_mm(header, affine)
    sides = nibabel.affines.voxel_sizes(scaled)
    if sides.min() < 10.0**-DECIMALS or np.abs(scaled).max() > _FARTHEST:
        unit = _UNITS[int(header["xyzt_units"]) & 7]
        raise DataError(
            f"{path}: the header (unit: {unit}) places voxels of "
            f"{' x '.join(f'{side:g}' for side in sides)} mm at {scaled[:3, 3].tolist()} mm; "
            f"expected sides of at least {10.0**-DECIMALS:g} mm, and all numbers up to "
            f"{_FARTHEST:,.0f} mm; {REPAIR}"
        )
    return affine
