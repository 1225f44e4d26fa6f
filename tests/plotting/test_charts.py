"""Training histories and box plots draw the numbers that they are given."""

import math

import numpy as np
import pandas as pd
import pytest
from figures import legend_labels

from seglib import plotting
from seglib.errors import DataError
from seglib.evaluation.references import Reference
from seglib.plotting.style import PALETTE


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


def test_box_plot_shows_every_patient_and_the_references_with_their_source():
    patients = pd.DataFrame({"dice": [1.0, 0.9, 0.6]})
    fig = plotting.box_plot_per_patient(
        {"U-Net": patients, "part": patients[:2]},
        references=[Reference("Somebody 2016", 0.92, 0.03)],
    )
    axes = fig.axes[0]
    points = [c.get_offsets() for c in axes.collections]
    np.testing.assert_allclose(points[0][:, 1], patients["dice"])
    assert [len(p) for p in points] == [3, 2]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["U-Net\n(n = 3)", "part\n(n = 2)"]
    assert legend_labels(fig) == ["Somebody 2016"]
    assert axes.get_ylabel() == "Dice"


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


def test_boxes_span_quartiles_with_median_and_mean_and_leave_out_who_has_no_score():
    scores = pd.DataFrame({"hd95": [1.0, 2.0, 3.0, 4.0, 100.0, math.nan], "dice": 0.5})
    axes = plotting.box_plot_per_patient({"a": scores, "b": scores[:1]}, "hd95").axes[0]
    lines = [line.get_xydata() for line in axes.lines]
    heights = [sorted({y for _, y in line}) for line in lines[:7]]  # of the first box
    # Box, two whiskers, their caps, median and mean: 100 lies beyond 4 + 1.5 * 2.
    assert sorted(heights) == [[1], [1, 2], [2, 4], [3], [4], [4], [22]]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["a\n(n = 5)", "b\n(n = 1)"]
    points = axes.collections[0].get_offsets()
    assert sorted(points[:, 1]) == [1, 2, 3, 4, 100]  # every patient all the same
    assert (abs(points[:, 0] - 1) <= 0.16).all()
    assert axes.get_ylabel() == "HD95"


def test_without_references_there_is_no_legend_and_the_axis_may_have_another_name():
    scores = {"U-Net": pd.DataFrame({"dice": [0.8, 0.9]})}
    fig = plotting.box_plot_per_patient(scores, ylabel="Dice of the test patients")
    assert not fig.legends and not fig.axes[0].patches
    assert fig.axes[0].get_ylabel() == "Dice of the test patients"
    fig = plotting.box_plot_per_patient(scores, references=[Reference("A", 0.92, 0.03)])
    assert [0.92, 0.92] in [list(line.get_ydata()) for line in fig.axes[0].lines]
    (band,) = fig.axes[0].patches
    assert (band.get_y(), band.get_height()) == pytest.approx((0.89, 0.06))
