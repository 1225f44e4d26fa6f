"""What all figures share: colours, the label that names the data, axes, images, outlines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Literal

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

#: Okabe and Ito's palette without black, in the order the study uses it.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
TRUTH = "#56B4E9"
PREDICTION = "#E69F00"
AGREED = "#009E73"
WARNING = "#D55E00"
GREY = "#555555"

#: One colour for each network, in every notebook and whatever stands beside it.
NETWORK_COLOURS = {
    "encoder–decoder": PALETTE[5],
    "U-Net": PALETTE[0],
    **dict.fromkeys(("additive gate", "attention U-Net"), PALETTE[3]),
    "channel attention": PALETTE[1],
    "spatial attention": PALETTE[2],
}

#: How figures spell the columns of the tables.
METRIC_NAMES = {
    "dice": "Dice",
    "jaccard": "Jaccard",
    "hd95": "HD95",
    "assd": "ASSD",
    "surface_dice": "surface Dice",
    "good_dice": "Dice of good contours",
    "good_share": "share of good contours",
}

#: `gid` of the footer text, by which it is found and replaced.
LABEL_ID = "seglib-label"
LEGEND_ID = "seglib-legend"
_FOOTER_INCHES = 0.28
_MIN_WIDTH = 4.0  # inches: what the phantom's label needs
_MAX_WIDTH = 7.8  # inches: 800 pixels of a notebook; what is wider shrinks to nothing on a phone


def label_figure(fig: Figure, dataset: str, profile: str) -> Figure:
    """Write "DATASET · profile PROFILE" at the foot of a figure, once, and give it back.

    Of results that no profile made, words such as "5 folds, 12 epochs" stand alone.

    A figure of the phantom says that it shows no patient, white on vermilion, so that it is
    never taken for a real result. An earlier label is replaced.

    Args:
        fig: Any matplotlib figure.
        dataset: Name of the data set, e.g. ``"Sunnybrook"`` or ``"phantom"``.
        profile: ``"smoke"``, ``"quick"`` or ``"full"``; or a few words.
    """
    for text in [text for text in fig.texts if text.get_gid() == LABEL_ID]:
        text.remove()
    phantom = "phantom" in dataset.lower()
    name = "PHANTOM (synthetic, not a patient)" if phantom else dataset
    fig.text(
        0.99,
        _FOOTER_INCHES / fig.get_figheight() / 2,
        f"{name} · {profile}" if " " in profile else f"{name} · profile {profile}",
        gid=LABEL_ID,
        ha="right",
        va="center_baseline",
        fontsize=8,
        color="white" if phantom else GREY,
        weight="bold" if phantom else "normal",
        bbox={"facecolor": WARNING, "edgecolor": "none", "pad": 3} if phantom else None,
    )
    _lift_axes(fig)
    return fig


def _lift_axes(fig: Figure) -> None:
    """Keep a strip at the foot of a figure free for its label and the legend above that."""
    legends = [legend for legend in fig.legends if legend.get_gid() == LEGEND_ID]
    heights = [legend.get_window_extent().height / fig.dpi for legend in legends]
    share = _FOOTER_INCHES / fig.get_figheight() + sum(heights) / fig.get_figheight()
    engine = fig.get_layout_engine()
    if engine is not None and "rect" in engine.get():
        engine.set(rect=(0, share, 1, 1 - share))
    else:  # a figure without a layout engine: lift its axes above the strip
        fig.subplots_adjust(bottom=max(fig.subplotpars.bottom, share + 0.5 / fig.get_figheight()))


def new_figure(
    rows: int, columns: int, *, width: float, height: float, **keywords: object
) -> tuple[Figure, np.ndarray]:
    """A figure with a grid of axes of `width` by `height` inches each; smaller if many are abreast.

    Returns:
        The figure and its axes, always as a ``(rows, columns)`` array.
    """
    share = min(_MAX_WIDTH / (columns * width), 1)
    height *= share if columns > 1 else 1
    size = (max(columns * width * share, _MIN_WIDTH), rows * height + _FOOTER_INCHES)
    return plt.subplots(rows, columns, figsize=size, layout="compressed", squeeze=False, **keywords)


def legend_below(fig: Figure, handles: list, columns: int | None = None) -> None:
    """One legend for the whole figure, between its axes and its label.

    Args:
        fig: A figure from `new_figure`.
        handles: Matplotlib artists or proxies with labels.
        columns: Entries beside one another; as many as fit if left out.
    """
    legend = fig.legend(
        handles=handles,
        loc="lower center",
        ncols=columns or min(len(handles), max(1, int(fig.get_figwidth() / 1.8))),
        fontsize=8,
        frameon=False,
        borderaxespad=0,
    )
    legend.set_gid(LEGEND_ID)
    fig.set_figheight(fig.get_figheight() + legend.get_window_extent().height / fig.dpi)
    legend.set_bbox_to_anchor((0.5, _FOOTER_INCHES / fig.get_figheight()), fig.transFigure)
    _lift_axes(fig)


def plain_axes(axes: Axes, grid: Literal["x", "y", "both"] | None = None) -> None:
    """Leave out the top and right edges, and lay pale grid lines behind what is drawn.

    Args:
        axes: Axes of a chart.
        grid: Axis whose ticks get grid lines; none if left out.
    """
    axes.spines[["top", "right"]].set_visible(False)
    if grid is not None:
        axes.grid(axis=grid, color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)


def network_colours(names: Iterable[str]) -> list[str]:
    """A colour for each name: its network's own where it has one, else one that is free.

    Args:
        names: As the legend prints them. The network stands before a comma or a line's end;
            of two trainings of one network the first has its colour.
    """
    networks = [re.split(r"[,\n]", name)[0] for name in names]
    free = [c for c in PALETTE[:6] if c not in {NETWORK_COLOURS.get(name) for name in networks}]
    own = [
        NETWORK_COLOURS.get(n) if n not in networks[:i] else None for i, n in enumerate(networks)
    ]
    others = itertools.cycle(free or PALETTE[:6])
    return [colour or next(others) for colour in own]


def agreement_handles(opacity: float = 1.0) -> list[Patch]:
    """What a legend says of areas: those of both, of the expert alone, of the network alone.

    Args:
        opacity: Of the area of both, 0 to 1: as it is painted.
    """
    return [
        Patch(color=to_rgba(AGREED, opacity), label="both"),
        Patch(color=TRUTH, label="expert only (missed)"),
        Patch(color=PREDICTION, label="prediction only (extra)"),
    ]


def outline_handles(
    prediction: str | None = "prediction",
    expert: Iterable[tuple[str, str]] = (("expert", TRUTH),),
) -> list[Line2D]:
    """What a legend says of outlines: the expert's solid, the prediction's dashed.

    Args:
        prediction: What the prediction is called; None where none is drawn.
        expert: Label and colour of each outline of the expert.
    """
    handles = [Line2D([], [], color=colour, label=label) for label, colour in expert]
    if prediction is not None:
        handles.append(Line2D([], [], color=PREDICTION, linestyle="dashed", label=prediction))
    return handles
