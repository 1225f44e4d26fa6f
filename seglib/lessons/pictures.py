"""Pictures for lessons: a network that learns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from seglib.errors import DataError
from seglib.plotting.image import draw_contours, heart_window, show_image
from seglib.plotting.style import PREDICTION, legend_below, new_figure, outline_handles
from seglib.slices import SliceSet


def show_training(slices: SliceSet, seen: Mapping[int, np.ndarray]) -> Figure:
    """How predictions changed while a network trained: one row an epoch, one column a slice.

    Args:
        slices: The slices that were watched.
        seen: Epoch and masks ``(N, H, W, 1)``, as `seglib.training.WatchPredictions`
            keeps them.

    Raises:
        DataError: Nothing was seen: the run was trained without being watched.
    """
    if not seen:
        raise DataError(
            "no prediction was kept while training: this run was first trained without a watch, "
            "and is now only read back; use another seed or runs_dir to train it anew"
        )
    fig, grid = new_figure(len(seen), len(slices), width=1.75, height=1.95)
    window = heart_window(slices.masks)
    for axes_row, (epoch, masks) in zip(grid, sorted(seen.items()), strict=True):
        for i, axes in enumerate(axes_row):
            show_image(axes, slices.images[i], window)
            draw_contours(axes, slices.masks[i])
            draw_contours(axes, masks[i], (PREDICTION,), linestyles="dashed")
        axes_row[0].set_ylabel(f"epoch {epoch}", fontsize=9)
    legend_below(fig, outline_handles())
    return fig
