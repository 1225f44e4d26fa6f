"""A network that learns: a row of pictures for each look at it."""

import numpy as np
import pytest
from figures import legend_labels, outline

from seglib.errors import DataError
from seglib.lessons.pictures import show_training
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
