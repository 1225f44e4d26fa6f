"""Scores of one case against answers worked out by hand, and against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

from seglib.errors import DataError
from seglib.evaluation.scores import score_case
from seglib.evaluation.tables import (
    overlap_scores,
)

SIZE = 24


def square(top, left, side=4):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


EMPTY = square(0, 0, 0)


def test_overlap_by_hand():
    """Two 4x4 squares, 2 columns apart: 8 shared pixels of 16 and 16."""
    scores = overlap_scores(square(4, 4), square(4, 6))
    assert scores["dice"] == 0.5
    assert scores["jaccard"] == pytest.approx(8 / 24)
    assert scores["precision"] == scores["recall"] == 0.5
    assert (scores["truth_voxels"], scores["overlap_voxels"]) == (16, 8)


def test_overlap_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    for _ in range(5):
        truth, prediction = rng.random((2, 3, 9, 11)) > 0.6
        scores = score_case(truth, prediction)
        pair = truth.ravel(), prediction.ravel()
        assert scores["dice"] == pytest.approx(f1_score(*pair))
        assert scores["jaccard"] == pytest.approx(jaccard_score(*pair))
        assert scores["precision"] == pytest.approx(precision_score(*pair))
        assert scores["recall"] == pytest.approx(recall_score(*pair))


def test_both_empty_is_nan_and_one_empty_is_zero():
    both = score_case(EMPTY, EMPTY)
    assert all(math.isnan(both[m]) for m in ("dice", "jaccard", "precision", "hd95"))
    assert both["missed"] == both["false_positive"] == 0
    missed = score_case(square(4, 4), EMPTY)
    extra = score_case(EMPTY, square(4, 4))
    for scores in (missed, extra):
        assert scores["dice"] == scores["jaccard"] == scores["precision"] == scores["recall"] == 0
        assert scores["surface_dice"] == 0 and math.isnan(scores["hd95"])
    assert (missed["missed"], missed["false_positive"]) == (1, 0)
    assert (extra["missed"], extra["false_positive"]) == (0, 1)


def test_spacing_scales_the_distances_and_sets_the_unit():
    pixels = score_case(square(4, 4), square(4, 6))
    mm = score_case(square(4, 4), square(4, 6), 1.5)
    assert (pixels["unit"], mm["unit"]) == ("px", "mm")
    assert pixels["hd95"] == pytest.approx(2.0) and mm["hd95"] == pytest.approx(3.0)
    assert pixels["surface_dice"] == 1.0  # nothing farther than 2 px, but 3 mm is too far
    assert mm["surface_dice"] < 1.0
    assert score_case(square(4, 4), square(4, 6), math.nan)["unit"] == "px"


def test_probabilities_are_refused():
    with pytest.raises(DataError, match="threshold"):
        score_case(square(4, 4), square(4, 4) * 0.4)
