"""The challenge's good contours."""

import numpy as np
import pytest

from seglib.evaluation.challenge import good_contours
from seglib.evaluation.scores import score_case

SIZE = 24


def square(top, left, side=4):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


EMPTY = square(0, 0, 0)


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
