"""Every patient is a point, and published scores stand beside them with their spread."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from seglib import plotting
from seglib.evaluation.references import Reference
from seglib.plotting.patients import FEWEST_IN_A_BOX, draw_references, points_by_group
from seglib.plotting.style import PALETTE


@pytest.fixture
def axes():
    return plt.figure().subplots()


@pytest.mark.parametrize("across", ["x", "y"])
def test_references_are_lines_and_those_with_a_spread_bands(axes, across):
    one, other = Reference("with SD", 0.9, 0.02), Reference("without", 0.7)
    handles = draw_references(axes, [one, other], across)
    assert [handle.get_label() for handle in handles] == ["with SD", "without"]
    assert [to_hex(handle.get_color()) for handle in handles] == [c.lower() for c in PALETTE[2:4]]
    values = [getattr(handle, f"get_{across}data")() for handle in handles]
    assert values == [[0.9, 0.9], [0.7, 0.7]]
    (band,) = axes.patches
    limits = band.get_extents().transformed(axes.transData.inverted())
    assert getattr(limits, f"interval{across}") == pytest.approx([0.88, 0.92])


def patients(values):
    return pd.DataFrame({"dice": values})


def test_box_plot_shows_every_patient_and_the_references_with_their_source():
    fig = plotting.box_plot_per_patient(
        {"U-Net": patients([0.5, 0.7, 0.9, math.nan]), "part": patients([0.4, 0.6])},
        references=[Reference("Somebody 2016", 0.92, 0.03)],
    )
    axes = fig.axes[0]
    points = [c.get_offsets() for c in axes.collections]
    np.testing.assert_allclose(points[0][:, 1], [0.5, 0.7, 0.9])
    assert [len(p) for p in points] == [3, 2]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["U-Net\n(n = 3)", "part\n(n = 2)"]
    labels = [t.get_text() for t in fig.legends[0].get_texts()]
    assert labels == ["Somebody 2016", "one patient", "median", "mean"]
    assert axes.get_ylabel() == "Dice"


def test_few_patients_have_no_box_but_their_median_and_mean():
    few, many = [0.1, 0.2, 0.9], np.linspace(0, 1, FEWEST_IN_A_BOX)
    fig = plotting.box_plot_per_patient({"few": patients(few)})
    median, mean = fig.axes[0].lines
    assert set(median.get_ydata()) == {0.2} and mean.get_ydata()[0] == pytest.approx(0.4)
    fig = plotting.box_plot_per_patient({"few": patients(few), "many": patients(many)})
    boxed = [line for line in fig.axes[0].lines if len(line.get_xdata()) == 5]
    assert len(boxed) == 1 and boxed[0].get_xdata().mean() == pytest.approx(2, abs=0.2)
    fig = plotting.box_plot_per_patient({"a": patients(few)}, colours=["#123456"])
    assert to_hex(fig.axes[0].collections[0].get_facecolor()[0]) == "#123456"


def test_a_group_without_a_point_takes_no_other_groups_colour():
    rows = {"pathology": list("aab"), "x": [np.nan, 1, 2], "y": [1, np.nan, 3]}
    _, axes = plt.subplots()
    first, second = points_by_group(axes, pd.DataFrame(rows), "x", "y", counted=True)
    assert (first.get_label(), second.get_label()) == ("a (n = 0)", "b (n = 1)")
    assert second.get_offsets().tolist() == [[2, 3]]
    assert to_hex(second.get_facecolor()[0], keep_alpha=False).upper() == PALETTE[1]
    plt.close("all")


def test_without_groups_all_points_are_alike():
    _, axes = plt.subplots()
    (points,) = points_by_group(axes, pd.DataFrame({"x": [1, 2], "y": [3, 4]}), "x", "y")
    assert len(points.get_offsets()) == 2
    plt.close("all")


@pytest.mark.parametrize(("models", "first"), [(5, "U-Net AdamW"), (6, "U-Net\nAdamW")])
def test_many_names_stand_a_word_a_line(models, first):
    names = ["U-Net AdamW", *map(str, range(models - 1))]
    fig = plotting.box_plot_per_patient({name: patients([0.5, 0.6]) for name in names})
    assert fig.axes[0].get_xticklabels()[0].get_text() == f"{first}\n(n = 2)"
