"""The challenge's judge against cases worked out by hand, and its count in short."""

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.evaluation.challenge import (
    average_perpendicular_distance,
    good_contours,
    judge_cases,
    judge_contours,
    perpendicular_distances,
    trace_outline,
)
from seglib.evaluation.scores import score_case
from seglib.slices import SliceSet

SIZE = 24
#: An outline of side 10 inside one of side 14: 36 points are 2 away, and the normals of the four
#: corners run along the diagonal.
CONCENTRIC = (36 * 2 + 4 * 2 * 2**0.5) / 40


def square(top, left, side=4):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


def circle(radius, corners, turn=0.0):
    angle = 2 * np.pi * (np.arange(corners) + turn) / corners
    return 12 + radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def stack(truth, patients=None):
    """A set of slices; ``patients`` names the patient of each."""
    names = patients or ["A"] * len(truth)
    table = pd.DataFrame({"patient": names, "case": names, "slice": range(len(truth))})
    table = table.assign(phase="ED", pathology="N", source="", spacing=np.nan)
    masks = np.stack(truth)[..., None]
    return SliceSet("toy", masks.astype(np.float32), masks, table, ("background", "pool"))


def judged(truth, prediction, patients=None):
    return judge_contours(stack(truth, patients), np.stack(prediction)[..., None])


EMPTY = square(0, 0, 0)


def test_concentric_circles_are_as_far_apart_as_their_radii():
    inner, outer = circle(10, 360), circle(13, 360)
    assert perpendicular_distances(inner, outer) == pytest.approx(3, abs=1e-6)
    assert average_perpendicular_distance(outer, inner) == pytest.approx(3, abs=1e-6)


def test_the_way_ends_on_a_side_of_the_expert_not_on_a_corner():
    """A corner of the small polygon looks at the middle of a side of the large one."""
    inner, outer = circle(2, 8), circle(10, 8, turn=0.5)
    expected = 10 * np.cos(np.pi / 8) - 2
    assert perpendicular_distances(inner, outer) == pytest.approx(expected, abs=1e-6)


def test_concentric_squares():
    found = judged([square(3, 3, 15)], [square(5, 5, 11)]).iloc[0]
    assert found["distance_0.9"] == pytest.approx(CONCENTRIC, abs=1e-6)
    assert found["distance_1.0"] == pytest.approx(CONCENTRIC, abs=1e-6)  # nothing touches
    assert found["dice"] == pytest.approx(2 * 121 / (225 + 121), abs=1e-6)


def test_a_shifted_square_touches_along_two_sides_and_version_1_leaves_these_out():
    """One pixel to the left: 18 points are 1 away, 2 corners a diagonal, 20 touch."""
    found = judged([square(5, 5, 11)], [square(5, 4, 11)]).iloc[0]
    assert found["distance_0.9"] == pytest.approx((18 + 2 * 2**0.5) / 40, abs=1e-6)
    assert found["distance_1.0"] == pytest.approx((18 + 2 * 2**0.5) / 20, abs=1e-6)
    assert found["dice"] == pytest.approx(10 / 11, abs=1e-6)


def test_a_perfect_outline_is_0_away_and_good_by_both_versions():
    contours = judged([square(5, 5, 11)], [square(5, 5, 11)])
    assert contours["distance_0.9"][0] == contours["distance_1.0"][0] == 0
    assert judge_cases(contours, 1.33)["good_share"]["A"] == 1


def test_an_empty_prediction_is_no_good_contour_and_in_no_mean():
    contours = judged([square(3, 3, 15)] * 2, [square(5, 5, 11), EMPTY])
    assert np.isnan(contours["distance_1.0"][1]) and contours["dice"][1] == 0
    case = judge_cases(contours, 1.0).loc["A"]
    assert (case["contours"], case["good_contours"], case["good_share"]) == (2, 1, 0.5)
    assert case["distance"] == pytest.approx(CONCENTRIC, abs=1e-6)
    assert case["dice"] == pytest.approx(2 * 121 / 346, abs=1e-6)


