"""What goes into the network: grids of images, a volume along its axes, a heart in its phases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import Normal, Stroke

from seglib.plotting.image import draw_contours, heart_window, show_image
from seglib.plotting.style import legend_below, new_figure, outline_handles
from seglib.slices import SliceSet


def show_images(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    masks: Sequence[np.ndarray] | None = None,
    window: tuple[slice, slice] | None = None,
    levels: tuple[float, float] | None = None,
    columns: int = 4,
) -> Figure:
    """Any images beside one another, with the expert's outlines if given.

    Args:
        images: ``(H, W)`` or ``(H, W, C)`` each; sizes may differ.
        titles: One title per image.
        masks: ``(H, W)`` or ``(H, W, 1)`` class indices each, one per image.
        window: Part to show of every image, as from `seglib.plotting.heart_window`.
        levels: Grey values to draw black and white in all of them; without them each is
            stretched by itself, which hides a change of brightness.
        columns: Images beside one another.
    """
    columns = min(columns, len(images))
    fig, grid = new_figure(-(-len(images) // columns), columns, width=2.2, height=2.45)
    for axes in grid.flat[len(images) :]:
        axes.remove()
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        show_image(grid.flat[i], image, window, title, levels)
        if masks is not None:
            draw_contours(grid.flat[i], masks[i])
    if masks is not None:
        legend_below(fig, outline_handles(None))
    return fig


def show_planes(slices: SliceSet, place: tuple[int, int, int], letters: str = "") -> Figure:
    """One volume cut along its three axes, each cut as wide and high as it is in the body.

    Args:
        slices: One volume, its slices in order; the table has ``spacing`` and ``slice_spacing``,
            in mm.
        place: Slice, row and column through which the cuts go.
        letters: Six letters for the edges: where the slices, the rows and the columns begin
            and end, e.g. ``"ISAPRL"``; none if left out.
    """
    first = slices.table.iloc[0]
    sides = (first["slice_spacing"], first["spacing"], first["spacing"])  # mm
    height, width = slices.images.shape[1:3]
    ratios = {"width_ratios": [width, width, height]}  # one scale for all three
    fig, grid = new_figure(1, 3, width=3.0, height=3.2, gridspec_kw=ratios)
    fig.set_layout_engine("constrained")  # the compressed one makes all as low as the lowest
    for cut, (name, axes) in enumerate(zip(("slice", "row", "column"), grid[0], strict=True)):
        down, across = (axis for axis in range(3) if axis != cut)
        title = f"{name} {place[cut]}"
        show_image(axes, np.take(slices.images[..., 0], place[cut], cut), title=title)
        draw_contours(axes, np.take(slices.masks[..., 0], place[cut], cut))
        axes.set_aspect(sides[down] / sides[across])
        _draw_bar(axes, 50 / sides[across])
        ends = {axis: letters[2 * axis : 2 * axis + 2] for axis in (down, across)}
        _write(axes, ends[down], ((0.5, 1), (0.5, 0)))
        _write(axes, ends[across], ((0, 0.5), (1, 0.5)))
    legend_below(fig, [*outline_handles(None), Line2D([], [], color="black", lw=3, label="50 mm")])
    return fig


def _draw_bar(axes: Axes, pixels: float) -> None:
    """A bar of so many pixels at the foot of an image, white on black to be seen on any grey."""
    left = axes.get_xlim()[0] + 0.06 * np.ptp(axes.get_xlim())
    foot = axes.get_ylim()[0] - 0.06 * np.ptp(axes.get_ylim())
    for colour, width in (("black", 5), ("white", 3)):
        axes.plot([left, left + pixels], [foot, foot], color=colour, linewidth=width)


def _write(axes: Axes, letters: str, places: Sequence[tuple[float, float]]) -> None:
    """Letters at the inner edges of an image, white on black to be seen on any grey."""
    for letter, (x, y) in zip(letters, places, strict=False):
        axes.annotate(
            letter,
            (x, y),
            (9 - 18 * x, 9 - 18 * y),  # points inwards
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="center",
            color="white",
            weight="bold",
            path_effects=[Stroke(linewidth=2.5, foreground="black"), Normal()],
        )


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
