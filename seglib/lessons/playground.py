"""The metric playground: what moving, growing and piercing a prediction does to its scores.

Truth and prediction are discs, so that each score can be followed with pencil and paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from seglib.evaluation.scores import score_case
from seglib.lessons.panels import Panel, Slider
from seglib.plotting.image import paint_agreement
from seglib.plotting.style import (
    METRIC_NAMES,
    PALETTE,
    agreement_handles,
    label_figure,
    legend_below,
    new_figure,
    plain_axes,
)

#: Side of the square in pixels: the largest disc, grown and moved as far as it goes, fits.
SIDE = 97

#: Where the controls end, in pixels.
MOST = {"size": 24, "move": 16, "grow": 8, "hole": 16}

#: The scores that are shown, in this order; all but the distance lie between 0 and 1.
SCORES = ("dice", "jaccard", "surface_dice", "hd95")

#: First and last pixel that the still pictures show, of rows and of columns.
CLOSE = (20, 76)

#: What the figures say of themselves.
NAME = "drawn discs, no patient"

#: States that stand still where nothing can be moved.
STILLS = {
    "moved by 4": {"right": 4},
    "moved by 4, small": {"right": 4, "size": 6},
    "grown by 3": {"grow": 3},
    "shrunk by 3": {"grow": -3},
    "a hole of radius 5": {"hole": 5},
    "grown by 1, tolerance 1": {"grow": 1, "tolerance": 1.0},
}


@dataclass(frozen=True)
class Played:
    """One state of the playground.

    Attributes:
        truth: ``(SIDE, SIDE)`` bool, the disc.
        prediction: Same shape, the disc moved, grown and pierced.
        scores: `SCORES`; the distance in pixels.
    """

    truth: np.ndarray
    prediction: np.ndarray
    scores: dict[str, float]


def playground_scores(
    size: int = 16,
    right: int = 0,
    down: int = 0,
    grow: int = 0,
    hole: int = 0,
    tolerance: float = 2.0,
) -> Played:
    """Two discs and what they score.

    Args:
        size: Radius of the true disc, in pixels; its pixels are those whose centres lie at
            most so far from the middle one.
        right: Pixels that the prediction is moved to the right.
        down: Pixels that it is moved down.
        grow: Pixels that its radius is larger; negative for smaller, and nothing is left of
            it below ``-size``.
        hole: Radius of a hole in its middle: pixels nearer than that are taken out.
        tolerance: Of the surface Dice, in pixels.

    Returns:
        Masks and scores, as `seglib.evaluation.scores.score_case` gives them: NaN for HD95
        where the prediction is empty.
    """
    rows, columns = np.indices((SIDE, SIDE)) - SIDE // 2
    truth = np.hypot(rows, columns) <= size
    away = np.hypot(rows - down, columns - right)
    prediction = (away <= size + grow) & (away >= hole)
    scores = score_case(truth, prediction, tolerance=tolerance)
    return Played(truth, prediction, {name: float(scores[name]) for name in SCORES})


def metric_playground() -> Panel:
    """Controls that move, grow and pierce a disc, beside its scores."""
    controls = {
        "size": Slider("size (radius, px)", 2, MOST["size"], 16),
        "right": Slider("move right (px)", -MOST["move"], MOST["move"], 4),
        "down": Slider("move down (px)", -MOST["move"], MOST["move"], 0),
        "grow": Slider("grow (px)", -MOST["grow"], MOST["grow"], 0),
        "hole": Slider("hole (radius, px)", 0, MOST["hole"], 0),
        "tolerance": Slider("tolerance (px)", 0.0, 5.0, 2.0, step=0.5),
    }
    return Panel(controls, draw_playground, still=draw_stills)


def draw_playground(**state: float) -> Figure:
    """One state: the areas at the left, the scores at the right.

    Args:
        **state: All arguments of `playground_scores`.
    """
    played = playground_scores(**state)
    fig, grid = new_figure(1, 2, width=3.2, height=2.9)
    picture, bars = grid[0]
    _show(picture, played)
    names, values = SCORES[:3], [played.scores[name] for name in SCORES[:3]]
    places = np.arange(len(names), 0, -1)
    bars.barh(places, np.nan_to_num(values), color=PALETTE[0], height=0.5)
    for place, name, value in zip(places, names, values, strict=True):
        bars.text(0.01, place + 0.36, f"{METRIC_NAMES[name]} {value:.3f}", fontsize=10)
    bars.text(0.01, 0.1, f"HD95 {_distance(played)}", fontsize=10)
    bars.set(xlim=(0, 1), ylim=(-0.2, 3.7), yticks=[], xlabel="score (1 is a perfect match)")
    plain_axes(bars)
    legend_below(fig, agreement_handles())
    return label_figure(fig, NAME, f"tolerance {state['tolerance']:g} px")


def draw_stills() -> Figure:
    """A few states side by side, each with its scores."""
    fig, grid = new_figure(2, 3, width=2.3, height=2.75)
    for axes, (title, state) in zip(grid.flat, STILLS.items(), strict=True):
        played = playground_scores(**state)
        _show(axes, played)
        axes.set(xlim=CLOSE, ylim=CLOSE[::-1])
        of = played.scores
        axes.set_title(
            f"{title}\nDice {of['dice']:.2f}, Jaccard {of['jaccard']:.2f}\n"
            f"HD95 {_distance(played)}, surface {of['surface_dice']:.2f}",
            fontsize=9,
        )
    legend_below(fig, agreement_handles())
    return label_figure(fig, NAME, "radius 16 px, tolerance 2 px where not said")


def _distance(played: Played) -> str:
    hd95 = played.scores["hd95"]
    return "none" if np.isnan(hd95) else f"{hd95:.1f} px"


def _show(axes: Axes, played: Played) -> None:
    axes.imshow(np.full((SIDE, SIDE, 3), to_rgba("#222222")[:3]), interpolation="nearest")
    paint_agreement(axes, played.truth, played.prediction, opacity=1.0)
    axes.set(xticks=[], yticks=[])
