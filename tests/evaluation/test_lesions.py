"""Lesions one by one, and the three rules for empty slices, on masks drawn by hand."""

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.evaluation.lesions import (
    count_lesions,
    dice_by_empty_rule,
    lesion_detection,
    summarise_lesions,
)
from seglib.slices import TABLE_COLUMNS, SliceSet


def blank(slices=4):
    return np.zeros((slices, 12, 12), np.uint8)


def as_set(*cases):
    """A set with one case for each stack of masks ``(S, 12, 12)``, stored back to front."""
    rows, masks = [], []
    for k, stack in enumerate(cases):
        for position in reversed(range(len(stack))):
            rows.append({"case": f"C{k}", "patient": f"C{k}", "slice": position})
            masks.append(stack[position])
    stored = np.stack(masks)[..., None]
    table = pd.DataFrame(rows).reindex(columns=TABLE_COLUMNS)
    return SliceSet("drawn", np.zeros_like(stored), stored, table, ("background", "tumour"))


def test_one_lesion_runs_through_slices_and_two_are_two():
    truth = blank()
    truth[0:2, 1:4, 1:4] = 1
    truth[2, 4, 4] = 1  # touches the first one by a corner
    truth[0, 9:11, 9:11] = 1
    counts = count_lesions(truth, truth)
    assert counts == {"lesions": 2, "found": 2, "missed": 0, "predicted": 2, "false_alarms": 0}


def test_a_lesion_without_a_predicted_voxel_is_missed_and_a_stray_piece_is_an_alarm():
    truth, said = blank(), blank()
    truth[0, 1:4, 1:4] = 1
    truth[3, 8:10, 8:10] = 1
    said[0, 3, 3] = 1
    said[2, 11, 0] = 1
    counts = count_lesions(truth, said)
    assert counts == {"lesions": 2, "found": 1, "missed": 1, "predicted": 2, "false_alarms": 1}


def test_a_larger_overlap_can_be_asked_for():
    truth, said = blank(1), blank(1)
    truth[0, 0:2, 0:5] = 1
    said[0, 0, 0:5] = 1  # half of it
    assert count_lesions(truth, said, min_overlap=0.49)["found"] == 1
    assert count_lesions(truth, said, min_overlap=0.5)["found"] == 0


def test_slices_are_put_in_order_before_lesions_are_joined():
    truth = blank(3)
    truth[0, 2, 2] = truth[2, 2, 2] = 1  # apart: slice 1 lies between them
    slices = as_set(truth)
    shuffled = slices.take([1, 0, 2])
    assert lesion_detection(shuffled, shuffled.masks)["lesions"].tolist() == [2]


def test_slices_with_something_that_is_not_there_are_counted():
    truth, said = blank(5), blank(5)
    truth[0, 2:4, 2:4] = said[0, 2:4, 2:4] = 1
    said[3, 0, 0] = said[4, 0, 0] = 1
    slices, predicted = as_set(truth, blank(5)), as_set(said, blank(5)).masks
    table = lesion_detection(slices, predicted).set_index("case")
    assert table.loc["C0", "empty_slices"] == 4
    assert table.loc["C0", "false_positive_slices"] == 2
    assert table.loc["C1", ["lesions", "predicted", "false_positive_slices"]].tolist() == [0, 0, 0]
    rates = summarise_lesions(table.reset_index())
    assert rates["sensitivity"] == 1.0
    assert rates["precision"] == 0.5  # the specks of slices 3 and 4 touch: one alarm
    assert rates["f1"] == pytest.approx(2 / 3)
    assert rates["missed_slice_share"] == 0
    assert rates["false_alarms_per_case"] == 0.5
    assert rates["false_positive_slice_share"] == pytest.approx(2 / 9)


def test_without_lesions_there_is_no_rate():
    slices = as_set(blank())
    rates = summarise_lesions(lesion_detection(slices, slices.masks))
    assert np.isnan(rates["sensitivity"]) and np.isnan(rates["precision"])
    assert rates["false_positive_slice_share"] == 0


def test_nothing_predicted_is_no_precision_where_there_is_something_to_find():
    truth = blank()
    truth[1, 2:4, 2:4] = 1
    slices = as_set(truth)
    rates = summarise_lesions(lesion_detection(slices, np.zeros_like(slices.masks)))
    assert rates["sensitivity"] == rates["precision"] == 0 and np.isnan(rates["f1"])
    assert rates["missed_slice_share"] == 1


def test_a_case_with_a_gap_is_refused():
    slices = as_set(blank(4))
    with pytest.raises(DataError, match="do not follow one another"):
        lesion_detection(slices.take([0, 1, 3]), slices.masks[[0, 1, 3]])


def test_a_network_that_finds_nothing_is_praised_by_one_rule_alone():
    truth = blank(4)
    truth[1, 2:4, 2:4] = 1
    slices = as_set(truth)
    rules = dice_by_empty_rule(slices, np.zeros_like(slices.masks)).loc["C0"]
    assert rules["pooled"] == 0 and rules["empty_left_out"] == 0
    assert rules["empty_is_one"] == 0.75


def test_the_three_rules_by_hand():
    truth, said = blank(4), blank(4)
    truth[0, 0, 0:4] = 1
    said[0, 0, 2:4] = 1  # Dice 2 * 2 / 6
    said[1, 5, 5] = 1  # the expert drew nothing: 0
    slices = as_set(truth)
    rules = dice_by_empty_rule(slices, as_set(said).masks).loc["C0"]
    assert rules["pooled"] == pytest.approx(4 / 7)
    assert rules["empty_left_out"] == pytest.approx((2 / 3 + 0) / 2)
    assert rules["empty_is_one"] == pytest.approx((2 / 3 + 0 + 1 + 1) / 4)


def test_a_prediction_of_another_size_is_refused():
    slices = as_set(blank())
    with pytest.raises(DataError, match="shape"):
        lesion_detection(slices, slices.masks[:2])
    with pytest.raises(DataError, match="shape"):
        dice_by_empty_rule(slices, slices.masks[:2])
