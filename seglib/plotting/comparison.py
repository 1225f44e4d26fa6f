"""Charts of stored comparisons: means with their doubt, ranks, and where networks fail."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seglib.evaluation.comparison import DICE_MARGIN, Ranking
from seglib.evaluation.intervals import bootstrap_interval
from seglib.evaluation.references import Reference
from seglib.plotting.patients import draw_references
from seglib.plotting.style import (
    GREY,
    PALETTE,
    legend_below,
    network_colours,
    new_figure,
    plain_axes,
)


def plot_means(
    table: pd.DataFrame,
    seeds: pd.DataFrame | None = None,
    *,
    references: Sequence[Reference] = (),
    begin: float | None = None,
) -> Figure:
    """Mean Dice of each variant with its 95 % interval, in the order of the table.

    Args:
        table: Index the variants' names, columns ``dice``, ``low``, ``high``, ``patients``
            and ``seeds``.
        seeds: Columns ``variant`` and ``dice``: each seed's own mean, drawn as a tick.
        references: Published figures, as lines and bands.
        begin: Dice at which the axis begins, so that one that failed does not press the others
            together; a mean below it is written there. Left out, the axis shows all.
    """
    fig, grid = new_figure(1, 1, width=8.0, height=0.38 * len(table) + 0.9)
    axes = grid[0, 0]
    rows = np.arange(len(table))[::-1]
    axes.set_ylim(-0.6, len(table) - 0.4)
    handles = draw_references(axes, references, across="x")
    error = [table["dice"] - table["low"], table["high"] - table["dice"]]
    points = axes.errorbar(
        table["dice"], rows, xerr=error, fmt="o", color=PALETTE[0], capsize=3, zorder=3
    )
    points.set_label("mean, 95 % interval over patients and, where there are several, seeds")
    handles.append(points)
    if begin is not None:
        axes.set_xlim(left=begin)
        for row, dice in zip(rows, table["dice"], strict=True):
            if dice < begin:
                axes.text(begin, row, f" ◂ {dice:.3f}", color=PALETTE[0], va="center")
    if seeds is not None and len(seeds):
        at = dict(zip(table.index, rows, strict=True))
        ticks = axes.scatter(
            seeds["dice"], seeds["variant"].map(at) + 0.25, marker="|", s=60, color="black"
        )
        ticks.set_label("one seed")
        handles.append(ticks)
    numbers = zip(table.index, table["patients"], table["seeds"], strict=True)
    axes.set_yticks(rows, [f"{name} (n = {n} × {seeds})" for name, n, seeds in numbers])
    axes.set_xlabel("mean Dice (n = patients × seeds)")
    plain_axes(axes, grid="x")
    legend_below(fig, handles, columns=1)
    return fig


def plot_differences(table: pd.DataFrame, reference: str) -> Figure:
    """What each variant gains or loses against one of them, with its 95 % interval.

    Args:
        table: Index the variants' names, columns ``difference``, ``low``, ``high``, ``n`` and
            ``verdict``, as `seglib.evaluation.compare_paired` gives them; drawn top down.
            Differences that are shown are filled, shown equivalences are diamonds.
        reference: What the zero line stands for, in a word.
    """
    fig, grid = new_figure(1, 1, width=8.0, height=0.34 * len(table) + 0.9)
    axes = grid[0, 0]
    rows = np.arange(len(table))[::-1]
    error = np.array([table["difference"] - table["low"], table["high"] - table["difference"]])
    handles = []
    alike = table["verdict"].str.startswith("equivalent").to_numpy()
    unsure = (table["verdict"] == "not shown").to_numpy()
    for chosen, marker, fill, text in (
        (~alike & ~unsure, "o", PALETTE[0], "shown to differ (Holm-adjusted p < 0.05)"),
        (alike, "D", "#BBDDEE", "shown to be equivalent within the margin"),
        (unsure, "o", "white", "neither is shown"),
    ):
        if chosen.any():
            points = axes.errorbar(
                table["difference"][chosen],
                rows[chosen],
                xerr=error[:, chosen],
                fmt=marker,
                color=PALETTE[0],
                markerfacecolor=fill,
                capsize=3,
            )
            points.set_label(text)
            handles.append(points)
    for limit in (-DICE_MARGIN, DICE_MARGIN):
        line = axes.axvline(limit, color=GREY, linewidth=0.8, linestyle="dotted", zorder=0)
    line.set_label(f"margin of equivalence, ±{DICE_MARGIN}")
    handles.append(line)
    axes.axvline(0, color="black", linewidth=0.8, zorder=0)
    axes.set_yticks(rows, table.index)
    axes.set_ylim(-0.6, len(table) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    patients = " to ".join(f"{n:.0f}" for n in sorted({table["n"].min(), table["n"].max()}))
    axes.set_xlabel(f"difference in Dice from the {reference} (n = {patients} patients)")
    plain_axes(axes, grid="x")
    legend_below(fig, handles, columns=2)
    return fig


def plot_ranks(ranking: Ranking, seeds: int = 1) -> Figure:
    """Critical-difference diagram: variants joined by a bar cannot be told apart.

    Args:
        ranking: From `seglib.evaluation.rank_networks`.
        seeds: Trainings of each network that every patient's score is the mean of. Where it
            is one, the figure says that it ranks trainings, not networks.

    Source:
        Demsar 2006, figure 1.
    """
    ranks, difference = ranking.mean_ranks, ranking.critical_difference
    groups = _indistinct(ranks.to_numpy(), difference)
    bars = 0.13 * len(groups) + 0.15
    labels = -(-len(ranks) // 2)
    fig, grid = new_figure(1, 1, width=8.0, height=0.3 * labels + bars + 0.9)
    axes = grid[0, 0]
    low, high = np.floor(ranks.min()), np.ceil(ranks.max())
    margin = 0.45 * (high - low)
    axes.set_xlim(high + margin, low - margin)  # best to the right, as the diagram has it
    axes.set_ylim(-bars - 0.3 * labels - 0.1, 0.75)
    axes.plot([low, high], [0, 0], color="black", linewidth=1)
    for tick in np.arange(low, high + 1):
        axes.plot([tick, tick], [0, 0.08], color="black", linewidth=1)
        axes.text(tick, 0.12, f"{tick:g}", ha="center", va="bottom", fontsize=8)
    axes.plot([high, high - difference], [0.55, 0.55], color="black", linewidth=2)
    axes.text(
        high - difference / 2,
        0.6,
        f"critical difference {difference:.2f}",
        ha="center",
        va="bottom",
        fontsize=8,
    )
    for number, (best, worst) in enumerate(groups):
        y = -0.13 * (number + 1)
        axes.plot([worst + 0.04, best - 0.04], [y, y], color=PALETTE[0], linewidth=3)
    half = len(ranks) // 2
    for place, (name, rank) in enumerate(ranks.items()):
        right = place < half
        line = place if right else len(ranks) - 1 - place
        y = -bars - 0.3 * line - 0.05
        edge = low - 0.05 * margin if right else high + 0.05 * margin
        axes.plot([rank, rank, edge], [0, y, y], color="0.5", linewidth=0.8, zorder=0)
        text = f" {name} ({rank:.2f})" if right else f"{name} ({rank:.2f}) "
        axes.text(edge, y, text, ha="left" if right else "right", va="center", fontsize=9)
    trained = "one training each, not of networks" if seeds == 1 else f"{seeds} seeds of each"
    axes.set_title(
        f"mean rank over {ranking.patients} patients (1 is best) of {trained}; "
        f"Friedman p = {ranking.p:.2g}",
        fontsize=9,
    )
    axes.axis("off")
    return fig


def _indistinct(ranks: np.ndarray, difference: float) -> list[tuple[float, float]]:
    """Longest runs of sorted ranks that lie within `difference`, as (first, last)."""
    groups: list[tuple[float, float]] = []
    for first in ranks:
        last = ranks[ranks <= first + difference].max()
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups


def plot_strata(
    slices: pd.DataFrame,
    columns: Sequence[str] = ("pathology", "phase", "position", "size"),
) -> Figure:
    """Mean slice Dice within each group, with a 95 % interval over patients.

    Below each group stands how many patients it has: those of the first variant.

    Args:
        slices: One row a slice: ``variant``, ``patient``, ``dice`` and the columns to group by.
        columns: What to group by, one panel each, two abreast.
    """
    titles = {"size": "pixels of the expert's mask", "position": "position in the heart"}
    fig, grid = new_figure(-(-len(columns) // 2), 2, width=3.8, height=2.8, sharey=True)
    for axes in grid.flat[len(columns) :]:
        axes.set_axis_off()
    variants = list(slices["variant"].unique())
    colours = network_colours(variants)
    handles = []
    for axes, column in zip(grid.flat, columns, strict=False):
        for number, variant in enumerate(variants):
            rows = slices[slices["variant"] == variant]
            patients = rows.groupby([column, "patient"], observed=True)["dice"].mean()
            means = patients.groupby(level=0, observed=True).mean()
            limits = [
                bootstrap_interval(values.dropna().to_numpy(), resamples=1000)
                for _, values in patients.groupby(level=0, observed=True)
            ]
            x = np.arange(len(means)) + 0.12 * (number - (len(variants) - 1) / 2)
            error = np.abs(np.array(limits).T - means.to_numpy())
            line = axes.errorbar(
                x, means, yerr=error, fmt="o", color=colours[number], capsize=2, label=variant
            )
            if axes is grid[0, 0]:
                handles.append(line)
        first = slices[slices["variant"] == variants[0]].dropna(subset="dice")
        number = first.groupby(column, observed=True)["patient"].nunique()
        names = [f"{name}\nn = {number.get(name, 0)}" for name in means.index]
        axes.set_xticks(np.arange(len(means)), names, fontsize=8)
        axes.set_xlim(-0.6, len(means) - 0.4)
        axes.set_title(titles.get(column, column), fontsize=9)
        plain_axes(axes, grid="y")
    for axes in grid[:, 0]:
        axes.set_ylabel("Dice per slice (n = patients)")
    legend_below(fig, handles)
    _turn_crowded_labels(fig)
    return fig


def _turn_crowded_labels(fig: Figure) -> None:
    """Turn the labels below those axes where level ones would run together.

    Args:
        fig: A finished figure whose axes have ticks at 0, 1, 2, ...
    """
    fig.draw_without_rendering()  # widths are known once the layout is
    gap = 4 * fig.dpi / 72
    for axes in fig.axes:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        width = max((box.width for box in boxes), default=0)
        height = max((box.height for box in boxes), default=0)
        room = axes.bbox.width / np.ptp(axes.get_xlim()) - gap
        if width > room:
            half_turned = (width + height) / np.sqrt(2)
            angle = 45 if half_turned <= room else 90
            plt.setp(
                axes.get_xticklabels(),
                rotation=angle,
                rotation_mode="anchor",
                ha="right",
                va="center",
            )
