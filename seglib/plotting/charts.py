"""Charts of numbers: training histories, and scores of patients beside published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seglib.errors import DataError
from seglib.evaluation.references import Reference
from seglib.plotting.style import (
    GREY,
    METRIC_NAMES,
    PALETTE,
    legend_below,
    network_colours,
    new_figure,
    plain_axes,
)

#: So many runs share a panel; more stand beside one another.
MOST_TOGETHER = 3
#: Panels beside one another.
_COLUMNS = 3
#: A box of fewer values would be drawn from the points that are drawn already.
FEWEST_IN_A_BOX = 10
_PALE = "#CCCCCC"
_MEAN = {
    "marker": "D",
    "linestyle": "none",
    "markerfacecolor": "white",
    "markeredgecolor": "black",
}


def draw_references(
    axes: Axes, references: Sequence[Reference], across: Literal["x", "y"]
) -> list[Line2D]:
    """Published scores as lines, with a pale band for the spread of those that have one.

    Args:
        axes: Where to draw.
        references: What to draw, at most five: one colour each.
        across: Axis on which values are read: ``"x"`` draws upright lines, ``"y"`` lying ones.

    Returns:
        The lines, labelled with their source, for a legend.
    """
    upright = across == "x"
    draw_line, draw_band = (axes.axvline, axes.axvspan) if upright else (axes.axhline, axes.axhspan)
    handles = []
    for colour, reference in zip(PALETTE[2:], references, strict=False):
        line = draw_line(reference.value, color=colour, linewidth=1.2, zorder=1)
        line.set_label(reference.source)
        handles.append(line)
        if reference.spread:
            low, high = reference.value - reference.spread, reference.value + reference.spread
            draw_band(low, high, color=colour, alpha=0.15, linewidth=0, zorder=0)
    return handles


def plot_history(
    history: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    metrics: Sequence[str] = ("loss", "dice"),
) -> Figure:
    """Training (solid) against validation (dashed).

    Up to three runs share one panel a metric. More have a panel each, with the validation
    curves of the others in pale grey, a block of panels a metric.

    Args:
        history: One row per epoch, columns ``loss``, ``val_loss``, ``dice``, ... and
            maybe ``epoch``; or several such tables by name of the run.
        metrics: Columns to show; those no run has are left out.

    Raises:
        DataError: No run has any of the metrics.
    """
    runs = {"": history} if isinstance(history, pd.DataFrame) else history
    metrics = [m for m in metrics if any(m in run for run in runs.values())]
    if not metrics:
        raise DataError("the history has none of the metrics asked for")
    colours = dict(zip(runs, network_colours(runs), strict=True))
    apart = len(runs) > MOST_TOGETHER
    fig = (_draw_apart if apart else _draw_together)(runs, metrics, colours)
    columns = {f"val_{metric}" for metric in metrics}
    validated = any(
        run[column].notna().any() for run in runs.values() for column in columns & {*run}
    )
    styles = [("solid", "training"), *([("dashed", "validation")] if validated else [])]
    handles = [
        Line2D([], [], color="black", linestyle=style, label=label) for style, label in styles
    ]
    if apart:
        handles.append(
            Line2D([], [], color=_PALE, linestyle="dashed", label="validation, the others")
        )
    else:
        handles += [
            Line2D([], [], color=c, lw=3, label=name) for name, c in colours.items() if name
        ]
    legend_below(fig, handles)
    return fig


def _draw_together(
    runs: Mapping[str, pd.DataFrame], metrics: Sequence[str], colours: Mapping[str, str]
) -> Figure:
    """One panel a metric, all runs in it."""
    fig, grid = new_figure(1, len(metrics), width=4.2, height=3.2)
    for axes, metric in zip(grid[0], metrics, strict=True):
        for name, run in runs.items():
            _draw_curves(axes, run, metric, colours[name])
        _finish(axes, metric)
        axes.set(xlabel="epoch", title=METRIC_NAMES.get(metric, metric))
    return fig


def _draw_apart(
    runs: Mapping[str, pd.DataFrame], metrics: Sequence[str], colours: Mapping[str, str]
) -> Figure:
    """One panel a run, a block of rows a metric."""
    lines = -(-len(runs) // _COLUMNS)
    fig, grid = new_figure(
        lines * len(metrics), _COLUMNS, width=2.6, height=2.1, sharex=True, sharey="row"
    )
    for block, metric in enumerate(metrics):
        panels = grid[block * lines : (block + 1) * lines]
        for axes, (name, run) in zip(panels.flat, runs.items(), strict=False):
            for other, values in runs.items():
                if other != name:
                    _draw_curves(axes, values, metric, _PALE, sides=("val_",))
            _draw_curves(axes, run, metric, colours[name])
            _finish(axes, metric)
            axes.set_title(name, fontsize=9, color=colours[name], weight="bold")
        for axes in panels.flat[len(runs) :]:
            axes.set_axis_off()
        for axes in panels[:, 0]:
            axes.set_ylabel(METRIC_NAMES.get(metric, metric))
    for axes in grid[-1]:
        axes.set_xlabel("epoch")
    return fig


def _draw_curves(
    axes: Axes, run: pd.DataFrame, metric: str, colour: str, sides: Sequence[str] = ("", "val_")
) -> None:
    """A run's training curve, solid, and its validation curve, dashed, where it has them."""
    for side in sides:
        column = f"{side}{metric}"
        # A run without validation patients may keep the column, empty.
        if column in run and run[column].notna().any():
            axes.plot(
                np.arange(1, len(run) + 1),
                run[column],
                color=colour,
                linestyle="dashed" if side else "solid",
                marker="o" if len(run) == 1 else None,
                zorder=1 if colour == _PALE else 2,
            )


