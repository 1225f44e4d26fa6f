"""Headers of NIfTI files that claim what cannot be."""

import warnings
from itertools import product

import numpy as np
import pytest
from volumes import KEPT, KINDS, save_altered, volume

from seglib.errors import DataError
from seglib.formats import nifti, nifti_header
from seglib.formats.nifti_header import open_volume


@pytest.mark.parametrize("broken", [np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_an_affine_that_places_nothing(tmp_path, broken):
    broken[3] = (0, 0, 0, 1)
    image = volume(np.eye(4))
    image.header.set_sform(broken, 1)
    (tmp_path / "scan.nii").write_bytes(image.header.binaryblock + bytes(4 + 120))
    with pytest.raises(DataError, match=r"scan\.nii: the affine .*a place of its own"):
        open_volume(tmp_path / "scan.nii")


NAN, INF = float("nan"), float("inf")


HEADERS = {
    "negative side": ({("dim", 2): -5}, r"3 axes of \[4, -5, 6\] voxels; expected 2 to 7 axes"),
    "no side": ({("dim", 2): 0}, r"\[4, 0, 6\] voxels; expected .* at least one voxel"),
    "one axis": ({("dim", 0): 1}, "1 axes .* expected 2 to 7 axes"),
    "eight axes": ({("dim", 0): 8}, "axes .* expected 2 to 7 axes"),
    "too many voxels": ({("dim", k): 9999 for k in (1, 2, 3)}, "9999.*at most 536,870,912 are"),
    "more voxels than bytes": (
        {("dim", 3): 7},
        "NIfTI file is damaged .expected .* found .*intact",
    ),
    "offset infinite": (
        {("vox_offset",): INF},
        r"byte inf \(vox_offset\); expected a whole number",
    ),
    "offset not a number": ({("vox_offset",): NAN}, "byte nan"),
    "offset not whole": ({("vox_offset",): 352.5}, r"byte 352\.5 "),
    "offset in the header": ({("vox_offset",): 4}, r"byte 4\.0 .*from 352 to .*repair the header"),
    "offset negative": ({("vox_offset",): -352}, "byte -352[.]0 "),
    "offset far beyond": ({("vox_offset",): 1e30}, "byte 1.*e.30 "),
    "offset beyond the end": ({("vox_offset",): 65536}, "damaged .expected 65,776 bytes, found"),
    "unit": ({("xyzt_units",): 5}, r"unit of code 5 \(xyzt_units\); expected .*2 \(mm\), 3"),
    "type": ({("datatype",): 77}, r"plain numbers, found .* unknown \(code 77\)"),
    "type of bits": ({("datatype",): 1}, r"plain numbers, found .* binary \(code 1\)"),
    "complex": ({("datatype",): 32}, r"plain numbers, found .* complex64 \(code 32\)"),
    "colour": ({("datatype",): 128}, r"plain numbers, found .* RGB \(code 128\)"),
    "slope infinite": ({("scl_slope",): INF}, "by inf and adds 0 .*scl_slope.*finite"),
    "slope not a number": ({("scl_slope",): NAN}, "by nan and adds 0 .*scl_slope.*finite"),
    "intercept not a number": ({("scl_inter",): NAN}, "by 1 and adds nan .*scl_inter.*finite"),
    "side not a number": ({("pixdim", 2): NAN}, r"nan.* \(pixdim\); expected finite numbers"),
    "side infinite": ({("pixdim", 1): INF}, r"inf.* \(pixdim\); expected finite numbers"),
    "side of 0": ({("pixdim", 3): 0}, r"0\.0\] \(pixdim\); expected .* above 0; repair"),
    "side below 0": ({("pixdim", 3): -3}, r"-3\.0\] \(pixdim\); expected .* above 0; repair"),
    "sform's code": ({("sform_code",): 9}, r"code 9 \(sform_code\); expected 0 .none. to 5"),
    "qform's code": ({("qform_code",): -1}, r"code -1 \(qform_code\); expected 0 .none. to 5"),
    "quaternion": (
        {("sform_code",): 0, ("quatern_b",): 3},
        "the header's qform is wrong .*repair the header",
    ),
    "quaternion not a number": (
        {("sform_code",): 0, ("quatern_b",): NAN},
        "the affine .*nan.* a place of its own",
    ),
    "mirror": ({("pixdim", 0): 3}, r"pixdim\[0\] is 3\.0 .*expected 1, or -1"),
    "thin": ({("srow_x", 0): 1e-9}, "places voxels of 1e-09 x .*at least 0.001 mm"),
    "far": ({("srow_x", 3): 1e12}, "places voxels of .* up to 1,000,000 mm"),
    "metres": ({("xyzt_units",): 1, ("srow_x", 3): 4000}, "unit: metre.* up to 1,000,000 mm"),
    "pair": ({("magic",): b"ni1"}, r"pair \(\.hdr and \.img\).*save the pair as one \.nii file"),
    "analyze": ({("magic",): b""}, "Analyze 7.5 header.*convert the scan anew"),
    "nothing": ({("magic",): b"", ("sizeof_hdr",): 99}, "does not start with a NIfTI header"),
}


@pytest.mark.parametrize("fault", HEADERS)
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_faults_of_a_header(tmp_path, fault, name):
    changes, message = HEADERS[fault]
    path = save_altered(tmp_path / name, "NIfTI-1", changes)
    with pytest.raises(DataError, match=rf"{name}: .*{message}"):
        nifti.read_slices(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({("dim", 3): 2**60}, "1152921504606846976.*at most 536,870,912 are read"),
        ({("vox_offset",): 2**60}, "voxels start at byte 1152921504606846976 "),
        ({("xyzt_units",): -1}, "unit of code 7"),
        ({("intent_code",): 3006}, r"is a CIFTI file .*expected a volume of voxels"),
        ({("magic",): b"ni2"}, "is the header of a NIfTI pair"),
        ({("srow_x", 0): 1e200}, "the affine .*a place of its own"),
    ],
)
def test_faults_of_a_wide_header(tmp_path, changes, message):
    path = save_altered(tmp_path / "scan.nii", "NIfTI-2", changes)
    with pytest.raises(DataError, match=rf"scan\.nii: .*{message}"):
        nifti.read_slices(path)


def test_names_that_do_not_fit_the_content(tmp_path):
    packed = save_altered(tmp_path / "scan.nii.gz", "NIfTI-1", {})
    with pytest.raises(
        DataError, match=r"b\.nii: is packed by gzip; rename it to end in \.nii\.gz"
    ):
        open_volume(packed.rename(tmp_path / "b.nii"))
    plain = save_altered(tmp_path / "scan.nii", "NIfTI-1", {})
    with pytest.raises(DataError, match=r"b\.nii\.gz: not a readable NIfTI file .Not a gzipped"):
        open_volume(plain.rename(tmp_path / "b.nii.gz"))


def use_all(path):
    """All that is done with a volume, its mask included."""
    nifti.count_slices(path)
    slices, grid = nifti.read_slices(path)
    assert grid.spacing > (0, 0, 0) and 0 <= grid.tilt < 90
    mask = (slices > 7).astype(np.uint8)
    nifti.write_mask(path.with_name("mask.nii"), mask, path)
    written, other = nifti.read_slices(path.with_name("mask.nii"))
    np.testing.assert_array_equal(written, mask)
    assert other.is_same(grid)


def refused_or_used(path, caplog):
    """Whatever a file holds, there is no other error, and nothing on the console."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            use_all(path)
        except DataError as error:
            assert str(error).startswith(f"{path}: ")
    assert not caplog.records, path.read_bytes()


FIELDS = [
    (kind, field)
    for kind, image in KINDS.items()
    for field in image.header_class.template_dtype.names
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_extreme_values_of_every_field(tmp_path, caplog, kind, field):
    form = KINDS[kind].header_class.template_dtype[field]
    values = {
        "f": [NAN, INF, -INF, 0, -1, 1.5, 1e-45, 3e38],
        "S": [b"", b"n+1", b"n+2", b"\xff" * form.base.itemsize],
    }.get(form.base.kind)
    if values is None:
        ends = np.iinfo(form.base)
        wanted = (0, 1, 7, 8, 56, 128, 255, 1536, 3006, 32767, 2**31, 2**60, -1)
        values = [ends.min, ends.max, *(v for v in wanted if ends.min <= v <= ends.max)]
    places = [(k,) for k in range(form.shape[0])] if form.shape else [()]
    path = tmp_path / "scan.nii"
    # The sform counts, or else the qform, or else the sides: so these two are looked at.
    without = [(), ("sform_code",), ("sform_code", "qform_code")]
    for unset in without if field in KEPT - {"dim", "eol_check"} else without[:1]:
        for place, value in product(places, values):
            changes = {(code,): 0 for code in unset} | {(field, *place): value}
            refused_or_used(save_altered(path, kind, changes), caplog)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_bytes_by_chance(tmp_path, caplog, kind, name):
    path = save_altered(tmp_path / name, kind, {}, (3, 4, 2, 3))
    intact = path.read_bytes()
    rng = np.random.default_rng(0)
    for count in [1] * 60 + [4] * 40 + [30] * 20:
        damaged = bytearray(intact)
        for position in rng.integers(0, min(len(intact), 560), count):
            damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged)
        refused_or_used(path, caplog)


def test_a_volume_of_the_limit_and_one_beyond(tmp_path, monkeypatch):
    path = save_altered(tmp_path / "scan.nii.gz", "NIfTI-1", {})
    monkeypatch.setattr(nifti_header, "MOST_VOXELS", 4 * 5 * 6)
    assert nifti.read_slices(path)[0].size == 120
    monkeypatch.setattr(nifti_header, "MOST_VOXELS", 4 * 5 * 6 - 1)
    for function in (open_volume, nifti.count_slices, nifti.read_slices):
        with pytest.raises(DataError, match=r"shape \(4, 5, 6\), 120 voxels; at most 119 are read"):
            function(path)
