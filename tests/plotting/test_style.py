"""What charts share: edges and grid, the networks' colours, and legends of outlines."""

import matplotlib.pyplot as plt
import pytest

from seglib.plotting.style import (
    NETWORK_COLOURS,
    PALETTE,
    PREDICTION,
    TRUTH,
    network_colours,
    new_figure,
    outline_handles,
    plain_axes,
)


@pytest.fixture
def axes():
    return plt.figure().subplots()


@pytest.mark.parametrize("grid", [None, "x", "y", "both"])
def test_plain_axes_have_two_edges_and_the_grid_asked_for(axes, grid):
    plain_axes(axes, grid)
    assert [name for name, spine in axes.spines.items() if spine.get_visible()] == [
        "left",
        "bottom",
    ]
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        shown = {line.get_visible() for line in axis.get_gridlines()}
        assert shown == {grid in (name, "both")}


def test_a_network_has_its_colour_whoever_stands_beside_it():
    assert network_colours(["U-Net"]) == [PALETTE[0]]
    beside = network_colours(["Dice", "attention U-Net", "encoder–decoder", "U-Net\nAdamW"])
    assert beside[1:] == [NETWORK_COLOURS["additive gate"], PALETTE[5], PALETTE[0]]
    assert beside[0] == PALETTE[1]  # the first that none of the others owns


def test_all_colours_of_a_figure_differ_and_none_is_yellow():
    names = ["U-Net, AdamW", "U-Net, SGD", "a", "spatial attention", "b", "c"]
    assert sorted(network_colours(names)) == sorted(PALETTE[:6])
    assert network_colours(names)[0] == PALETTE[0]


def test_the_legend_of_outlines_is_solid_for_the_expert_and_dashed_for_the_network():
    expert, network = outline_handles("network")
    assert (expert.get_label(), expert.get_color(), expert.get_linestyle()) == (
        "expert",
        TRUTH,
        "-",
    )
    assert (network.get_label(), network.get_color()) == ("network", PREDICTION)
    assert network.get_linestyle() == "--"
    alone = outline_handles(None, [("a", "red"), ("b", "blue")])
    assert [(line.get_label(), line.get_color()) for line in alone] == [("a", "red"), ("b", "blue")]


@pytest.mark.parametrize(
    ("rows", "columns", "size"),
    [
        (1, 2, (6.0, 2.28)),  # 3 by 2 inches each, and the foot
        (2, 5, (7.8, 2 * 2 * 7.8 / 15 + 0.28)),  # five abreast are smaller, their shape the same
        (1, 1, (4.0, 2.28)),  # the label's width
    ],
)
def test_a_grid_of_axes_is_never_wider_than_a_page(rows, columns, size):
    fig, grid = new_figure(rows, columns, width=3.0, height=2.0)
    assert tuple(fig.get_size_inches()) == pytest.approx(size)
    assert grid.shape == (rows, columns)
    plt.close(fig)


def test_one_wide_chart_keeps_its_height():
    fig, _ = new_figure(1, 1, width=12.0, height=3.0)
    assert tuple(fig.get_size_inches()) == pytest.approx((7.8, 3.28))
    plt.close(fig)
