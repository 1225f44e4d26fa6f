"""Pictures of several classes: coloured overlays with a legend, and confusion matrices.

The classes' colours are of Okabe and Ito's palette, like all of the study's; the two that
mean "expert" and "prediction" elsewhere (`seglib.plotting.style`) are not among them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from seglib.plotting.image import one_plane, show_image
from seglib.plotting.style import PALETTE, legend_below, new_figure
from seglib.slices import SliceSet

#: One colour for each foreground class: blue, purple, green, vermilion, yellow. Yellow comes last,
#: for as a line on white it cannot be seen; vermilion late, for over bright tissue it turns into
#: the orange of a prediction.
CLASS_COLOURS = (PALETTE[0], PALETTE[3], PALETTE[2], PALETTE[5], PALETTE[6])


def paint_classes(axes: Axes, mask: np.ndarray, opacity: float = 0.6) -> None:
    """Lay the classes of a mask over an image, each in its colour; background stays clear.

    Args:
        axes: Axes that already show the image.
        mask: ``(H, W)`` or ``(H, W, 1)`` class indices.
        opacity: 0 for invisible, 1 for opaque.
    """
    mask = one_plane(mask)
    layer = np.zeros((*mask.shape, 4))
    for k in np.unique(mask[mask > 0]):
        layer[mask == k] = to_rgba(CLASS_COLOURS[(int(k) - 1) % len(CLASS_COLOURS)], opacity)
    axes.imshow(layer, interpolation="nearest")


def show_tissues(
    slices: SliceSet,
    rows: Sequence[int],
    *,
    prediction: np.ndarray | None = None,
    opacity: float = 0.6,
) -> Figure:
    """Slices beside their classes in colour: image, expert, and the prediction if given.

    Args:
        slices: The set they are from.
        rows: Which slices, as row numbers of the set; each is a row of the figure.
        prediction: ``(N, H, W, 1)`` class indices for the whole set.
        opacity: Of the colours.
    """
    masks = {"expert": slices.masks}
    if prediction is not None:
        masks["prediction"] = prediction
    fig, grid = new_figure(len(rows), 1 + len(masks), width=2.4, height=2.5)
    for number, (axes_row, row) in enumerate(zip(grid, rows, strict=True)):
        about = slices.table.iloc[row]
        first = f"{about['case']}, slice {about['slice']}"
        show_image(axes_row[0], slices.images[row], title=first)
        for axes, (word, mask) in zip(axes_row[1:], masks.items(), strict=True):
            show_image(axes, slices.images[row], title="" if number else word)
            paint_classes(axes, mask[row], opacity)
    names = slices.class_names[1:]
    handles = [
        Patch(color=CLASS_COLOURS[k % len(CLASS_COLOURS)], label=name)
        for k, name in enumerate(names)
    ]
    legend_below(fig, handles)
    return fig


def plot_confusion(matrix: pd.DataFrame, *, title: str = "") -> Figure:
    """A confusion matrix as a coloured table, each row in percent of the expert's pixels.

    Args:
        matrix: From `seglib.evaluation.normalise_rows`: shares in [0, 1]; NaN is left blank.
        title: Title of the figure.
    """
    side = 0.85 * len(matrix) + 1.6
    fig, grid = new_figure(1, 1, width=side + 0.6, height=side)
    axes = grid[0, 0]
    shares = matrix.to_numpy(float)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), share in np.ndenumerate(shares):
        if np.isfinite(share):
            colour = "white" if share > 0.5 else "black"
            axes.text(j, i, f"{100 * share:.1f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(matrix)), matrix.columns, rotation=30, ha="right")
    axes.set_yticks(range(len(matrix)), matrix.index)
    axes.set_xlabel("network")
    axes.set_ylabel("expert (each row adds up to 100 %)")
    axes.set_title(title, fontsize=10)
    return fig
