"""Pictures of slices: outlines, probabilities, pairs, best and worst cases, attention maps.

Every function returns a `matplotlib.figure.Figure` and leaves its arrays alone.
Colours are those of Okabe and Ito, which colour-blind readers can tell apart: the
expert's mask is sky blue, a prediction orange, and where both agree bluish green.
What a figure shows is written on it when it is saved (`seglib.reporting.save_figure`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from seglib.evaluation.tables import best_median_worst
from seglib.plotting.image import (
    draw_contours,
    heart_window,
    one_plane,
    paint_agreement,
    show_image,
)
from seglib.plotting.style import (
    METRIC_NAMES,
    PALETTE,
    PREDICTION,
    TRUTH,
    agreement_handles,
    legend_below,
    new_figure,
    outline_handles,
)
from seglib.slices import SliceSet


def show_slices(
    slices: SliceSet,
    rows: Sequence[int],
    *,
    prediction: np.ndarray | None = None,
    zoom: bool = True,
    columns: int = 4,
) -> Figure:
    """A grid of slices with the outlines of their masks.

    Args:
        slices: The set they are from.
        rows: Which slices, as row numbers of the set.
        prediction: ``(N, H, W, 1)`` class indices for the whole set, outlined beside
            the truth if given.
        zoom: Show the heart's surroundings instead of the whole image.
        columns: Slices beside one another.
    """
    rows = [int(row) for row in rows]
    columns = min(columns, len(rows))
    fig, grid = new_figure(-(-len(rows) // columns), columns, width=2.2, height=2.45)
    for axes in grid.flat[len(rows) :]:
        axes.remove()
    for axes, row in zip(grid.flat, rows, strict=False):
        about = slices.table.iloc[row]
        window = heart_window(slices.masks[row]) if zoom else None
        show_image(axes, slices.images[row], window, f"{about['case']}\nslice {about['slice']}")
        draw_contours(axes, slices.masks[row], _class_colours(slices))
        if prediction is not None:
            draw_contours(axes, prediction[row], (PREDICTION,), linestyles="dashed")
    names = [f"{name} (expert)" for name in slices.class_names[1:]]
    expert = zip(names, _class_colours(slices), strict=False)
    legend_below(fig, outline_handles(None if prediction is None else "prediction", expert))
    return fig


def _class_colours(slices: SliceSet) -> tuple[str, ...]:
    return (TRUTH,) if slices.num_classes == 2 else (TRUTH, *PALETTE[2:4], *PALETTE[5:])


def show_probabilities(slices: SliceSet, probabilities: np.ndarray, *, columns: int = 4) -> Figure:
    """What the network says before the threshold, with the expert's outline.

    Args:
        slices: The set that was predicted.
        probabilities: ``(N, H, W, 1)`` in [0, 1], one class.
        columns: Slices beside one another.
    """
    columns = min(columns, len(slices))
    fig, grid = new_figure(-(-len(slices) // columns), columns, width=2.2, height=2.45)
    drawn = None
    for i, axes in enumerate(grid.flat):
        axes.set_axis_off()
        if i < len(slices):
            drawn = axes.imshow(one_plane(probabilities[i]), cmap="gray", vmin=0, vmax=1)
            rows, across = heart_window(slices.masks[i])
            axes.set_xlim(across.start - 0.5, across.stop - 0.5)
            axes.set_ylim(rows.stop - 0.5, rows.start - 0.5)
            axes.set_title(slices.table.at[i, "case"], fontsize=9)
            draw_contours(axes, slices.masks[i], _class_colours(slices))
    fig.colorbar(drawn, ax=grid[:, -1], label="probability", fraction=0.05, aspect=25)
    return fig


def show_pairs(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Image above, mask below: a pair and what augmentation made of it, four abreast.

    Args:
        pairs: Images ``(H, W)`` or ``(H, W, C)``, masks ``(H, W)`` or ``(H, W, 1)``; the first
            pair is the original.
        titles: One title per pair; without them "original" and numbers.
    """
    titles = titles or ["original", *(f"variant {i}" for i in range(1, len(pairs)))]
    columns = min(len(pairs), 4)
    fig, grid = new_figure(2 * -(-len(pairs) // columns), columns, width=1.7, height=1.8)
    for axes in grid.flat:
        axes.set_axis_off()
    places = zip(grid[::2].flat, grid[1::2].flat, strict=True)
    for (top, bottom), (image, mask), title in zip(places, pairs, titles, strict=False):
        mask = one_plane(mask)
        show_image(top, image, title=title)
        draw_contours(top, mask)
        bottom.imshow(mask, cmap="gray", vmin=0, vmax=max(1, mask.max()), interpolation="nearest")
    return fig


def cases_best_median_worst(
    slices: SliceSet,
    prediction: np.ndarray,
    per_case: pd.DataFrame,
    *,
    metric: str = "dice",
    columns: int = 5,
) -> Figure:
    """The best, the median and the worst case, from base to apex.

    Args:
        slices: The set that was scored.
        prediction: ``(N, H, W, 1)`` class indices.
        per_case: Table of `seglib.evaluation.score_cases`, one class.
        metric: What cases are ranked by; higher is better.
        columns: Slices shown of each case, evenly spread over those that hold the structure.
    """
    chosen = best_median_worst(per_case, metric)
    fig, grid = new_figure(3, columns, width=1.75, height=1.95)
    for axes_row, (word, case) in zip(grid, chosen.items(), strict=True):
        index = slices.rows_of(case["case"])
        holds = slices.masks[index].any(axis=(1, 2, 3))
        index = index[holds] if holds.any() else index
        shown = np.linspace(0, len(index) - 1, min(columns, len(index))).round().astype(int)
        window = heart_window(np.concatenate([slices.masks[index], prediction[index]]), margin=12)
        for axes in axes_row:
            axes.set_axis_off()
        for axes, row in zip(axes_row, index[shown], strict=False):
            axes.set_axis_on()
            show_image(axes, slices.images[row], window, f"slice {slices.table.at[row, 'slice']}")
            paint_agreement(axes, slices.masks[row], prediction[row])
        axes_row[0].set_ylabel(
            f"{word}: {case['case']}\n{METRIC_NAMES.get(metric, metric)} {case[metric]:.3f}",
            fontsize=9,
        )
    legend_below(fig, agreement_handles(opacity=0.7))
    return fig


def plot_attention(
    images: np.ndarray,
    maps: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    masks: np.ndarray | None = None,
) -> Figure:
    """Attention maps beside the hearts, in the colour bar's colours: where the network looks.

    Args:
        images: ``(N, H, W, C)``, one row of the figure each.
        maps: One ``(N, h, w)`` or ``(N, h, w, 1)`` array per map, of any resolution,
            values in [0, 1]; each is stretched over its image.
        titles: One title per map.
        masks: ``(N, H, W, 1)``, outlined on images and maps and used to zoom, if given.
    """
    height, width = images.shape[1:3]
    fig, grid = new_figure(len(images), 1 + len(maps), width=2.2, height=2.05)
    drawn = None
    for i, axes_row in enumerate(grid):
        window = heart_window(masks[i], margin=30) if masks is not None else None
        show_image(axes_row[0], images[i], window, "image" if i == 0 else "")
        if masks is not None:
            draw_contours(axes_row[0], masks[i])
        for axes, attention, title in zip(axes_row[1:], maps, titles, strict=True):
            drawn = axes.imshow(
                one_plane(attention[i]),
                cmap="inferno",
                vmin=0,
                vmax=1,
                interpolation="bilinear",
                interpolation_stage="data",  # between colours lie some that the bar lacks
                extent=(-0.5, width - 0.5, height - 0.5, -0.5),
            )
            axes.set_xlim(axes_row[0].get_xlim())
            axes.set_ylim(axes_row[0].get_ylim())
            axes.set_axis_off()
            axes.set_title(title if i == 0 else "", fontsize=9)
            if masks is not None:
                draw_contours(axes, masks[i])
    fig.colorbar(drawn, ax=grid[:, -1], label="attention", fraction=0.05, aspect=30)
    return fig
