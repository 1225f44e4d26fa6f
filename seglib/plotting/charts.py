"""Charts of numbers: training histories, and scores of patients beside published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seglib.errors import DataError
from seglib.evaluation.references import Reference
from seglib.plotting.style import (
    METRIC_NAMES,
    PALETTE,
    draw_references,
    legend_below,
    new_figure,
    plain_axes,
)


def plot_history(
    history: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    metrics: Sequence[str] = ("loss", "dice"),
) -> Figure:
    """Training (solid) against validation (dashed), one panel per metric.

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
    fig, grid = new_figure(1, len(metrics), width=4.2, height=3.2)
    validated = False
    for axes, metric in zip(grid[0], metrics, strict=True):
        for colour, run in zip(_cycle(len(runs)), runs.values(), strict=True):
            epochs = np.arange(1, len(run) + 1)
            mark = "o" if len(run) == 1 else None
            for column, style in ((metric, "solid"), (f"val_{metric}", "dashed")):
                # A run without validation patients may keep the column, empty.
                if column in run and run[column].notna().any():
                    axes.plot(epochs, run[column], color=colour, linestyle=style, marker=mark)
                    validated |= style == "dashed"
        axes.set(xlabel="epoch", title=METRIC_NAMES.get(metric, metric))
        axes.xaxis.get_major_locator().set_params(integer=True)
        if metric != "loss":
            axes.set_ylim(0, 1)
        plain_axes(axes, grid="y")
    styles = [("solid", "training"), *([("dashed", "validation")] if validated else [])]
    handles = [
        Line2D([], [], color="black", linestyle=style, label=label) for style, label in styles
    ]
    colours = zip(_cycle(len(runs)), runs, strict=True)
    handles += [Line2D([], [], color=colour, lw=3, label=name) for colour, name in colours if name]
    legend_below(fig, handles)
    return fig


def _cycle(number: int) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(number)]


def box_plot_per_patient(
    scores: Mapping[str, pd.DataFrame],
    metric: str = "dice",
    *,
    references: Sequence[Reference] = (),
    ylabel: str | None = None,
) -> Figure:
    """One box per model over its patients, every patient a point.

    Boxes span the quartiles, whiskers reach 1.5 quartile ranges, the line is the
    median and the diamond the mean.

    Args:
        scores: Table of `seglib.evaluation.per_patient` by name of the model.
        metric: Column to show.
        references: Published figures, as lines and bands with their source.
        ylabel: Label of the axis; the metric's name if left out.
    """
    values = [table[metric].dropna().to_numpy() for table in scores.values()]
    fig, grid = new_figure(1, 1, width=max(5.0, 1.3 * len(scores) + 1.5), height=4.2)
    axes = grid[0, 0]
    names = [f"{name}\n(n = {len(v)})" for name, v in zip(scores, values, strict=True)]
    handles = draw_references(axes, references, across="y")
    axes.boxplot(
        values,
        tick_labels=names,
        widths=0.5,
        showfliers=False,
        showmeans=True,
        medianprops={"color": "black"},
        meanprops={"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black"},
    )
    rng = np.random.default_rng(0)  # the sideways scatter of the points means nothing
    for position, points in enumerate(values, start=1):
        x = position + rng.uniform(-0.16, 0.16, len(points))
        axes.scatter(x, points, s=14, color=PALETTE[0], alpha=0.6, linewidths=0, zorder=3)
    axes.set_ylabel(ylabel or METRIC_NAMES.get(metric, metric))
    plain_axes(axes, grid="y")
    if handles:
        legend_below(fig, handles, columns=1)
    return fig