def test_of_two_pieces_the_longer_outline_counts_with_its_holes_filled():
    ring = square(5, 5, 11) - square(8, 8, 3)
    found = judged([square(5, 5, 11)], [ring | square(0, 0, 3)]).iloc[0]
    assert (found["distance_0.9"], found["dice"]) == (0, 1)


def test_frames_without_an_experts_contour_are_not_looked_at():
    contours = judged([square(5, 5, 11), EMPTY], [square(5, 5, 11), square(2, 2, 9)])
    assert contours["slice"].tolist() == [0]


def test_the_versions_have_different_limits():
    contours = judged([square(3, 3, 15)], [square(5, 5, 11)])
    spacing = 4.5 / CONCENTRIC
    assert judge_cases(contours, spacing, "0.9")["good_contours"]["A"] == 0
    case = judge_cases(contours, spacing, "1.0").loc["A"]
    assert case["good_contours"] == 1 and case["distance"] == pytest.approx(4.5, abs=1e-6)


def test_a_case_without_a_good_contour_has_a_share_but_no_means():
    contours = judged([square(5, 5, 11)] * 2, [square(5, 5, 11), EMPTY], ["A", "B"])
    cases = judge_cases(contours, 1.0)
    assert cases["good_share"].tolist() == [1, 0]
    assert np.isnan(cases.loc["B", ["distance", "dice"]].astype(float)).all()


def test_an_outline_whose_normals_all_miss_has_no_distance():
    found = judged([square(10, 19, 4)], [square(0, 0, 3)]).iloc[0]
    assert np.isnan(found["distance_0.9"])


def test_a_spike_one_pixel_wide_is_measured_too():
    spiked = square(5, 5, 11)
    spiked[10, 16:19] = 1
    outline, _ = trace_outline(spiked)
    reference, _ = trace_outline(square(5, 5, 11))
    tip = (outline == (10, 18)).all(axis=1)
    assert perpendicular_distances(outline, reference)[tip] == pytest.approx(3, abs=1e-6)


def test_two_pixels_enclose_nothing():
    found = judged([square(5, 5, 11)], [square(8, 8, 2) * square(8, 8, 1)]).iloc[0]
    assert np.isnan(found["distance_0.9"])
    with pytest.raises(DataError, match="needs three points, found 1 and 40"):
        perpendicular_distances(np.zeros((1, 2)), trace_outline(square(5, 5, 11))[0])


def test_unknown_pixels_and_unknown_versions_are_refused():
    contours = judged([square(5, 5, 11)], [square(5, 5, 11)])
    with pytest.raises(DataError, match="a pixel side is unknown"):
        judge_cases(contours, float("nan"))
    with pytest.raises(DataError, match="no version '2'.*choose from 0.9, 1.0"):
        judge_cases(contours, 1.0, "2")


def test_good_contours_drop_failures_and_say_so():
    """Slice 0 perfect, slice 1 far off, slice 2 missed, slice 3 without an expert contour."""
    truth = np.stack([square(4, 4), square(0, 0), square(4, 4), EMPTY])
    prediction = np.stack([square(4, 4), square(18, 18), EMPTY, square(4, 4)])
    found = good_contours(truth, prediction, 1.0)
    assert (found["contours"], found["good_contours"]) == (3, 1)
    assert found["good_share"] == pytest.approx(1 / 3) and found["good_dice"] == 1.0
    assert score_case(truth, prediction)["dice"] == pytest.approx(2 * 16 / (48 + 48))


def test_the_limit_of_a_good_contour_is_in_mm():
    truth, prediction = square(4, 4, 3)[None], square(4, 6, 3)[None]  # mean distance 1 pixel
    assert good_contours(truth, prediction, 4.9)["good_contours"] == 1
    assert good_contours(truth, prediction, 5.1)["good_contours"] == 0
