"""Scores of single patients: as boxes and points, and beside published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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

#: A box of fewer values would be drawn from the points that are drawn already.
FEWEST_IN_A_BOX = 10
_ABREAST = 5  # most names that stand beside one another on a line each
_MEAN = {
    "marker": "D",
    "linestyle": "none",
    "markerfacecolor": "white",
    "markeredgecolor": "black",
}


def draw_references(
    axes: Axes, references: Sequence[Reference], across: Literal["x", "y"]
) -> list[Line2D]:
    """Published scores as lines, with a pale band for those that are a range of means.

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
    names = list(scores)
    if len(names) > _ABREAST:
        names = [name.replace("–", "–\n").replace(" ", "\n") for name in names]
    names = [f"{name}\n(n = {len(v)})" for name, v in zip(names, values, strict=True)]
    axes.set_xticks(np.arange(1, len(names) + 1), names, fontsize=9)
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


#: Told apart without colour too.
MARKS = ("o", "s", "^", "D", "v", "P", "X")


def points_by_group(
    axes: Axes, patients: pd.DataFrame, x: str, y: str, *, counted: bool = False
) -> list[PathCollection]:
    """Scatter one column over another, coloured by ``pathology`` where there is that column.

    Args:
        axes: Where to draw.
        patients: One row a patient; those without one of the two values are not drawn.
        x: Column to read to the right.
        y: Column to read upwards.
        counted: Say in the labels how many points each group has.

    Returns:
        The points of each group, labelled, for a legend.
    """
    known = patients[[x, y]].notna().all(axis=1)  # a group keeps its colour without any point
    groups = patients.groupby("pathology") if "pathology" in patients else [("patient", patients)]
    return [
        axes.scatter(
            rows.loc[known, x],
            rows.loc[known, y],
            s=26,
            color=PALETTE[number % len(PALETTE)],
            marker=MARKS[number % len(MARKS)],
            edgecolors="white",
            linewidths=0.4,
            zorder=3,
            label=f"{name} (n = {known[rows.index].sum()})" if counted else name,
        )
        for number, (name, rows) in enumerate(groups)
    ]
