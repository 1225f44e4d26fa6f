"""Volumes as slices: the same ones however the file stores its axes, and back again."""

import gzip
import tracemalloc
import warnings
from itertools import permutations, product

import nibabel
import numpy as np
import pytest
from command_line import AFFINE
from nibabel import orientations

from seglib.errors import DataError
from seglib.formats import nifti

#: Every way to store a volume: an order of its axes, and a direction of each.
STORED = [
    np.column_stack([order, flips])
    for order in permutations(range(3))
    for flips in product((1, -1), repeat=3)
]


def rotation(degrees, axis):
    """Turn about a body axis, ``(4, 4)``."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.eye(4)
    rest = [a for a in range(3) if a != axis]
    turned[np.ix_(rest, rest)] = [[c, -s], [s, c]]
    return turned


def stored_as(image, codes):
    """The same volume with its axes in another order and direction, e.g. ``"LPS"``."""
    wanted = orientations.axcodes2ornt(codes)
    return image.as_reoriented(
        orientations.ornt_transform(orientations.io_orientation(image.affine), wanted)
    )


def volume(affine, shape=(4, 5, 6), dtype=np.uint8):
    """A volume in which no two voxels are alike."""
    return nibabel.Nifti1Image(np.arange(np.prod(shape), dtype=dtype).reshape(shape), affine)


@pytest.mark.parametrize(
    "affine",
    [
        np.diag([1.25, 1.25, 1.37, 1]),
        AFFINE,
        rotation(31, 0) @ rotation(-40, 2) @ np.diag([1.4, 1.4, 8, 1]),
        rotation(12, 1) @ rotation(20, 2) @ np.diag([-0.9, 1.2, 0.9, 1]),
    ],
    ids=["atrium", "shear", "short axis", "oblique"],
)
@pytest.mark.parametrize("times", [(), (2,)], ids=["3-D", "4-D"])
def test_one_volume_has_the_same_slices_however_it_is_stored(affine, times):
    image = volume(affine, (4, 5, 6, *times))
    grid = nifti.Grid.of(image)
    slices = grid.to_slices(np.asarray(image.dataobj))
    assert slices.shape == grid.sliced_shape
    for ornt in STORED:
        other = image.as_reoriented(ornt)
        values = np.asarray(other.dataobj)
        found = nifti.Grid.of(other)
        assert found.is_same(grid)
        assert found.spacing == grid.spacing
        np.testing.assert_array_equal(found.to_slices(values), slices)
        np.testing.assert_array_equal(found.from_slices(slices), values)


def test_slices_are_seen_as_radiologists_do():
    """Stored to the right, the front and the head; the voxel at their end is top left, last."""
    image = volume(np.eye(4))
    grid = nifti.Grid.of(image)
    values = np.asarray(image.dataobj)
    slices = grid.to_slices(values)
    assert slices[-1, 0, 0] == values[3, 4, 5]
    assert slices[-1, 0, 1] == values[2, 4, 5]
    assert slices[-1, 1, 0] == values[3, 3, 5]
    assert slices[0, -1, -1] == values[0, 0, 0]
    # From column, row and slice to mm: the same voxel has the same place.
    assert (grid.affine @ [0, 0, 5, 1]).tolist() == [3, 4, 5, 1]


@pytest.mark.parametrize(
    ("sides", "first_pixel"),
    [((3, 1, 1), (0, 4, 5)), ((1, 3, 1), (3, 0, 5)), ((1, 1, 3), (3, 4, 0))],
    ids=["sagittal", "coronal", "axial"],
)
def test_thick_slices_are_not_cut_across(sides, first_pixel):
    """The first pixel is at the head (or front); its left side is the front (or the right)."""
    image = volume(np.diag([*sides, 1]))
    grid = nifti.Grid.of(image)
    thick = int(np.argmax(sides))
    assert grid.sliced_shape[0] == image.shape[thick]
    assert grid.spacing == (3, 1, 1)
    values = np.asarray(image.dataobj)
    numbers = grid.to_slices(values)[:, 0, 0].tolist()
    on_edge = list(first_pixel)
    on_edge[thick] = slice(None)
    # Slices run to the right, the back, the head.
    expected = values[tuple(on_edge)][:: -1 if thick == 1 else 1].tolist()
    assert numbers == expected


def test_slightly_longer_voxels_are_no_thick_slices():
    assert nifti.Grid.of(volume(np.diag([1.4, 1, 1, 1]))).sliced_shape[0] == 6
    assert nifti.Grid.of(volume(np.diag([1.5, 1, 1, 1]))).sliced_shape[0] == 4


@pytest.mark.parametrize("codes", ["RAS", "SPL", "ARS"])
def test_a_single_slice_is_one_slice(codes):
    image = stored_as(volume(rotation(80, 0), (7, 6, 1)), codes)
    assert sorted(nifti.Grid.of(image).sliced_shape) == [1, 6, 7]
    assert nifti.Grid.of(image).sliced_shape[0] == 1


def test_without_orientation_the_stored_order_stands(tmp_path):
    nibabel.save(volume(None), tmp_path / "scan.nii")
    image = nifti.open_volume(tmp_path / "scan.nii")
    assert not image.header["sform_code"] and not image.header["qform_code"]
    slices, _ = nifti.read_slices(tmp_path / "scan.nii")
    np.testing.assert_array_equal(slices, np.asarray(image.dataobj).transpose(2, 1, 0))


@pytest.mark.parametrize("affine", [None, np.diag([1, -1, 2, 1])])
def test_two_dimensional_files(tmp_path, affine):
    nibabel.save(volume(affine, (5, 7)), tmp_path / "flat.nii")
    slices, _ = nifti.read_slices(tmp_path / "flat.nii")
    assert slices.shape == (1, 7, 5)
    nifti.write_mask(tmp_path / "mask.nii", slices, tmp_path / "flat.nii")
    mask = nibabel.load(tmp_path / "mask.nii")
    np.testing.assert_array_equal(mask.dataobj, np.arange(35).reshape(5, 7))


def test_units_become_mm():
    image = volume(np.diag([500, 500, 800, 1.0]))
    image.header.set_xyzt_units("micron")
    assert nifti.Grid.of(image).spacing == (0.8, 0.5, 0.5)


def test_tilt():
    for degrees in (0, 3, 25):
        grid = nifti.Grid.of(volume(rotation(degrees, 1) @ np.diag([-1, 1, 2, 1])))
        assert grid.tilt == pytest.approx(degrees, abs=1e-5)


def test_grids_that_differ():
    grid = nifti.Grid.of(volume(np.eye(4)))
    shifted = np.eye(4)
    shifted[0, 3] = 0.1
    assert not grid.is_same(nifti.Grid.of(volume(shifted)))
    assert not grid.is_same(nifti.Grid.of(volume(np.diag([-1, 1, 1, 1]))))
    assert not grid.is_same(nifti.Grid.of(volume(np.eye(4), (4, 5, 7))))


def test_written_mask_keeps_the_header(tmp_path):
    """Both transforms with their codes, units and voxel sides; only the values are new."""
    image = volume(AFFINE, dtype=np.int16)
    image.set_qform(rotation(5, 0) @ np.diag([1.5, 1.25, 3, 1]), 1)
    image.header.set_xyzt_units("mm", "sec")
    image.header["cal_max"] = 900
    nibabel.save(image, tmp_path / "scan.nii.gz")
    slices, grid = nifti.read_slices(tmp_path / "scan.nii.gz")
    assert slices.dtype == np.float32
    mask = (slices > 50).astype(np.uint8)
    nifti.write_mask(tmp_path / "mask.nii.gz", mask, tmp_path / "scan.nii.gz")
    scan, written = nibabel.load(tmp_path / "scan.nii.gz"), nibabel.load(tmp_path / "mask.nii.gz")
    for field in ("dim", "pixdim", "xyzt_units", "qform_code", "sform_code", "srow_x", "quatern_b"):
        np.testing.assert_array_equal(written.header[field], scan.header[field], err_msg=field)
    assert written.get_data_dtype() == np.uint8 and written.header["cal_max"] == 0
    np.testing.assert_array_equal(written.dataobj, np.asarray(scan.dataobj) > 50)
    read, other = nifti.read_mask(tmp_path / "mask.nii.gz", 2)
    np.testing.assert_array_equal(read, mask)
    assert other.is_same(grid)
    with pytest.raises(DataError, match=r"scan\.nii\.gz.*\(6, 5, 4\).*\(6, 4, 5\)"):
        nifti.write_mask(tmp_path / "x.nii", mask.swapaxes(1, 2), tmp_path / "scan.nii.gz")


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_a_file_cut_short_is_named(tmp_path, name):
    path = tmp_path / name
    nibabel.save(volume(np.eye(4), (9, 9, 9), np.int16), path)
    intact = path.read_bytes()
    borders = (1, 2, 4, 10, 18, 347, 348, 351, 352, 353, len(intact) - 8, len(intact) - 1)
    for length in {*range(0, len(intact), 97), *borders}:
        path.write_bytes(intact[:length])
        with pytest.raises(DataError, match=name):
            nifti.read_slices(path)


def test_damage_inside_an_archive_is_noticed(tmp_path):
    """Many a flipped bit still unpacks; the checksum at the end tells."""
    path = tmp_path / "scan.nii.gz"
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 16), np.uint8)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    intact = path.read_bytes()
    for position in [*range(600, len(intact) - 10, 211), len(intact) - 8, len(intact) - 1]:
        damaged = bytearray(intact)
        damaged[position] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"scan\.nii\.gz: the NIfTI file is damaged"):
            nifti.read_slices(path)


@pytest.mark.parametrize("broken", [np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_an_affine_that_places_nothing(tmp_path, broken):
    broken[3] = (0, 0, 0, 1)
    image = volume(np.eye(4))
    image.header.set_sform(broken, 1)
    (tmp_path / "scan.nii").write_bytes(image.header.binaryblock + bytes(4 + 120))
    with pytest.raises(DataError, match=r"scan\.nii: the affine .*a place of its own"):
        nifti.open_volume(tmp_path / "scan.nii")


@pytest.mark.parametrize(("values", "found"), [([0, 1, 2], "2"), ([0, 0.5, 1], "0.5")])
def test_mask_with_an_unknown_value(tmp_path, values, found):
    array = np.resize(np.float32(values), (4, 4, 4))
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "mask.nii")
    with pytest.raises(DataError, match=rf"mask\.nii.*values 0 to 1; found also {found}$"):
        nifti.read_mask(tmp_path / "mask.nii", 2)


def test_mask_with_a_time_axis(tmp_path):
    nibabel.save(volume(np.eye(4), (3, 3, 3, 2)), tmp_path / "mask.nii")
    with pytest.raises(DataError, match=r"mask\.nii: expected a 3-D mask, found .*\(3, 3, 3, 2\)"):
        nifti.read_mask(tmp_path / "mask.nii", 99)


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
        nifti.open_volume(packed.rename(tmp_path / "b.nii"))
    plain = save_altered(tmp_path / "scan.nii", "NIfTI-1", {})
    with pytest.raises(DataError, match=r"b\.nii\.gz: not a readable NIfTI file .Not a gzipped"):
        nifti.open_volume(plain.rename(tmp_path / "b.nii.gz"))


#: What a mask needs to lie on its scan, and what makes it a NIfTI file.
KEPT = {
    *("sizeof_hdr", "magic", "eol_check", "dim", "datatype", "bitpix", "pixdim", "vox_offset"),
    *("xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"),
    *("scl_slope", "scl_inter"),
}


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


def peak(read, path):
    """The most memory that reading a file takes at once, in bytes."""
    tracemalloc.start()
    try:
        read(path)
        return tracemalloc.get_traced_memory()[1]
    except DataError:
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_volume_of_the_limit_and_one_beyond(tmp_path, monkeypatch):
    path = save_altered(tmp_path / "scan.nii.gz", "NIfTI-1", {})
    monkeypatch.setattr(nifti, "MOST_VOXELS", 4 * 5 * 6)
    assert nifti.read_slices(path)[0].size == 120
    monkeypatch.setattr(nifti, "MOST_VOXELS", 4 * 5 * 6 - 1)
    for function in (nifti.open_volume, nifti.count_slices, nifti.read_slices):
        with pytest.raises(DataError, match=r"shape \(4, 5, 6\), 120 voxels; at most 119 are read"):
            function(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
@pytest.mark.parametrize("times", [(), (2,)], ids=["3-D", "4-D"])
def test_reading_takes_at_most_three_times_the_float32_values(tmp_path, dtype, times):
    shape = (300, 200, 50, *times)
    path = tmp_path / "scan.nii.gz"
    image = nibabel.Nifti1Image(np.zeros(shape, dtype), AFFINE)
    image.header.set_slope_inter(*((1, 0) if dtype == np.uint8 else (2, 1)))
    nibabel.save(image, path)
    reads = [nifti.read_slices, nifti.read_binary_mask, lambda p: nifti.read_mask(p, 4)]
    for read in reads:
        assert peak(read, path) < 3 * 4 * np.prod(shape) + 2**25


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_bytes_after_the_voxels_are_not_held_and_not_without_end(tmp_path, name, monkeypatch):
    path = save_altered(tmp_path / name, "NIfTI-1", {}, after=bytes(nifti.MOST_OTHER_BYTES))
    assert nifti.read_slices(path)[0].shape == (6, 5, 4)
    assert peak(nifti.read_slices, path) < 2**24
    monkeypatch.setattr(nifti, "MOST_OTHER_BYTES", nifti.MOST_OTHER_BYTES - 1)
    with pytest.raises(DataError, match=rf"{name}: goes on for more than 67,108,863 bytes after"):
        nifti.read_slices(path)


def test_values_beyond_32_bits(tmp_path):
    path = tmp_path / "scan.nii"
    nibabel.save(nibabel.Nifti1Image(np.full((4, 4, 4), 1e300), AFFINE), path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            DataError, match=r"scan\.nii: holds values up to 1e\+300, too large for"
        ):
            nifti.read_slices(path)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("scaling", [(0, 0), (1, 0), (0.37, -3)])
def test_values_are_those_of_nibabel(tmp_path, dtype, order, scaling):
    values = np.random.default_rng(0).integers(0, 120, (4, 5, 6)).astype(order + dtype)
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_dtype(values.dtype)
    header.set_data_shape(values.shape)
    header["vox_offset"], header["sform_code"] = 352, 0
    header["scl_slope"], header["scl_inter"] = scaling
    content = header.binaryblock + bytes(4) + values.tobytes(order="F")
    (tmp_path / "scan.nii").write_bytes(content)
    slices, grid = nifti.read_slices(tmp_path / "scan.nii")
    expected = np.asarray(nibabel.load(tmp_path / "scan.nii").dataobj)
    assert slices.dtype == (np.uint8 if dtype == "u1" and scaling[0] in (0, 1) else np.float32)
    np.testing.assert_array_equal(grid.from_slices(slices), expected.astype(slices.dtype))


TEXT = b"Doe^Jane 1971-03-05 "


def save_telling(path, kind):
    """A 4-D volume that names the patient wherever its header has room, and in extensions."""
    image = KINDS[kind](np.arange(240, dtype=np.int16).reshape(4, 5, 6, 2), AFFINE)
    image.set_sform(AFFINE, 3)
    image.set_qform(AFFINE, 1)
    image.header["pixdim"][4] = 0.042
    image.header.set_xyzt_units("mm", "msec")
    for code in (2, 6):
        content = b"\x10\x00\x10\x00PN" + bytes([len(TEXT), 0]) + TEXT if code == 2 else TEXT
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(code, content))
    content = image.to_bytes()
    layout = image.header.template_dtype
    header = np.frombuffer(content[: layout.itemsize], layout).copy()
    for field in set(layout.names) - KEPT:
        size = layout[field].itemsize
        header[field] = np.frombuffer((TEXT * 5)[:size], layout[field])
    for field in ("pixdim", "dim"):
        room = header[field][0, 5:]
        room[:] = np.frombuffer(TEXT * 2, room.dtype, len(room))
    header["xyzt_units"] |= 64
    content = header.tobytes() + content[layout.itemsize :]
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return header[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_a_mask_tells_nothing_of_the_patient(tmp_path, kind, ending):
    scan = save_telling(tmp_path / f"scan.{ending}", kind)
    slices, grid = nifti.read_slices(tmp_path / f"scan.{ending}")
    mask = tmp_path / f"mask.{ending}"
    nifti.write_mask(mask, (slices > 50).astype(np.uint8), tmp_path / f"scan.{ending}")
    content = mask.read_bytes()
    content = gzip.decompress(content) if ending == "nii.gz" else content
    written = nibabel.load(mask)
    assert type(written) is KINDS[kind]
    layout = written.header.template_dtype
    assert len(content) == layout.itemsize + 4 + 240  # no extensions
    for start in range(len(TEXT)):
        assert (TEXT * 2)[start : start + 3] not in content
    # As the file holds it: nibabel changes some fields of what it loads.
    header = np.frombuffer(content[: layout.itemsize], layout)[0]
    plain = KINDS[kind].header_class()
    for field in set(layout.names) - KEPT:
        assert header[field] == plain[field], field
    other = {"datatype", "bitpix", "pixdim", "dim", "xyzt_units", "vox_offset"}
    for field in KEPT.intersection(layout.names) - other:
        np.testing.assert_array_equal(header[field], scan[field], err_msg=field)
    for field in ("pixdim", "dim"):
        np.testing.assert_array_equal(header[field][:5], scan[field][:5], err_msg=field)
    assert written.header.get_xyzt_units() == ("mm", "msec")
    np.testing.assert_array_equal(nifti.Grid.of(written).affine, grid.affine)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("codes", [(1, 2), (4, 0), (0, 1), (0, 0)])
def test_a_mask_keeps_each_transform_with_its_code(tmp_path, kind, order, codes):
    header = KINDS[kind].header_class(endianness=order)
    header.set_data_dtype(np.uint8)
    header.set_data_shape((4, 5, 6))
    header.set_zooms((1.5, 1.25, 3))
    header.set_sform(AFFINE, codes[0])
    header.set_qform(rotation(5, 0) @ np.diag([-1.5, 1.25, 3, 1]), codes[1])
    header["vox_offset"] = header.single_vox_offset
    content = header.binaryblock + bytes(4) + bytes(range(120))
    (tmp_path / "scan.nii").write_bytes(content)
    slices, _ = nifti.read_slices(tmp_path / "scan.nii")
    nifti.write_mask(tmp_path / "mask.nii", slices, tmp_path / "scan.nii")
    scan, mask = (nibabel.load(tmp_path / name) for name in ("scan.nii", "mask.nii"))
    np.testing.assert_array_equal(mask.dataobj, scan.dataobj)
    np.testing.assert_array_equal(mask.affine, scan.affine)
    for form in ("get_sform", "get_qform"):
        (one, code), (other, other_code) = (getattr(i, form)(coded=True) for i in (scan, mask))
        assert code == other_code
        np.testing.assert_array_equal(one, other)
    assert mask.header.get_zooms() == scan.header.get_zooms()
