"""Volumes as slices: the same ones however the file stores its axes, and back again."""

import gzip
import tracemalloc
import warnings

import nibabel
import numpy as np
import pytest
from command_line import AFFINE
from volumes import KEPT, KINDS, rotation, save_altered, volume

from seglib.errors import DataError
from seglib.formats import nifti
from seglib.formats.nifti_grid import Grid
from seglib.formats.nifti_header import MOST_OTHER_BYTES


@pytest.mark.parametrize("affine", [None, np.diag([1, -1, 2, 1])])
def test_two_dimensional_files(tmp_path, affine):
    nibabel.save(volume(affine, (5, 7)), tmp_path / "flat.nii")
    slices, _ = nifti.read_slices(tmp_path / "flat.nii")
    assert slices.shape == (1, 7, 5)
    nifti.write_mask(tmp_path / "mask.nii", slices, tmp_path / "flat.nii")
    mask = nibabel.load(tmp_path / "mask.nii")
    np.testing.assert_array_equal(mask.dataobj, np.arange(35).reshape(5, 7))


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_bytes_after_the_voxels_are_not_held_and_not_without_end(tmp_path, name, monkeypatch):
    path = save_altered(tmp_path / name, "NIfTI-1", {}, after=bytes(MOST_OTHER_BYTES))
    assert nifti.read_slices(path)[0].shape == (6, 5, 4)
    assert peak(nifti.read_slices, path) < 2**24
    monkeypatch.setattr(nifti, "MOST_OTHER_BYTES", MOST_OTHER_BYTES - 1)
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
    np.testing.assert_array_equal(Grid.of(written).affine, grid.affine)


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
