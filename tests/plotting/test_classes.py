"""Several classes in colour, each as the legend has it, and confusion matrices in percent."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures import legend_labels
from matplotlib.colors import to_rgb

from seglib.datasets.oasis import as_table
from seglib.plotting.classes import CLASS_COLOURS, paint_classes, plot_confusion, show_tissues
from seglib.plotting.style import PREDICTION, TRUTH
from seglib.slices import SliceSet


@pytest.fixture
def tissues(rng) -> SliceSet:
    """Two patients of two slices, each pixel of a class by chance."""
    masks = rng.integers(0, 4, (4, 12, 12, 1)).astype(np.uint8)
    rows = [("001", 0, "train"), ("001", 1, "train"), ("002", 0, "test"), ("002", 1, "test")]
    names = ("background", "fluid", "grey matter", "white matter")
    return SliceSet("tissues", masks * np.uint8(80), masks, as_table(rows), names)


@pytest.fixture
def prediction(tissues) -> np.ndarray:
    """The next class everywhere."""
    return (tissues.masks + 1) % 4


def painted(axes) -> np.ndarray:
    """Red, green, blue and opacity that lie over the image, ``(H, W, 4)``."""
    return np.asarray(axes.images[-1].get_array())


def test_background_stays_clear_and_each_class_has_its_colour_and_opacity():
    mask = np.array([[[0], [1], [2]], [[2], [1], [0]]], np.uint8)
    for given in (mask, mask[..., 0]):
        axes = plt.figure().subplots()
        paint_classes(axes, given, opacity=0.25)
        one, two = ([*to_rgb(colour), 0.25] for colour in CLASS_COLOURS[:2])
        clear = [0, 0, 0, 0]
        np.testing.assert_allclose(painted(axes), [[clear, one, two], [two, one, clear]])


def test_there_are_five_colours_none_of_which_means_expert_or_prediction():
    assert len(set(CLASS_COLOURS)) == 5
    assert not {TRUTH, PREDICTION} & set(CLASS_COLOURS)
    axes = plt.figure().subplots()
    paint_classes(axes, np.array([[1, 5, 6]]))
    first, fifth, sixth = painted(axes)[0]
    assert (first == sixth).all() and (first != fifth).any()  # a sixth class begins anew


def test_each_class_is_painted_in_the_colour_of_the_legend(tissues, prediction):
    fig = show_tissues(tissues, [0, 3], prediction=prediction, opacity=1.0)
    assert legend_labels(fig) == list(tissues.class_names[1:])
    colours = [patch.get_facecolor()[:3] for patch in fig.legends[0].get_patches()]
    assert colours == [to_rgb(colour) for colour in CLASS_COLOURS[:3]]
    grid = np.array(fig.axes).reshape(2, 3)
    for axes_row, row in zip(grid, (0, 3), strict=True):
        for axes in axes_row:
            np.testing.assert_array_equal(axes.images[0].get_array(), tissues.images[row, ..., 0])
        assert len(axes_row[0].images) == 1  # the image, with nothing over it
        for axes, masks in ((axes_row[1], tissues.masks), (axes_row[2], prediction)):
            layer, mask = painted(axes), masks[row, ..., 0]
            assert (layer[mask == 0] == 0).all()
            for k in (1, 2, 3):
                expected = [[*colours[k - 1], 1]] * (mask == k).sum()
                np.testing.assert_allclose(layer[mask == k], expected)


def test_rows_are_named_and_columns_once(tissues, prediction):
    fig = show_tissues(tissues, [1, 2], prediction=prediction)
    titles = [axes.get_title() for axes in fig.axes]
    assert titles == ["001, slice 1", "expert", "prediction", "002, slice 0", "", ""]


def test_without_a_prediction_there_are_two_columns(tissues):
    titles = [axes.get_title() for axes in show_tissues(tissues, [0]).axes]
    assert titles == ["001, slice 0", "expert"]


@pytest.fixture
def shares() -> pd.DataFrame:
    names = pd.Index(["background", "one", "two"])
    values = [[0.996, 0.004, 0], [0.25, 0.5, 0.25], [np.nan] * 3]
    return pd.DataFrame(values, index=names, columns=names)


def test_the_matrix_is_written_out_in_percent_and_an_absent_class_left_blank(shares):
    (axes,) = plot_confusion(shares, title="three classes").axes
    written = {text.get_position(): text.get_text() for text in axes.texts}  # (column, row)
    assert written == {
        (0, 0): "99.6",
        (1, 0): "0.4",
        (2, 0): "0.0",
        (0, 1): "25.0",
        (1, 1): "50.0",
        (2, 1): "25.0",
    }
    assert axes.images[0].get_clim() == (0, 1)
    np.testing.assert_array_equal(axes.images[0].get_array().filled(np.nan), shares)
    assert axes.get_title() == "three classes"


def test_rows_are_the_expert_s_and_columns_the_network_s(shares):
    (axes,) = plot_confusion(shares.set_axis(["x", "y", "z"], axis="columns")).axes
    assert axes.get_ylabel().startswith("expert") and axes.get_xlabel() == "network"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["background", "one", "two"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["x", "y", "z"]


def test_text_on_a_dark_field_is_white(shares):
    (axes,) = plot_confusion(shares).axes
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert [colours[text] for text in ("99.6", "50.0", "0.4")] == ["white", "black", "black"]
