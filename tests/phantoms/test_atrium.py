"""The simulated atria: what they promise, and that the Decathlon's loader reads them back."""

from dataclasses import replace

import numpy as np
import pytest

from seglib.datasets import msd_heart
from seglib.errors import DataError
from seglib.phantoms import atrium
from seglib.splits.leaks import find_leaks
from seglib.splits.patients import patient_folds


@pytest.fixture(scope="module")
def atria():
    """Nine subjects, so that the twin is among them."""
    return atrium.make(patients=9, slices=16, size=48)


def test_the_loader_reads_back_what_was_written(atria, tmp_path):
    atrium.write(atria, tmp_path / "new")
    again = msd_heart.load(tmp_path / "new")
    assert again.name == "atrium phantom"
    assert np.array_equal(again.images, atria.images)
    assert np.array_equal(again.masks, atria.masks)
    assert again.table.equals(atria.table)


def test_a_subject_does_not_depend_on_the_number_of_subjects(atria):
    alone = atrium.make(patients=1, slices=16, size=48)
    assert np.array_equal(alone.images, atria.images[:16])
    assert not np.array_equal(atrium.make(1, 16, 48, seed=1).images, alone.images)


def test_every_atrium_is_about_as_large_as_a_real_one(atria):
    voxel = (240 / 48) ** 2 * 3.5 / 1000  # millilitres; the fewer slices show the middle
    volumes = atria.masks.reshape(9, -1).sum(axis=1) * voxel
    assert np.all((30 < volumes) & (volumes < 120))


def test_the_atrium_is_bright_and_empty_slices_are_as_common_as_in_the_data(atria):
    inside = atria.masks[..., 0] > 0
    assert atria.images[..., 0][inside].mean() > 1.25 * atria.images[..., 0][~inside].mean()
    whole = atrium.make(patients=1)
    assert 0.3 < np.mean(whole.masks.any(axis=(1, 2, 3))) < 0.8


def test_one_scan_has_two_labels_and_the_leak_check_finds_it(atria):
    of = {name: atria.of_patients([name]) for name in atria.patients}
    one, two = (of[f"phantom-0{k}"].masks > 0 for k in (3, 9))
    assert 0.8 < 2 * np.sum(one & two) / (one.sum() + two.sum()) < 0.97
    assert len(find_leaks({"train": of["phantom-03"], "test": of["phantom-09"]}))
    assert find_leaks({"train": of["phantom-02"], "test": of["phantom-09"]}).empty
    for fold in patient_folds(atria):
        assert ("phantom-03" in fold.test) == ("phantom-09" in fold.test)


def test_numbers_that_are_too_small(atria):
    with pytest.raises(DataError, match="slices=7"):
        atrium.make(slices=7)


def test_only_the_phantom_is_written_and_only_into_a_new_folder(atria, tmp_path):
    with pytest.raises(DataError, match="found the data set Sunnybrook"):
        atrium.write(replace(atria, name="Sunnybrook"), tmp_path / "new")
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(DataError, match="is not empty"):
        atrium.write(atria, tmp_path)
