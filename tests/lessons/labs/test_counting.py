"""Mistakes in how masks are made and counted: each has its sign and size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lab_bands import check

from seglib.evaluation.surface import SurfaceDistances, surface_pixels
from seglib.lessons.labs import counting
from seglib.lessons.labs.learners import lab_hearts
from seglib.lessons.labs.registry import LABS
from seglib.phantoms import heart
from seglib.slices import SliceSet

COUNTED = [name for name, lab in LABS.items() if lab.run.__module__ == counting.__name__]
#: Draws its own heads, whatever the hearts are.
HEADS = "count_empty_masks_as_right"


@pytest.fixture(scope="module")
def phantom_hearts() -> SliceSet:
    return heart.make(patients=15, slices=6, size=128)


@pytest.fixture(scope="module")
def real_hearts(sunnybrook_dir: Path) -> SliceSet:
    return lab_hearts("sunnybrook")


@pytest.mark.slow
@pytest.mark.parametrize("lab", COUNTED)
def test_the_mistake_has_its_sign_and_size_on_phantoms(lab, phantom_hearts):
    check(lab, phantom_hearts, (0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("lab", [name for name in COUNTED if name != HEADS])
def test_the_mistake_has_its_sign_and_size_on_real_hearts(lab, real_hearts):
    check(lab, real_hearts, (0,))


@pytest.mark.slow
def test_the_gain_of_empty_pairs_is_their_share_of_what_is_missing_to_one(phantom_hearts):
    honest, broken = (LABS[HEADS].run(b, phantom_hearts, 0).score for b in (False, True))
    heads = counting._tumours()
    empty = 1 - heads.masks.any(axis=(1, 2, 3)).mean()
    assert broken - honest == pytest.approx(empty * (1 - honest), abs=0.02)


def test_a_lab_whose_switch_does_nothing_would_fail(phantom_hearts, monkeypatch):
    run = LABS["interpolate_the_masks"].run
    idle = replace(
        LABS["interpolate_the_masks"], run=lambda broken, hearts, seed: run(False, hearts, seed)
    )
    monkeypatch.setitem(LABS, "interpolate_the_masks", idle)
    with pytest.raises(AssertionError, match="seed 0"):
        check("interpolate_the_masks", phantom_hearts, (0,))


def test_a_position_gives_the_same_number_again(phantom_hearts):
    scores = {LABS["count_the_background"].run(False, phantom_hearts, 3).score for _ in range(2)}
    assert len(scores) == 1


def test_the_two_definitions_of_hd95_by_hand():
    # 100 outline pixels each; 8 of the prediction's lie 40 pixels away: 8 % of one direction,
    # 4 % of both.
    distances = SurfaceDistances(np.zeros(100), np.r_[np.zeros(92), np.full(8, 40.0)], 0, 0)
    assert distances.hausdorff(95) == 40
    assert counting.pooled_hd95(distances) == 0
    nothing = SurfaceDistances(np.empty(0), np.empty(0), 0, 0)
    assert np.isnan(counting.pooled_hd95(nothing))


def test_islands_are_the_share_of_the_outline_that_was_asked_for(phantom_hearts):
    few = phantom_hearts.of_patients(phantom_hearts.patients[:2])
    prediction = counting.with_islands(few, few.masks, share=0.075)
    for rows in few.cases():
        added = (prediction[rows] != few.masks[rows]).sum()
        outline = surface_pixels(prediction[rows, ..., 0], in_plane=True).sum()
        assert 0.05 < added / outline < 0.1
    assert (few.masks <= prediction).all()
