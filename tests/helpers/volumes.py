"""NIfTI files made by hand, sound and spoilt."""

import gzip

import nibabel
import numpy as np
from command_line import AFFINE


def rotation(degrees, axis):
    """Turn about a body axis, ``(4, 4)``."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.eye(4)
    rest = [a for a in range(3) if a != axis]
    turned[np.ix_(rest, rest)] = [[c, -s], [s, c]]
    return turned


def volume(affine, shape=(4, 5, 6), dtype=np.uint8):
    """A volume in which no two voxels are alike."""
    return nibabel.Nifti1Image(np.arange(np.prod(shape), dtype=dtype).reshape(shape), affine)


KINDS = {"NIfTI-1": nibabel.Nifti1Image, "NIfTI-2": nibabel.Nifti2Image}


def save_altered(path, kind, changes, shape=(4, 5, 6), dtype=np.int16, after=b""):
    """A sound volume, but for some fields of its header, and bytes after the voxels."""
    image = KINDS[kind](np.arange(np.prod(shape), dtype=dtype).reshape(shape), AFFINE)
    image.set_qform(AFFINE, 1)
    content = image.to_bytes()
    layout = image.header.template_dtype
    header = np.frombuffer(content[: layout.itemsize], layout).copy()
    for (field, *place), value in changes.items():
        header[field][(0, *place)] = value
    content = header.tobytes() + content[layout.itemsize :] + after
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


#: What a mask needs to lie on its scan, and what makes it a NIfTI file.
KEPT = {
    *("sizeof_hdr", "magic", "eol_check", "dim", "datatype", "bitpix", "pixdim", "vox_offset"),
    *("xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"),
    *("scl_slope", "scl_inter"),
}
