"""Scores against hand-computed numbers, scikit-learn, and the rules for empty masks."""

import math

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.evaluation.tables import (
    METRICS,
    best_median_worst,
    per_patient,
    per_slice,
    score_cases,
    summarise,
)
from seglib.slices import SliceSet

SIZE = 24


def square(top, left, side=4):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


EMPTY = square(0, 0, 0)


def slice_set(masks, cases, *, spacing=math.nan, class_names=("background", "LV"), **columns):
    """A SliceSet from a list of masks and a list of (patient, phase)."""
    masks = np.stack(masks)[..., None]
    table = pd.DataFrame(
        {
            "case": [f"{patient} {phase}" for patient, phase in cases],
            "patient": [patient for patient, _ in cases],
            "slice": range(len(cases)),
            "phase": [phase for _, phase in cases],
            "spacing": spacing,
            "pathology": "N",
            "source": [f"{i}.png" for i in range(len(cases))],
            **columns,
        }
    )
    return SliceSet("tiny", masks * 100, masks, table, class_names)


def stack(*masks):
    return np.stack(masks)[..., None]


def test_a_case_pools_its_voxels():
    """A big perfect slice and a small missed one: pooled Dice is not the mean of 1 and 0."""
    slices = slice_set([square(2, 2, 10), square(2, 2, 2)], [("A", "ED"), ("A", "ED")])
    scores = score_cases(slices, stack(square(2, 2, 10), EMPTY))
    assert len(scores) == 1
    assert scores.loc[0, "dice"] == pytest.approx(200 / 204)
    assert scores.loc[0, "slices_unmatched"] == 1 and scores.loc[0, "missed"] == 0
    assert scores.loc[0, "class"] == "LV" and scores.loc[0, "unit"] == "px"


def test_scores_do_not_depend_on_the_order_of_the_slices():
    masks = [square(2, 2), square(3, 3), square(5, 5), square(9, 9)]
    slices = slice_set(masks, [("A", "ED"), ("B", "ED"), ("A", "ED"), ("B", "ED")], spacing=1.2)
    prediction = stack(*(np.roll(m, i, 0) for i, m in enumerate(masks)))
    order = np.array([3, 1, 0, 2])
    straight = score_cases(slices, prediction).set_index("case").sort_index()
    shuffled = score_cases(slices.take(order), prediction[order]).set_index("case").sort_index()
    pd.testing.assert_frame_equal(straight, shuffled)


def test_good_contours_of_unknown_spacing_need_an_assumed_one():
    slices = slice_set([square(4, 4)], [("A", "ED")])
    prediction = stack(square(4, 5))
    plain = score_cases(slices, prediction).iloc[0]
    assert plain["contours"] == 0 and math.isnan(plain["good_share"])
    assert math.isnan(plain["contour_spacing"]) and not plain["contour_spacing_assumed"]
    assumed = score_cases(slices, prediction, assumed_spacing=1.33).iloc[0]
    assert assumed["good_share"] == 1.0 and assumed["unit"] == "px"
    assert assumed["contour_spacing"] == 1.33 and assumed["contour_spacing_assumed"]
    known = slice_set([square(4, 4)], [("A", "ED")], spacing=1.4)
    known = score_cases(known, prediction, assumed_spacing=1.33).iloc[0]
    assert known["contour_spacing"] == 1.4 and not known["contour_spacing_assumed"]


def test_one_unknown_spacing_puts_the_whole_table_in_pixels():
    slices = slice_set([square(4, 4)] * 2, [("A", "ED"), ("B", "ED")], spacing=[1.5, math.nan])
    scores = score_cases(slices, stack(square(4, 6), square(4, 6)))
    assert list(scores["unit"]) == ["px", "px"]
    assert scores["hd95"].tolist() == [2.0, 2.0]


def test_a_dense_volume_is_measured_through_its_slices():
    """Truth in slice 0, prediction in slice 1, 3 mm apart: no in-plane distance exists."""
    slices = slice_set([square(4, 4), EMPTY], [("A", "ED")] * 2, spacing=1.0, slice_spacing=3.0)
    prediction = stack(EMPTY, square(4, 4))
    assert score_cases(slices, prediction).loc[0, "hd95"] == pytest.approx(3.0)
    flat = slice_set([square(4, 4), EMPTY], [("A", "ED")] * 2, spacing=1.0)
    assert math.isnan(score_cases(flat, prediction).loc[0, "hd95"])
    gap = slice_set(
        [square(4, 4)] * 2, [("A", "ED")] * 2, spacing=1.0, slice_spacing=3.0, slice=[0, 2]
    )
    with pytest.raises(DataError, match="gaps"):
        score_cases(gap, prediction)


