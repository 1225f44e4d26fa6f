import hashlib
from dataclasses import replace

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.lessons.mistakes import random_slice_split
from seglib.splits.patients import Split, fold_split, literature_split, patient_folds


def fingerprint(folds: list[Split]) -> str:
    return hashlib.sha256(repr([fold.test for fold in folds]).encode()).hexdigest()[:16]


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
    assert {part[p] for p in split.train} == {"train"}
    assert {part[p] for p in split.test} == {"validation", "test"}
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


def test_folds_of_stored_results_stay_what_they_were(phantom_set):
    """Results in reports/ were computed on such folds: the draw must never change."""
    assert [fold.test for fold in patient_folds(phantom_set)] == [
        ("phantom-03", "phantom-05"),
        ("phantom-02",),
        ("phantom-04",),
        ("phantom-06",),
        ("phantom-01",),
    ]
    assert [fold.test for fold in patient_folds(phantom_set, folds=3, seed=4)] == [
        ("phantom-04", "phantom-05"),
        ("phantom-03", "phantom-06"),
        ("phantom-01", "phantom-02"),
    ]


def test_real_folds_of_stored_results_stay_what_they_were(sunnybrook):
    assert patient_folds(sunnybrook)[0].test == (
        "SC-HF-I-06",
        "SC-HF-I-08",
        "SC-HF-I-12",
        "SC-HF-NI-13",
        "SC-HF-NI-33",
        "SC-HYP-03",
        "SC-HYP-07",
        "SC-HYP-11",
        "SC-N-05",
    )
    # The seeds that reports/ used, all folds in one fingerprint each.
    prints = [fingerprint(patient_folds(sunnybrook, seed=seed)) for seed in (0, 1, 2)]
    assert prints == ["c2fb7eb255fce64d", "4313b1aaa5a70f89", "7fc13faa840f4896"]


def with_groups(slices, groups):
    table = slices.table.assign(group=slices.table["patient"].map(groups))
    return replace(slices, table=table)


def test_groups_of_one_patient_change_no_fold(phantom_set):
    """Whatever their names: these sort the other way round."""
    names = {patient: f"scan {9 - k}" for k, patient in enumerate(phantom_set.patients)}
    for folds, seed in ((2, 0), (3, 0), (5, 1), (6, 2)):
        expected = patient_folds(phantom_set, folds, seed)
        assert patient_folds(with_groups(phantom_set, names), folds, seed) == expected


def test_patients_of_a_group_stay_on_one_side(phantom_set):
    groups = {patient: patient for patient in phantom_set.patients}
    groups |= {"phantom-06": "phantom-02", "phantom-03": "phantom-02"}
    grouped = with_groups(phantom_set, groups)
    for seed in range(8):
        folds = patient_folds(grouped, folds=4, seed=seed)
        assert sorted(p for fold in folds for p in fold.test) == list(phantom_set.patients)
        for fold in folds:
            assert sorted(patients_of(fold)) == list(phantom_set.patients)
            assert fold.test == tuple(sorted(fold.test))
            assert len({"phantom-02", "phantom-03", "phantom-06"} & {*fold.test}) in (0, 3)
    with pytest.raises(DataError, match="6 patients in 4 groups cannot be cut into 5 folds"):
        patient_folds(grouped, folds=5)


def test_a_patient_has_one_group(phantom_set):
    groups = {patient: patient for patient in phantom_set.patients}
    table = with_groups(phantom_set, groups).table
    table.loc[table.index[-1], "group"] = "phantom-01"
    with pytest.raises(DataError, match="patient phantom-06 has the groups .*phantom-01"):
        patient_folds(replace(phantom_set, table=table), folds=3)
    del groups["phantom-04"]
    with pytest.raises(DataError, match=r"patient phantom-04 has the groups \[nan\]"):
        patient_folds(with_groups(phantom_set, groups), folds=3)


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


def test_a_lesson_has_one_fold_to_test_and_the_next_to_validate(phantom_set):
    folds = patient_folds(phantom_set, folds=3)
    split = fold_split(phantom_set, folds=3, fold=2)
    assert (split.test, split.validation) == (folds[2].test, folds[0].test)
    assert sorted(split.train + split.validation + split.test) == sorted(phantom_set.patients)
    with pytest.raises(DataError, match="2 folds leave no part to train on"):
        fold_split(phantom_set, folds=2)


def test_split_hash_by_hand():
    split = Split("literature", ("B", "A"), (), ("C",))
    expected = hashlib.sha256(b'[["A", "B"], [], ["C"]]').hexdigest()
    assert split.hash == expected
    assert Split("renamed", ("A", "B"), (), ("C",)).hash == expected
    assert Split("literature", ("A", "B"), ("C",), ()).hash != expected
