"""Volumes as slices: the same ones however the file stores its axes, and back again."""

from itertools import permutations, product

import nibabel
import numpy as np
import pytest
from command_line import AFFINE
from nibabel import orientations

from seglib import nifti
from seglib.errors import DataError

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
    for length in [*range(0, len(intact), 97), len(intact) - 1]:
        path.write_bytes(intact[:length])
        with pytest.raises(DataError, match=name):
            nifti.read_slices(path)


def test_damage_inside_an_archive_is_noticed(tmp_path):
    """Many a flipped bit still unpacks; the checksum at the end tells."""
    path = tmp_path / "scan.nii.gz"
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 16), np.uint8)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    intact = path.read_bytes()
    for position in range(600, len(intact) - 10, 211):
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
