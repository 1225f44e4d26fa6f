"""The playground's scores by hand, on discs of 5 and 13 pixels."""

import math

import numpy as np
import pytest

from seglib.lessons import playground
from seglib.lessons.playground import MOST, SIDE, metric_playground, playground_scores


def scores(**state):
    return playground_scores(**state).scores


def test_a_disc_scored_against_itself_is_perfect():
    assert scores(size=9) == {"dice": 1, "jaccard": 1, "surface_dice": 1, "hd95": 0}


def test_discs_hold_the_pixels_whose_centres_are_near_enough():
    counts = [playground_scores(size=size).truth.sum() for size in (0, 1, 2, 3)]
    assert counts == [1, 5, 13, 29]


def test_a_cross_of_5_pixels_moved_by_1_by_hand():
    # 2 of 5 and 5 pixels are shared; each arm is 1 pixel from an arm of the other.
    found = scores(size=1, right=1, tolerance=1)
    assert found["dice"] == pytest.approx(4 / 10)
    assert found["jaccard"] == pytest.approx(2 / 8)
    assert found["hd95"] == 1
    assert found["surface_dice"] == 1
    assert scores(size=1, right=1, tolerance=0.5)["surface_dice"] == 0


def test_down_is_right_turned_and_signs_mirror():
    played = playground_scores(size=5, right=3)
    for state in ({"right": -3}, {"down": 3}, {"down": -3}):
        assert scores(size=5, **state) == pytest.approx(played.scores)
    np.testing.assert_array_equal(playground_scores(size=5, down=3).prediction.T, played.prediction)
    assert np.argwhere(played.prediction).mean(axis=0).tolist() == [SIDE // 2, SIDE // 2 + 3]


def test_a_disc_of_13_pixels_shrunk_to_5_by_hand():
    found = scores(size=2, grow=-1)
    assert found["dice"] == pytest.approx(2 * 5 / (13 + 5))
    assert found["jaccard"] == pytest.approx(5 / 13)


def test_a_hole_of_one_pixel_by_hand():
    # The 8 rim pixels stay; the 4 around the hole become surface, 1 pixel from the rim.
    found = scores(size=2, hole=1, tolerance=0)
    assert found["dice"] == pytest.approx(2 * 12 / (13 + 12))
    assert found["hd95"] == 1
    assert found["surface_dice"] == pytest.approx((8 + 8) / (8 + 12))


def test_nothing_left_scores_nothing_and_has_no_distance():
    found = scores(size=2, grow=-3)
    assert (found["dice"], found["jaccard"], found["surface_dice"]) == (0, 0, 0)
    assert math.isnan(found["hd95"])


def test_the_lessons_of_the_playground_hold():
    assert scores(size=6, right=4)["dice"] < scores(size=16, right=4)["dice"] - 0.2
    assert scores(size=6, right=4)["hd95"] == scores(size=16, right=4)["hd95"]
    pierced, grown = scores(size=16, hole=5), scores(size=16, grow=1)
    assert pierced["dice"] > grown["dice"] and pierced["hd95"] > 5 * grown["hd95"]


@pytest.mark.parametrize("way", ["right", "down"])
def test_the_largest_disc_moved_farthest_still_fits(way):
    state = {"size": MOST["size"], "grow": MOST["grow"], way: MOST["move"]}
    prediction = playground_scores(**state).prediction
    centred = playground_scores(size=MOST["size"], grow=MOST["grow"]).prediction
    assert prediction.sum() == centred.sum()


def test_moving_a_slider_changes_the_scores_that_are_drawn(monkeypatch):
    drawn = []
    draw = playground.draw_playground

    def watch(**state):
        fig = draw(**state)
        drawn.append([text.get_text() for text in fig.axes[1].texts])
        return fig

    monkeypatch.setattr(playground, "draw_playground", watch)
    panel = metric_playground()
    panel.widgets["right"].value = 0
    panel.widgets["size"].value = 2
    panel.widgets["hole"].value = 1
    assert drawn[1] == ["Dice 1.000", "Jaccard 1.000", "surface Dice 1.000", "HD95 0.0 px"]
    assert drawn[3] == ["Dice 0.960", "Jaccard 0.923", "surface Dice 1.000", "HD95 1.0 px"]
    panel.widgets["grow"].value = -3
    assert drawn[4][0] == "Dice 0.000" and drawn[4][3] == "HD95 none"


def test_still_pictures_name_their_states_and_scores():
    fig = playground.draw_stills()
    titles = [axes.get_title() for axes in fig.axes]
    assert len(titles) == len(playground.STILLS)
    for title, (name, state) in zip(titles, playground.STILLS.items(), strict=True):
        assert title.startswith(name)
        assert f"Dice {scores(**state)['dice']:.2f}" in title
