"""The toy folder: what is imported from it is what was drawn, but for the faults it names."""

import numpy as np
import pytest

from seglib.datasets import folder
from seglib.datasets.annotated import import_masks
from seglib.datasets.locations import PHANTOM_MARK
from seglib.errors import DataError
from seglib.formats.contours import fill_rings
from seglib.phantoms import heart, own_folder
from seglib.splits.leaks import find_leaks

PATTERN = r"^(?P<patient>[^/]+)/(?P<slice>\d+)$"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("own") / "folder"
    planted = own_folder.write(root, patients=8, slices=2, size=64)
    table = import_masks(
        root / "images", root / "annotations", root.parent / "ready", {own_folder.LABEL: 1}
    )
    return root, planted, table


def test_each_kind_of_file_is_there_and_the_folder_says_what_it_is(written):
    root, _, table = written
    assert set(table["kind"]) == {"LabelMe", "COCO", "ImageJ", "NIfTI", "picture", ""}
    assert "no patient is shown" in (root / PHANTOM_MARK).read_text()


def test_what_is_imported_is_what_was_drawn(written):
    root, planted, _ = written
    ready = root.parent / "ready"
    slices = folder.load(ready / "images", ready / "masks", patient_pattern=PATTERN)
    drawn = heart.make(patients=8, slices=2, size=64)
    moved = "phantom-08"
    assert moved in planted
    for patient in slices.patients:
        of = slices.of_patients([patient])
        origin = "phantom-03" if patient == "phantom-09" else patient
        places = of.table["slice"].to_numpy()
        expected = drawn.of_patients([origin]).masks[places]
        if patient == moved:
            assert not np.array_equal(of.masks, expected)
            expected = np.roll(expected, (4, 5), axis=(1, 2))
        np.testing.assert_array_equal(of.masks, expected)


def test_the_faults_are_where_it_says_and_nowhere_else(written):
    _, planted, table = written
    faulty = table[table["fault"] != ""].set_index("image")["fault"]
    assert list(faulty.index) == ["phantom-01/00", "phantom-07/03"]
    assert "drawn on an image of 32x32" in faulty["phantom-01/00"]
    assert "has no annotation" in faulty["phantom-07/03"]
    assert list(planted) == [*faulty.index, "phantom-09", "phantom-08"]


def test_the_patient_of_two_names_is_found_from_the_pictures(written):
    root, _, _ = written
    ready = root.parent / "ready"
    slices = folder.load(ready / "images", ready / "masks", patient_pattern=PATTERN)
    parts = {name: slices.of_patients([name]) for name in slices.patients}
    leaks = find_leaks(parts)
    assert set(leaks["kind"]) == {"near-duplicate"}
    assert set(zip(leaks["part_a"], leaks["part_b"], strict=True)) == {("phantom-03", "phantom-09")}


def test_outlines_enclose_the_mask_and_nothing_else(rng):
    mask = np.zeros((20, 20), np.uint8)
    mask[3:9, 4:12], mask[8:12, 10:18], mask[15, 15] = 1, 1, 1
    rings = own_folder.outlines(mask)
    assert len(rings) == 2
    np.testing.assert_array_equal(fill_rings(rings, mask.shape), mask)


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(DataError, match="is not empty"):
        own_folder.write(tmp_path, patients=8, slices=1, size=32)