def _finish(axes: Axes, metric: str) -> None:
    axes.xaxis.get_major_locator().set_params(integer=True)
    if metric != "loss":
        axes.set_ylim(0, 1)
    plain_axes(axes, grid="y")


def box_plot_per_patient(
    scores: Mapping[str, pd.DataFrame],
    metric: str = "dice",
    *,
    references: Sequence[Reference] = (),
    ylabel: str | None = None,
    colours: Sequence[str] | None = None,
) -> Figure:
    """One box per model over its patients, every patient a point.

    Boxes span the quartiles, whiskers reach 1.5 quartile ranges, the line is the
    median and the diamond the mean. A model with fewer than `FEWEST_IN_A_BOX` patients has no
    box, only its points, their median and their mean.

    Args:
        scores: Table of `seglib.evaluation.per_patient` by name of the model.
        metric: Column to show.
        references: Published scores, as lines and bands with their source.
        ylabel: Label of the axis; the metric's name if left out.
        colours: Of the points, one a model; the networks' own if left out.
    """
    values = [table[metric].dropna().to_numpy() for table in scores.values()]
    fig, grid = new_figure(1, 1, width=max(5.0, 1.3 * len(scores) + 1.5), height=4.2)
    axes = grid[0, 0]
    handles = draw_references(axes, references, across="y")
    rng = np.random.default_rng(0)  # the sideways scatter of the points means nothing
    for place, (points, colour) in enumerate(
        zip(values, colours or network_colours(scores), strict=True), start=1
    ):
        x = place + rng.uniform(-0.16, 0.16, len(points))
        size = 32
        if len(points) >= FEWEST_IN_A_BOX:
            size = 14
            axes.boxplot(
                [points],
                positions=[place],
                widths=0.5,
                showfliers=False,
                medianprops={"linewidth": 0},  # drawn below, box or not
            )
        axes.scatter(x, points, s=size, color=colour, alpha=0.75, linewidths=0, zorder=3)
        if len(points):
            axes.plot(place + np.array([-0.25, 0.25]), 2 * [np.median(points)], color="black")
            axes.plot(place, points.mean(), zorder=4, **_MEAN)
    names = [f"{name}\n(n = {len(v)})" for name, v in zip(scores, values, strict=True)]
    axes.set_xticks(np.arange(1, len(names) + 1), names)
    axes.set_xlim(0.4, len(names) + 0.6)
    axes.set_ylabel(ylabel or METRIC_NAMES.get(metric, metric))
    plain_axes(axes, grid="y")
    handles += [
        Line2D([], [], color=GREY, marker="o", linestyle="none", label="one patient"),
        Line2D([], [], color="black", label="median"),
        Line2D([], [], label="mean", **_MEAN),
    ]
    legend_below(fig, handles, columns=1 if references else None)
    return fig
