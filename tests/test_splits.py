import numpy as np
import pytest

from seglib.errors import DataError
from seglib.splits import Split, literature_split, patient_folds, random_slice_split


def patients_of(split: Split) -> list[str]:
    return [*split.train, *split.validation, *split.test]


def test_a_patient_cannot_stand_in_two_parts():
    with pytest.raises(DataError, match="patient b stands in train and in test"):
        Split("mine", ("a", "b"), (), ("b", "c"))
    with pytest.raises(DataError, match="patient a stands in train and in train"):
        Split("mine", ("a", "a"), (), ())


def test_apply_cuts_whole_patients(phantom_set):
    split = literature_split(phantom_set, validation_patients=1)
    parts = split.apply(phantom_set)
    assert list(parts) == ["train", "validation", "test"]
    assert sum(len(part) for part in parts.values()) == len(phantom_set)
    for name, part in parts.items():
        assert part.patients == tuple(sorted(getattr(split, name)))
        assert all(part.table["patient"].value_counts() == 6)  # 3 slices, 2 phases


def test_apply_to_a_set_without_the_patient(phantom_set):
    split = Split("mine", ("phantom-01",), (), ("somebody",))
    with pytest.raises(DataError, match="no such patient in phantom: somebody"):
        split.apply(phantom_set)


def test_literature_split_trains_on_part1_only(phantom_set):
    split = literature_split(phantom_set)
    part = phantom_set.table.drop_duplicates("patient").set_index("patient")["part"]
    assert {part[p] for p in split.train} == {"Part1"}
    assert {part[p] for p in split.test} == {"Part2", "Part3"}
    assert split.validation == ()
    assert sorted(patients_of(split)) == list(phantom_set.patients)


def test_literature_split_needs_the_parts(phantom_set):
    table = phantom_set.table.drop(columns="part")
    bare = type(phantom_set)("mine", phantom_set.images, phantom_set.masks, table)
    with pytest.raises(DataError, match="mine has no challenge parts; use patient_folds"):
        literature_split(bare)


@pytest.mark.parametrize("number", [2, 3, 99, -1])
def test_a_training_patient_must_remain(phantom_set, number):
    with pytest.raises(DataError, match=f"validation_patients={number}.* 2 training"):
        literature_split(phantom_set, validation_patients=number)


def test_held_out_patients_follow_the_seed_and_cover_the_pathologies(sunnybrook):
    pathology = dict(zip(sunnybrook.table["patient"], sunnybrook.table["pathology"], strict=True))
    drawn = set()
    for seed in range(5):
        split = literature_split(sunnybrook, validation_patients=4, seed=seed)
        assert split == literature_split(sunnybrook, validation_patients=4, seed=seed)
        assert {pathology[p] for p in split.validation} == {"HF-I", "HF-NI", "HYP", "N"}
        drawn.add(split.validation)
    assert len(drawn) > 1


def test_real_literature_split(sunnybrook):
    split = literature_split(sunnybrook)
    assert (len(split.train), len(split.test)) == (15, 29)
    parts = split.apply(sunnybrook)
    assert len(parts["train"]) == 260
    assert len(parts["test"]) == 792 - 260


def test_every_patient_is_tested_once(phantom_set):
    folds = patient_folds(phantom_set, folds=3, seed=1)
    assert [fold.name for fold in folds] == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
    tested = [patient for fold in folds for patient in fold.test]
    assert sorted(tested) == list(phantom_set.patients)
    for fold in folds:
        assert sorted(patients_of(fold)) == list(phantom_set.patients)
    assert folds == patient_folds(phantom_set, folds=3, seed=1)


def test_too_few_patients_for_the_folds(phantom_set):
    with pytest.raises(DataError, match="6 patients cannot be cut into 7 folds"):
        patient_folds(phantom_set, folds=7)


def test_real_folds_are_stratified(sunnybrook):
    pathology = dict(zip(sunnybrook.table["patient"], sunnybrook.table["pathology"], strict=True))
    for fold in patient_folds(sunnybrook):
        assert len(fold.test) in (8, 9)
        for name, total in (("HF-I", 12), ("HF-NI", 12), ("HYP", 12), ("N", 8)):
            count = sum(pathology[p] == name for p in fold.test)
            assert abs(count - total / 5) < 1


def test_random_slice_split_covers_every_row_once():
    train, test = random_slice_split(805, 0.2, seed=4)
    assert len(test) == 161
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(805))
    np.testing.assert_array_equal(test, random_slice_split(805, 0.2, seed=4)[1])
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()
