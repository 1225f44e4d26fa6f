"""Charts and picture sheets of the label audit."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seglib.plotting.image import draw_contours, heart_window, show_image
from seglib.plotting.style import (
    GREY,
    PALETTE,
    PREDICTION,
    TRUTH,
    WARNING,
    legend_below,
    new_figure,
    outline_handles,
    plain_axes,
)
from seglib.slices import SliceSet

#: Robust z beyond which a value is called unusual (Iglewicz and Hoaglin 1993).
UNUSUAL = 3.5
#: Pixels from which on a move is drawn.
_ARROW = 2
_ARROW_COLOUR = PALETTE[3]
_ARROW_STYLE = {
    "arrowstyle": "->",
    "color": _ARROW_COLOUR,
    "linewidth": 2,
    "shrinkA": 0,
    "shrinkB": 0,
}


def plot_ranking(
    suspects: pd.DataFrame,
    *,
    wrong: Collection[str] = (),
    named: int = 10,
) -> Figure:
    """Dice of every patient, the most suspect on top, with the line that an unusual one is left of.

    Args:
        suspects: From `seglib.audit.rank_suspects`.
        wrong: Patients whose labels are known to be wrong, marked.
        named: How many of the first are written out.
    """
    fig, grid = new_figure(1, 1, width=6.4, height=max(2.5, 0.13 * len(suspects) + 0.7))
    axes = grid[0, 0]
    known = suspects["patient"].isin(wrong)
    axes.scatter(suspects["dice"][~known], suspects.index[~known], s=20, color=PALETTE[0])
    axes.scatter(suspects["dice"][known], suspects.index[known], s=45, color=WARNING, marker="D")
    ranks = [*suspects.index[:named], *range(-(-(named + 1) // 10) * 10, len(suspects) + 1, 10)]
    names = [*suspects["patient"].head(named), *map(str, ranks[min(named, len(suspects)) :])]
    axes.set_yticks(ranks, names, fontsize=7)
    median = suspects["dice"].median()
    scale = 1.4826 * (suspects["dice"] - median).abs().median()
    axes.axvline(median, color=GREY, linewidth=0.9, zorder=0)
    axes.axvline(median - UNUSUAL * scale, color=GREY, linewidth=0.9, linestyle="dashed", zorder=0)
    axes.set(xlabel="Dice with the out-of-fold prediction", ylabel="patients, most suspect first")
    axes.set_ylim(len(suspects) + 1, 0)
    plain_axes(axes, grid="x")
    handles = [
        Line2D([], [], color=GREY, label="median"),
        Line2D([], [], color=GREY, linestyle="dashed", label=f"{UNUSUAL} scaled MADs lower"),
    ]
    if known.any():
        mark = {"color": WARNING, "marker": "D", "linestyle": "none"}
        handles.append(Line2D([], [], label="labels known to be wrong", **mark))
    legend_below(fig, handles, columns=3)
    return fig


def show_suspects(
    slices: SliceSet,
    prediction: np.ndarray,
    suspects: pd.DataFrame,
    *,
    columns: int = 5,
) -> Figure:
    """One row of pictures for each suspect: expert's and out-of-fold outline.

    The slices are spread evenly over the case that holds the slice with the widest gap;
    that slice is among them, and its title says so.

    Args:
        slices: The set that was audited.
        prediction: ``(N, H, W, 1)`` out-of-fold masks.
        suspects: The rows of `seglib.audit.rank_suspects` to show.
        columns: Slices shown of each, at most.
    """
    sizes = slices.table.groupby("case").size()
    columns = min(columns, sizes[suspects["worst_case"]].max())
    fig, grid = new_figure(len(suspects), columns, width=1.85, height=2.0)
    for axes_row, (rank, suspect) in zip(grid, suspects.iterrows(), strict=True):
        index = slices.rows_of(suspect["worst_case"])
        numbers = slices.table.loc[index, "slice"]
        worst = int(np.flatnonzero(numbers == suspect["worst_slice"])[0])
        window = heart_window(np.concatenate([slices.masks[index], prediction[index]]), margin=14)
        for axes in axes_row:
            axes.set_axis_off()
        for axes, place in zip(axes_row, _spread(len(index), columns, worst), strict=False):
            row = index[place]
            axes.set_axis_on()
            title = f"slice {slices.table.at[row, 'slice']}" + (": worst" if place == worst else "")
            show_image(axes, slices.images[row], window, title)
            _draw_both(axes, slices.masks[row], prediction[row])
        axes_row[0].set_ylabel(
            f"{rank}. {suspect['worst_case']}\nDice of patient {suspect['dice']:.3f}", fontsize=8
        )
    legend_below(fig, outline_handles("out-of-fold prediction"))
    return fig


def _spread(number: int, shown: int, included: int) -> list[int]:
    """`shown` of `number` places, evenly spread, the nearest one moved to `included`."""
    places = np.linspace(0, number - 1, min(shown, number)).round().astype(int)
    places[np.abs(places - included).argmin()] = included
    return places.tolist()


def show_moves(
    slices: SliceSet, prediction: np.ndarray, moves: pd.DataFrame, *, columns: int = 4
) -> Figure:
    """Slices with both outlines, and an arrow to where the expert's mask would fit best.

    Moves below 2 pixels have no arrow.

    Args:
        slices: The set that was audited.
        prediction: ``(N, H, W, 1)`` out-of-fold masks.
        moves: Rows of `seglib.audit.shifts`, with their index.
        columns: Slices beside one another.
    """
    columns = min(columns, len(moves))
    fig, grid = new_figure(-(-len(moves) // columns), columns, width=1.95, height=2.3)
    for axes in grid.flat[len(moves) :]:
        axes.remove()
    for axes, (row, one) in zip(grid.flat, moves.iterrows(), strict=False):
        title = f"{one['case']}, slice {one['slice']}\nDice {one['dice']:.2f}"
        if np.isfinite(one["moved_dice"]):
            title += f", moved {one['moved_dice']:.2f}"
        # Both masks, so that no part of the prediction lies outside the picture.
        window = heart_window(np.stack([slices.masks[row], prediction[row]]), margin=14)
        show_image(axes, slices.images[row], window, title)
        axes.title.set_fontsize(8)
        _draw_both(axes, slices.masks[row], prediction[row])
        if one["distance"] >= _ARROW:
            y, x = np.argwhere(slices.masks[row, ..., 0]).mean(axis=0)
            axes.annotate("", (x + one["x"], y + one["y"]), (x, y), arrowprops=_ARROW_STYLE)
    mark = Line2D([], [], color=_ARROW_COLOUR, marker=">", label="move with the best fit")
    legend_below(fig, [*outline_handles("out-of-fold prediction"), mark])
    return fig


def plot_two_checks(
    suspects: pd.DataFrame,
    contrast: pd.Series,
    *,
    wrong: Collection[str] = (),
    named: int = 3,
) -> Figure:
    """Dice with the prediction against the contrast of the masks, a point for each patient.

    Args:
        suspects: From `seglib.audit.rank_suspects`.
        contrast: From `seglib.audit.contrast_per_patient`.
        wrong: Patients whose labels are known to be wrong, marked.
        named: How many of the lowest on each axis are written out.
    """
    table = suspects.set_index("patient").assign(contrast=contrast)
    known = table.index.isin(wrong)
    fig, grid = new_figure(1, 1, width=5.4, height=4.0)
    axes = grid[0, 0]
    axes.scatter(table["contrast"][~known], table["dice"][~known], s=20, color=PALETTE[0])
    mark = {"s": 45, "color": WARNING, "marker": "D", "label": "labels known to be wrong"}
    drawn = axes.scatter(table["contrast"][known], table["dice"][known], **mark)
    dimmest = table["contrast"].nsmallest(named).index
    for patient, row in table.loc[table["dice"].nsmallest(named).index.union(dimmest)].iterrows():
        # To the side on which there are no points.
        side, aside = ("right", -6) if patient in dimmest else ("left", 6)
        axes.annotate(
            patient,
            (row["contrast"], row["dice"]),
            (aside, 0),
            textcoords="offset points",
            fontsize=7,
            ha=side,
            va="center",
        )
    axes.set(xlabel="contrast of the expert's masks", ylabel="Dice with the out-of-fold prediction")
    low, high = min(0, table["contrast"].min()), table["contrast"].max()
    axes.set_xlim(low - 0.15 * (high - low), high + 0.15 * (high - low))  # room for the names
    plain_axes(axes, grid="y")
    if known.any():
        legend_below(fig, [drawn])
    return fig


def plot_found(shares: dict[str, pd.Series], *, ylabel: str = "share found") -> Figure:
    """Share of planted faults that are found, against how far the labels were displaced.

    Args:
        shares: By the name of the search, shares in [0, 1] with the displacement in
            pixels as index.
        ylabel: Label of the axis.
    """
    fig, grid = new_figure(1, 1, width=5.4, height=3.4)
    axes = grid[0, 0]
    handles = []
    for colour, mark, (name, share) in zip(PALETTE, "os^Dv", shares.items(), strict=False):
        handles += axes.plot(share.index, share, color=colour, marker=mark, label=name)
    axes.set(xlabel="labels displaced by (pixels)", ylabel=ylabel, ylim=(-0.03, 1.03))
    plain_axes(axes, grid="y")
    legend_below(fig, handles, columns=1)
    return fig


def _draw_both(axes: Axes, truth: np.ndarray, prediction: np.ndarray) -> None:
    draw_contours(axes, (truth != 0).astype(np.uint8), (TRUTH,))
    draw_contours(axes, (prediction != 0).astype(np.uint8), (PREDICTION,), linestyles="dashed")
