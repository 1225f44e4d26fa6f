"""A network that learns, a row of pictures for each look at it; and slices to leaf through."""

from dataclasses import replace

import numpy as np
import pytest
from figures import legend_labels, outline

from seglib.errors import DataError
from seglib.lessons.pictures import browse_slices, row_at, show_features, show_training
from seglib.plotting.style import PREDICTION, TRUTH


@pytest.fixture
def watched(phantom_set):
    """Two slices, each with a mask of 20x20 pixels in the middle of its 64x64."""
    slices = phantom_set.take([0, 3])
    slices.masks[:] = 0
    slices.masks[:, 22:42, 22:42] = 1
    return slices


@pytest.fixture
def seen(watched):
    """Masks after the epochs 1, 2 and 4: nothing, 3 pixels too low, right; not in this order."""
    masks = {epoch: watched.masks for epoch in (4, 1, 2)}
    masks[1] = np.zeros_like(watched.masks)
    masks[2] = np.roll(watched.masks, 3, axis=1)
    return masks


def test_rows_are_epochs_in_their_order_and_columns_are_slices(watched, seen):
    fig = show_training(watched, seen)
    grid = np.array(fig.axes).reshape(3, 2)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["epoch 1", "epoch 2", "epoch 4"]
    assert [axes.get_ylabel() for axes in grid[:, 1]] == [""] * 3
    for row in grid:
        for axes, image in zip(row, watched.images, strict=True):
            np.testing.assert_array_equal(axes.images[0].get_array(), image[..., 0])


def test_each_shows_the_expert_s_outline_and_what_was_predicted_then(watched, seen):
    grid = np.array(show_training(watched, seen).axes).reshape(3, 2)
    middle = (21.5, 41.5, 21.5, 41.5)
    predicted = [None, (21.5, 41.5, 24.5, 44.5), middle]
    for row, expected in zip(grid, predicted, strict=True):
        for axes in row:
            assert outline(axes, TRUTH) == middle
            assert outline(axes, PREDICTION) == expected


def test_all_show_one_window_around_the_heart_and_the_legend_says_who_is_who(watched, seen):
    watched.masks[1] = 0
    fig = show_training(watched, seen)
    # The mask's 20 pixels and 20 on either side of it.
    assert {axes.get_xlim() for axes in fig.axes} == {(1.5, 61.5)}
    assert {axes.get_ylim() for axes in fig.axes} == {(61.5, 1.5)}  # rows count downwards
    assert legend_labels(fig) == ["expert", "prediction"]
    assert [line.get_linestyle() for line in fig.legends[0].get_lines()] == ["-", "--"]


def test_a_run_that_nobody_watched_says_so(watched):
    with pytest.raises(DataError, match="trained without a watch.*another seed or runs_dir"):
        show_training(watched, {})


@pytest.fixture
def leafed(phantom_set):
    """Two patients, of whom the second has lost a slice at end-systole."""
    slices = phantom_set.of_patients(["phantom-01", "phantom-02"])
    return slices.take(np.arange(len(slices)) != len(slices) - 1)


LABELS = {"dataset": "phantom", "profile": "smoke"}


def test_a_slice_is_found_by_its_place_and_the_last_one_stands_in_for_more(leafed):
    row, count = row_at(leafed, "phantom-02", "ES", 2)
    assert count == 2
    kept = leafed.table.loc[row, ["patient", "phase", "slice"]].tolist()
    assert kept == ["phantom-02", "ES", 1]
    assert row_at(leafed, "phantom-02", "ES", 3) == (row, 2)
    assert row_at(leafed, "phantom-02", "none", 1) == (None, 0)


def drawn_by(panel, **values):
    """The figure of these values of the controls, without the bytes around it."""
    return panel._draw(**{**panel.values, **values})


def test_moving_the_controls_shows_another_slice(leafed):
    panel = browse_slices(leafed, **LABELS)
    assert list(panel.widgets) == ["patient", "phase", "place"]
    before = panel.picture.value
    panel.widgets["place"].value = 3
    assert panel.picture.value != before
    panel.widgets["patient"].value = "phantom-02"
    panel.widgets["phase"].value = "ES"
    (axes,) = drawn_by(panel).axes
    assert axes.get_title() == "phantom-02 ES, slice 2 of 2"
    np.testing.assert_array_equal(axes.images[0].get_array(), leafed.images[-1, ..., 0])


def test_both_views_of_a_prediction_say_what_their_colours_mean(leafed):
    panel = browse_slices(leafed, np.roll(leafed.masks, 3, axis=1), **LABELS)
    fig = drawn_by(panel)
    assert legend_labels(fig) == ["expert", "prediction"]
    x0, x1, y0, y1 = outline(fig.axes[0], TRUTH)
    assert outline(fig.axes[0], PREDICTION) == (x0, x1, y0 + 3, y1 + 3)
    fig = drawn_by(panel, view="error colours")
    assert len(fig.axes[0].images) == 2 and not fig.axes[0].collections
    assert legend_labels(fig)[1] == "expert only (missed)"


def test_sets_without_phases_have_no_control_for_them(leafed):
    one = replace(leafed, table=leafed.table.assign(phase=""))
    panel = browse_slices(one, **LABELS)
    assert list(panel.widgets) == ["patient", "place"]
    assert drawn_by(panel).axes[0].get_title().startswith("phantom-01, slice 3 of 6")


def test_the_still_picture_has_a_row_for_each_view(leafed):
    panel = browse_slices(leafed, leafed.masks, **LABELS)
    fig = panel._still()
    assert len(fig.axes) == 2 * 3
    assert len(legend_labels(fig)) == 5
    assert len(browse_slices(leafed, **LABELS)._still().axes) == 3


def test_a_browser_of_nothing_or_of_another_prediction_is_refused(leafed):
    with pytest.raises(DataError, match="holds no slices"):
        browse_slices(leafed.take([]), **LABELS)
    with pytest.raises(DataError, match="the prediction has shape"):
        browse_slices(leafed, leafed.masks[:2], **LABELS)


def test_features_are_a_row_a_level_and_the_liveliest_channels_come_first(rng):
    flat = np.zeros((8, 8, 6))
    flat[..., 4], flat[..., 1] = rng.random((8, 8)) * 3, rng.random((8, 8))
    maps = {"encoder1": flat, "bottleneck": rng.random((2, 2, 1))}
    fig = show_features(rng.random((16, 16, 1)), maps, columns=2)
    grid = np.array(fig.axes).reshape(2, 3)
    assert [axes.get_title() for axes in grid[0, 1:]] == ["channel 4", "channel 1"]
    np.testing.assert_array_equal(grid[0, 1].images[0].get_array(), flat[..., 4])
    assert grid[1, 0].get_ylabel() == "bottleneck\n2×2, 1 channels"
    assert len(grid[1, 1].images) == 1 and not grid[1, 2].images