def test_several_classes_without_background():
    masks = [square(2, 2) + 2 * square(12, 12)]
    names = ("background", "LV", "RV")
    slices = slice_set(masks, [("A", "ED")], class_names=names)
    prediction = stack(square(2, 2) + 2 * square(12, 14))
    scores = score_cases(slices, prediction)
    assert scores["class"].tolist() == ["LV", "RV"]
    assert scores["dice"].tolist() == [1.0, 0.5]
    summary = summarise(scores)
    assert summary.loc[("LV", "dice"), "mean"] == 1.0
    assert summary.loc[("mean of classes", "dice"), "mean"] == 0.75
    assert "background" not in summary.index.get_level_values("class")


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (stack(EMPTY), "shape"),
        (stack(EMPTY, EMPTY).astype(np.float32), "threshold"),
        (stack(EMPTY, square(4, 4) * 255), "class 255"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(prediction, message):
    slices = slice_set([square(4, 4)] * 2, [("A", "ED"), ("A", "ES")])
    for score in (score_cases, per_slice):
        with pytest.raises(DataError, match=message):
            score(slices, prediction)


def test_two_spacings_in_one_case_are_refused():
    slices = slice_set([square(4, 4)] * 2, [("A", "ED")] * 2, spacing=[1.0, 1.1])
    with pytest.raises(DataError, match="A ED has 2 spacings"):
        score_cases(slices, slices.masks)


def test_an_empty_set_is_refused():
    slices = slice_set([square(4, 4)], [("A", "ED")]).take([])
    with pytest.raises(DataError, match="no slices"):
        score_cases(slices, slices.masks)


def three_patients():
    """A: Dice 1.0 and 0.5; B: 0.5 and missed; C: nothing there, nothing found."""
    truth = [square(4, 4)] * 4 + [EMPTY]
    cases = [("A", "ED"), ("A", "ES"), ("B", "ED"), ("B", "ES"), ("C", "ED")]
    prediction = stack(square(4, 4), square(4, 6), square(4, 6), EMPTY, EMPTY)
    return score_cases(slice_set(truth, cases), prediction)


def test_patients_are_the_mean_of_their_cases():
    patients = per_patient(three_patients()).set_index("patient")
    assert patients.loc["A", "dice"] == pytest.approx(0.75)
    assert patients.loc["B", "dice"] == pytest.approx(0.25)
    assert math.isnan(patients.loc["C", "dice"])
    assert patients["cases"].tolist() == [2, 2, 1]
    assert patients.loc["B", "missed"] == 1 and patients.loc["A", "truth_voxels"] == 32
    assert patients.loc["B", "hd95"] == pytest.approx(2.0)  # of the one case that has it


def test_summary_by_hand():
    summary = summarise(three_patients())
    assert list(summary.index) == list(METRICS)
    dice = summary.loc["dice"]
    assert dice["mean"] == dice["median"] == pytest.approx(0.5)
    assert dice["sd"] == pytest.approx(np.std([0.75, 0.25], ddof=1))
    assert dice["n"] == 2  # patient C has no Dice
    assert (dice["missed"], dice["false_positive"]) == (1, 0)
    assert (dice["low"], dice["high"]) == pytest.approx((0.25, 0.75))
    assert summary.loc["hd95", "unit"] == "px"
    assert summary.loc["surface_dice", "unit"] == "within 2 px"
    assert summary.loc["good_dice", "n"] == 0 and math.isnan(summary.loc["good_dice", "mean"])


def test_mixed_units_are_refused():
    pixels, mm = three_patients(), three_patients()
    mm["unit"] = "mm"
    with pytest.raises(DataError, match="unit"):
        summarise(pd.concat([pixels, mm]))


def test_per_slice_keeps_the_table_and_scores_each_slice():
    slices = slice_set([square(4, 4), square(4, 4), EMPTY], [("A", "ED"), ("A", "ES"), ("B", "ED")])
    table = per_slice(slices, stack(square(4, 4), square(4, 6), EMPTY))
    assert table["source"].tolist() == ["0.png", "1.png", "2.png"]
    assert table["dice"].tolist()[:2] == [1.0, 0.5] and math.isnan(table.loc[2, "dice"])
    assert table["truth_voxels"].tolist() == [16, 16, 0]
    assert table.loc[1, "unit"] == "px"
    assert table.loc[0, "contour_distance"] == 0.0 < table.loc[1, "contour_distance"] < 2.0


def test_best_median_and_worst_case_leave_out_what_has_no_value():
    per_case = pd.DataFrame({"case": list("abcde"), "dice": [0.5, math.nan, 0.9, 0.1, 0.7]})
    chosen = best_median_worst(per_case)
    assert {word: row["case"] for word, row in chosen.items()} == {
        "best": "c",
        "median": "a",
        "worst": "d",
    }
    with pytest.raises(DataError, match="no case has a value of dice"):
        best_median_worst(per_case.iloc[1:2])


def test_two_labels_of_one_scan_are_ranked_once():
    per_case = pd.DataFrame(
        {"case": list("abcd"), "group": ["one", "b", "c", "one"], "dice": [0.79, 0.9, 0.85, 0.78]}
    )
    chosen = best_median_worst(per_case)
    assert [row["case"] for row in chosen.values()] == ["b", "c", "a"]


def test_two_labels_of_one_scan_are_one_patient():
    masks = [square(2, 2), square(8, 8), square(4, 4)]
    slices = slice_set(masks, [("A", "ED"), ("B", "ED"), ("C", "ED")], group=["A", "B", "A"])
    prediction = slices.masks.copy()
    prediction[2] = 0
    patients = per_patient(score_cases(slices, prediction)).set_index("patient")
    assert patients["dice"].to_dict() == {"A": 0.5, "B": 1.0}
    assert patients["cases"].to_dict() == {"A": 2, "B": 1}
    assert summarise(score_cases(slices, prediction)).loc["dice", "n"] == 2
