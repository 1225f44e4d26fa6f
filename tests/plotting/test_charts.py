"""Training histories draw the numbers that they are given."""

import math

import numpy as np
import pandas as pd
import pytest
from figures import legend_labels
from matplotlib.colors import to_hex

from seglib import plotting
from seglib.errors import DataError
from seglib.plotting.style import NETWORK_COLOURS, PALETTE


def test_history_of_several_runs():
    run = pd.DataFrame({"loss": [3, 2, 1], "val_loss": [3, 3, 3], "dice": [0.1, 0.2, 0.3]})
    fig = plotting.plot_history({"Adam": run, "SGD": run[:2]})
    loss, dice = fig.axes
    assert [len(line.get_xdata()) for line in loss.lines] == [3, 3, 2, 2]
    assert [line.get_linestyle() for line in loss.lines] == ["-", "--", "-", "--"]
    assert len(dice.lines) == 2 and list(dice.lines[0].get_xdata()) == [1, 2, 3]
    assert legend_labels(fig) == ["training", "validation", "Adam", "SGD"]
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
        names = list(history) if isinstance(history, dict) else []
        assert legend_labels(fig) == ["training", *["validation"] * validated, *names]


def test_the_curves_are_the_columns_over_epochs_counted_from_1():
    run = pd.DataFrame({"epoch": [7, 8], "loss": [3, 0.5], "val_dice": [0.2, 0.4], "dice": [0, 1]})
    fig = plotting.plot_history(run)
    loss, dice = fig.axes
    assert [axes.get_title() for axes in fig.axes] == ["loss", "Dice"]
    assert loss.get_xlabel() == dice.get_xlabel() == "epoch"
    drawn = [line.get_xydata().tolist() for line in (*loss.lines, *dice.lines)]
    assert drawn == [[[1, 3], [2, 0.5]], [[1, 0], [2, 1]], [[1, 0.2], [2, 0.4]]]
    assert dice.get_ylim() == (0, 1)  # a score's whole range; a loss has none
    assert loss.get_ylim()[1] > 3


def test_a_run_has_one_colour_and_a_panel_only_the_runs_that_have_its_metric():
    short, scored = pd.DataFrame({"loss": [1.0]}), pd.DataFrame({"loss": [2, 1], "dice": [0, 1]})
    fig = plotting.plot_history({"short": short, "scored": scored})
    loss, dice = fig.axes
    assert [line.get_color() for line in loss.lines] == list(PALETTE[:2])
    assert [line.get_color() for line in dice.lines] == [PALETTE[1]]
    assert [line.get_marker() for line in loss.lines] == ["o", "None"]  # one epoch is no line
    many = plotting.plot_history({str(k): short for k in range(len(PALETTE) + 1)}).axes[0].lines
    assert many[-1].get_color() == many[0].get_color() == PALETTE[0]


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
    assert legend_labels(fig) == ["training", "validation", "validation, the others"]
