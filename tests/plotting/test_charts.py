"""Charts of numbers show each run and each patient, and published scores with their spread."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from seglib import plotting
from seglib.errors import DataError
from seglib.evaluation.references import Reference
from seglib.plotting.charts import FEWEST_IN_A_BOX, draw_references
from seglib.plotting.style import NETWORK_COLOURS, PALETTE


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


def test_history_of_several_runs():
    run = pd.DataFrame({"loss": [3, 2, 1], "val_loss": [3, 3, 3], "dice": [0.1, 0.2, 0.3]})
    fig = plotting.plot_history({"Adam": run, "SGD": run[:2]})
    loss, dice = fig.axes
    assert [len(line.get_xdata()) for line in loss.lines] == [3, 3, 2, 2]
    assert [line.get_linestyle() for line in loss.lines] == ["-", "--", "-", "--"]
    assert len(dice.lines) == 2 and list(dice.lines[0].get_xdata()) == [1, 2, 3]
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert labels == ["training", "validation", "Adam", "SGD"]
    with pytest.raises(DataError, match="none of the metrics"):
        plotting.plot_history(run, metrics=["accuracy"])


def test_the_legend_of_a_history_names_validation_only_where_a_curve_is_drawn():
    run = pd.DataFrame({"loss": [3, 2, 1], "dice": [0.1, 0.2, 0.3]})
    empty = run.assign(val_loss=math.nan, val_dice=math.nan)
    half = run.assign(val_loss=[math.nan, 3, 3])
    for history, validated in (
        (run, False),
        (empty, False),
        (half, True),
        ({"a": empty, "b": half}, True),
        (empty.assign(val_jaccard=0.5), False),  # a curve that is not asked for
    ):
        fig = plotting.plot_history(history)
        dashed = [line for line in fig.axes[0].lines if line.get_linestyle() == "--"]
        assert len(dashed) == validated
        labels = [text.get_text() for text in fig.legends[0].get_texts()]
        names = list(history) if isinstance(history, dict) else []
        assert labels == ["training", *["validation"] * validated, *names]


def test_more_than_three_runs_have_a_panel_each():
    names = ["U-Net", "additive gate", "Dice", "CE"]
    run = pd.DataFrame({"loss": [3, 2, 1], "dice": [0.1, 0.2, 0.3], "val_dice": [0.1, 0.1, 0.2]})
    fig = plotting.plot_history({name: run * (i + 1) / 4 for i, name in enumerate(names)})
    visible = [axes for axes in fig.axes if axes.axison]
    assert [axes.get_title() for axes in visible] == 2 * names  # loss, then Dice
    gate = visible[5]
    of_others, own = gate.lines[:3], gate.lines[3:]
    assert [to_hex(line.get_color()) for line in own] == 2 * [
        NETWORK_COLOURS["additive gate"].lower()
    ]
    assert [line.get_linestyle() for line in own] == ["-", "--"]
    np.testing.assert_allclose(own[1].get_ydata(), [0.05, 0.05, 0.1])
    assert {line.get_linestyle() for line in of_others} == {"--"}
    assert sorted(line.get_ydata()[-1] for line in of_others) == pytest.approx([0.05, 0.15, 0.2])
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert labels == ["training", "validation", "validation, the others"]


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
