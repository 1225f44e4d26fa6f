"""Training histories: training beside validation, a panel a score or a panel a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seglib.errors import DataError
from seglib.plotting.style import (
    METRIC_NAMES,
    legend_below,
    network_colours,
    new_figure,
    plain_axes,
)

#: So many runs share a panel; more stand beside one another.
MOST_TOGETHER = 3
#: Panels beside one another.
_COLUMNS = 3
_PALE = "#CCCCCC"


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
