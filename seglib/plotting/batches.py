"""What goes into the network: grids of images, and a heart in its phases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from seglib.plotting.style import (
    draw_contours,
    heart_window,
    new_figure,
    show_image,
)
from seglib.slices import SliceSet


def show_images(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    masks: Sequence[np.ndarray] | None = None,
    window: tuple[slice, slice] | None = None,
    columns: int = 4,
) -> Figure:
    """Any images beside one another, with the outlines of masks if given.

    Args:
        images: ``(H, W)`` or ``(H, W, C)`` each; sizes may differ.
        titles: One title per image.
        masks: ``(H, W)`` or ``(H, W, 1)`` class indices each, one per image.
        window: Part to show of every image, as from `seglib.plotting.heart_window`.
        columns: Images beside one another.
    """
    columns = min(columns, len(images))
    fig, grid = new_figure(-(-len(images) // columns), columns, width=2.2, height=2.45)
    for axes in grid.flat[len(images) :]:
        axes.remove()
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        show_image(grid.flat[i], image, window, title)
        if masks is not None:
            draw_contours(grid.flat[i], masks[i])
    return fig


def show_phases(slices: SliceSet, patient: str, *, columns: int = 6) -> Figure:
    """One heart from base (left) to apex, one row per phase, all in the same window.

    Args:
        slices: The set that the patient is from.
        patient: Who is shown.
        columns: Slices shown of each phase, evenly spread over it.

    Raises:
        DataError: The patient is not in the set.
    """
    heart = slices.of_patients([patient])
    phases = sorted(heart.cases(), key=lambda rows: heart.table.at[rows[0], "phase"])
    columns = min(columns, max(map(len, phases)))
    window = heart_window(heart.masks)
    fig, grid = new_figure(len(phases), columns, width=1.75, height=2.0)
    for axes_row, rows in zip(grid, phases, strict=True):
        places = np.linspace(0, len(rows) - 1, min(columns, len(rows))).round().astype(int)
        for axes in axes_row[len(places) :]:
            axes.set_axis_off()
        for axes, row in zip(axes_row, rows[places], strict=False):
            show_image(axes, heart.images[row], window, f"slice {heart.table.at[row, 'slice']}")
            draw_contours(axes, heart.masks[row])
        axes_row[0].set_ylabel(f"{patient}\n{heart.table.at[rows[0], 'phase']}", fontsize=9)
    return fig
