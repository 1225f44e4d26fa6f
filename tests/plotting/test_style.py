"""What charts share: edges and grid, published figures, and legends of outlines."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from seglib.evaluation.references import Reference
from seglib.plotting.style import (
    PALETTE,
    PREDICTION,
    TRUTH,
    draw_references,
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


@pytest.mark.parametrize("across", ["x", "y"])
def test_references_are_lines_and_those_with_a_spread_bands(axes, across):
    one, other = Reference("a range", 0.9, 0.02), Reference("one mean", 0.7)
    handles = draw_references(axes, [one, other], across)
    assert [handle.get_label() for handle in handles] == ["a range", "one mean"]
    assert [to_hex(handle.get_color()) for handle in handles] == [c.lower() for c in PALETTE[2:4]]
    values = [getattr(handle, f"get_{across}data")() for handle in handles]
    assert values == [[0.9, 0.9], [0.7, 0.7]]
    (band,) = axes.patches
    limits = band.get_extents().transformed(axes.transData.inverted())
    assert getattr(limits, f"interval{across}") == pytest.approx([0.88, 0.92])


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
