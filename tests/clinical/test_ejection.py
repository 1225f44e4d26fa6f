"""Volumes and ejection fractions worked out by hand, and what cannot be measured."""

import numpy as np
import pandas as pd
import pytest

from seglib.clinical.ejection import (
    count_phases,
    counts_of_cases,
    ejection_fraction,
    measure_patients,
)
from seglib.errors import DataError
from seglib.evaluation.tables import score_cases
from seglib.phantoms import heart

COLUMNS = ["patient", "phase", "slice", "truth", "predicted"]
#: The expert: ED 50 + 30 + 20, ES 30 + 10 without a base. The network: ED 40 + 30 + 10, ES 32 + 8.
ONE = [
    ("anna", "ED", 0, 50, 40),
    ("anna", "ED", 1, 30, 30),
    ("anna", "ED", 2, 20, 10),
    ("anna", "ES", 1, 30, 32),
    ("anna", "ES", 2, 10, 8),
]


def table(rows):
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize("diastolic, systolic, expected", [
    (100, 40, 60), (100, 0, 100), (50, 50, 0), (40, 50, -25),
])  # fmt: skip
def test_the_share_that_is_pumped_out(diastolic, systolic, expected):
    found = ejection_fraction(diastolic, systolic)
    assert isinstance(found, float) and found == expected


def test_no_diastolic_volume_has_no_ejection_fraction():
    found = ejection_fraction(np.array([0, 10, np.nan, 10]), np.array([0, np.nan, 1, 5]))
    assert np.isnan(found[:3]).all() and found[3] == 50


def test_a_negative_volume_is_refused():
    with pytest.raises(DataError, match="negative"):
        ejection_fraction(10, -1)


def test_all_slices_count():
    found = measure_patients(table(ONE)).loc["anna"]
    assert (found["ed_truth"], found["es_truth"], found["ef_truth"]) == (100, 40, 60)
    assert (found["ed_predicted"], found["es_predicted"], found["ef_predicted"]) == (80, 40, 50)
    assert (found["error"], found["unit"], found["reason"]) == (-10, "px", "")


def test_a_slice_of_one_phase_counts_in_neither_when_slices_are_paired():
    found = measure_patients(table(ONE), "paired").loc["anna"]
    assert (found["ed_truth"], found["es_truth"]) == (50, 40)
    assert found["ef_truth"] == pytest.approx(20)
    assert (found["ed_predicted"], found["es_predicted"], found["ef_predicted"]) == (40, 40, 0)


def test_the_expert_says_which_slices_are_paired_and_an_empty_outline_is_none():
    rows = [*ONE, ("anna", "ES", 0, 0, 25)]  # drawn by the network alone
    assert measure_patients(table(rows), "paired").at["anna", "es_predicted"] == 40
    assert measure_patients(table(rows), "all").at["anna", "es_predicted"] == 65


def test_sizes_turn_pixels_into_millilitres_and_cancel_in_the_fraction():
    counts = table(ONE).assign(spacing=2.0, slice_spacing=10.0)  # a pixel is 0.04 mL
    found = measure_patients(counts).loc["anna"]
    assert found["unit"] == "mL"
    assert (found["ed_truth"], found["es_truth"]) == pytest.approx((4.0, 1.6))
    assert found["ef_truth"] == pytest.approx(60)


def test_one_unknown_size_leaves_all_volumes_in_pixels():
    counts = table(ONE).assign(spacing=2.0, slice_spacing=[10, 10, 10, 10, np.nan])
    assert measure_patients(counts).at["anna", "unit"] == "px"


def test_what_cannot_be_measured_says_why():
    rows = [
        *ONE,
        ("bert", "ED", 0, 10, 10),
        ("cleo", "ES", 0, 10, 10),
        ("dora", "ED", 0, 10, 0),
        ("dora", "ES", 0, 5, 5),
        ("emil", "ED", 0, 5, 5),
        ("emil", "ES", 0, 10, 10),
    ]
    found = measure_patients(table(rows))
    assert found["reason"].to_dict() == {
        "anna": "", "bert": "no ES", "cleo": "no ED", "dora": "prediction: ED is empty", "emil": "",
    }  # fmt: skip
    assert found["error"].isna().to_list() == [False, True, True, True, False]
    assert found.at["dora", "ef_truth"] == 50  # the expert's can still be said
    assert found.at["emil", "ef_truth"] == -100  # wrong, and seen to be


def test_a_patient_of_whom_pairing_leaves_nothing_stays_in_the_table():
    rows = [("anna", "ED", 0, 10, 10), ("anna", "ES", 1, 5, 5)]
    found = measure_patients(table(rows), "paired").loc["anna"]
    assert (found["ed_truth"], found["reason"]) == (0, "expert: ED is empty")


def test_one_mask_alone_can_be_measured():
    found = measure_patients(table(ONE).drop(columns="truth"))
    assert found.at["anna", "ef_predicted"] == 50
    assert "error" not in found and "ef_truth" not in found


@pytest.mark.parametrize("change, rule, said", [
    (lambda t: t, "some", "unknown rule 'some'"),
    (lambda t: t.replace("ES", "systole"), "all", "called systole"),
    (lambda t: pd.concat([t, t]), "all", "patient anna, phase ED, slice 0 is there more than once"),
    (lambda t: t.drop(columns="slice").drop_duplicates(["phase"]), "paired", "one row a slice"),
    (lambda t: t.drop(columns=["truth", "predicted"]), "all", "pixels of a mask"),
    (lambda t: t.drop(columns="phase"), "all", "must have patient, phase"),
])  # fmt: skip
def test_what_is_no_table_of_counts_is_refused(change, rule, said):
    with pytest.raises(DataError, match=said):
        measure_patients(change(table(ONE)), rule)


def test_masks_stored_slices_and_stored_cases_give_one_answer():
    slices = heart.make(patients=2, slices=3, size=32)
    prediction = np.roll(slices.masks, 1, axis=1)
    prediction[::4] = 0  # so that the two differ
    by_slice = measure_patients(count_phases(slices, prediction))
    by_case = measure_patients(counts_of_cases(score_cases(slices, prediction)))
    pd.testing.assert_frame_equal(by_slice, by_case, check_dtype=False)
    first = slices.table["patient"] == "phantom-01"
    ed, es = (
        slices.masks[first & (slices.table["phase"] == phase)].sum() for phase in ("ED", "ES")
    )
    assert by_slice.at["phantom-01", "ef_truth"] == pytest.approx(100 * (1 - es / ed))
    assert by_slice["error"].abs().max() > 1


def test_several_classes_are_no_volume():
    slices = heart.make(patients=1, slices=1, size=32)
    three = type(slices)("three", slices.images, slices.masks, slices.table, ("air", "a", "b"))
    with pytest.raises(DataError, match="three has the classes a, b"):
        count_phases(three, three.masks)
    scores = score_cases(slices, slices.masks)
    both = pd.concat([scores, scores.assign(**{"class": "wall"})])
    with pytest.raises(DataError, match="classes left ventricle, wall"):
        counts_of_cases(both)
