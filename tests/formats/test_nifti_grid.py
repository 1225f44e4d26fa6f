"""Grids of volumes, however their axes are stored."""

from itertools import permutations, product

import nibabel
import numpy as np
import pytest
from command_line import AFFINE
from nibabel import orientations
from volumes import rotation, volume

from seglib.formats import nifti
from seglib.formats.nifti_grid import Grid
from seglib.formats.nifti_header import open_volume

#: Every way to store a volume: an order of its axes, and a direction of each.
STORED = [
    np.column_stack([order, flips])
    for order in permutations(range(3))
    for flips in product((1, -1), repeat=3)
]


def stored_as(image, codes):
    """The same volume with its axes in another order and direction, e.g. ``"LPS"``."""
    wanted = orientations.axcodes2ornt(codes)
    return image.as_reoriented(
        orientations.ornt_transform(orientations.io_orientation(image.affine), wanted)
    )


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
    grid = Grid.of(image)
    slices = grid.to_slices(np.asarray(image.dataobj))
    assert slices.shape == grid.sliced_shape
    for ornt in STORED:
        other = image.as_reoriented(ornt)
        values = np.asarray(other.dataobj)
        found = Grid.of(other)
        assert found.is_same(grid)
        assert found.spacing == grid.spacing
        np.testing.assert_array_equal(found.to_slices(values), slices)
        np.testing.assert_array_equal(found.from_slices(slices), values)


def test_slices_are_seen_as_radiologists_do():
    """Stored to the right, the front and the head; the voxel at their end is top left, last."""
    image = volume(np.eye(4))
    grid = Grid.of(image)
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
    grid = Grid.of(image)
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
    assert Grid.of(volume(np.diag([1.4, 1, 1, 1]))).sliced_shape[0] == 6
    assert Grid.of(volume(np.diag([1.5, 1, 1, 1]))).sliced_shape[0] == 4


@pytest.mark.parametrize("codes", ["RAS", "SPL", "ARS"])
def test_a_single_slice_is_one_slice(codes):
    image = stored_as(volume(rotation(80, 0), (7, 6, 1)), codes)
    assert sorted(Grid.of(image).sliced_shape) == [1, 6, 7]
    assert Grid.of(image).sliced_shape[0] == 1


def test_without_orientation_the_stored_order_stands(tmp_path):
    nibabel.save(volume(None), tmp_path / "scan.nii")
    image = open_volume(tmp_path / "scan.nii")
    assert not image.header["sform_code"] and not image.header["qform_code"]
    slices, _ = nifti.read_slices(tmp_path / "scan.nii")
    np.testing.assert_array_equal(slices, np.asarray(image.dataobj).transpose(2, 1, 0))


def test_units_become_mm():
    image = volume(np.diag([500, 500, 800, 1.0]))
    image.header.set_xyzt_units("micron")
    assert Grid.of(image).spacing == (0.8, 0.5, 0.5)


def test_tilt():
    for degrees in (0, 3, 25):
        grid = Grid.of(volume(rotation(degrees, 1) @ np.diag([-1, 1, 2, 1])))
        assert grid.tilt == pytest.approx(degrees, abs=1e-5)


def test_grids_that_differ():
    grid = Grid.of(volume(np.eye(4)))
    shifted = np.eye(4)
    shifted[0, 3] = 0.1
    assert not grid.is_same(Grid.of(volume(shifted)))
    assert not grid.is_same(Grid.of(volume(np.diag([-1, 1, 1, 1]))))
    assert not grid.is_same(Grid.of(volume(np.eye(4), (4, 5, 7))))
