"""Charts of where along the head a tumour is, for expert and network: no image is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from seglib.evaluation.tables import best_median_worst
from seglib.plotting.style import (
    AGREED,
    METRIC_NAMES,
    PREDICTION,
    TRUTH,
    agreement_handles,
    legend_below,
    new_figure,
    outline_handles,
    plain_axes,
)
from seglib.slices import SliceSet

#: A slice can be outside the patient's stack, empty, or one of these.
_EMPTY = "#E4E4E4"
_COLOURS = ("#FFFFFF", _EMPTY, TRUTH, PREDICTION, AGREED)
_NOWHERE, _NOTHING, _EXPERT, _NETWORK, _BOTH = range(5)


def plot_presence(slices: SliceSet, *, prediction: np.ndarray | None = None) -> Figure:
    """Which slices of each patient show the structure: one row a patient, one cell a slice.

    Args:
        slices: The set. One case a patient.
        prediction: ``(N, H, W, 1)`` class indices for the whole set; then cells tell
            whether expert, network or both marked something, not whether they agree where.
    """
    rows = {slices.table.at[index[0], "patient"]: index for index in slices.cases()}
    shown = slices.masks.any(axis=(1, 2, 3))
    said = np.zeros_like(shown) if prediction is None else prediction.any(axis=(1, 2, 3))
    state = _NOTHING + shown * (_EXPERT - _NOTHING) + said * (_NETWORK - _NOTHING)
    cells = np.full((len(rows), max(map(len, rows.values()))), _NOWHERE)
    for line, patient in zip(cells, sorted(rows), strict=True):
        line[: len(rows[patient])] = state[rows[patient]]
    fig, grid = new_figure(1, 1, width=7.0, height=0.24 * len(rows) + 0.8)
    axes = grid[0, 0]
    axes.pcolormesh(
        cells, cmap=ListedColormap(_COLOURS), vmin=0, vmax=4, edgecolors="white", linewidth=0.8
    )
    axes.invert_yaxis()
    axes.set_yticks(np.arange(len(rows)) + 0.5, sorted(rows), fontsize=8)
    axes.tick_params(left=False)
    axes.set_xlabel("slices of the patient, in order")
    axes.spines[:].set_visible(False)
    handles = [Patch(color=_EMPTY, label="empty"), Patch(color=TRUTH, label="tumour (expert)")]
    if prediction is not None:
        handles = [Patch(color=_EMPTY, label="neither"), *agreement_handles()]
    legend_below(fig, handles)
    return fig


def plot_areas(
    slices: SliceSet,
    prediction: np.ndarray,
    per_case: pd.DataFrame,
    *,
    metric: str = "dice",
) -> Figure:
    """Area of the structure from slice to slice, in the best, the median and the worst case.

    Args:
        slices: The set that was scored.
        prediction: ``(N, H, W, 1)`` class indices.
        per_case: Table of `seglib.evaluation.score_cases`, one class.
        metric: What cases are ranked by; higher is better.
    """
    chosen = best_median_worst(per_case, metric)
    fig, grid = new_figure(1, 3, width=2.8, height=2.6)
    for axes, (word, case) in zip(grid[0], chosen.items(), strict=True):
        index = slices.rows_of(case["case"])
        for masks, colour, style in (
            (slices.masks, TRUTH, "solid"),
            (prediction, PREDICTION, "dashed"),
        ):
            areas = (masks[index] != 0).sum(axis=(1, 2, 3))
            axes.plot(slices.table.loc[index, "slice"], areas, color=colour, linestyle=style)
        value = f"{METRIC_NAMES.get(metric, metric)} {case[metric]:.3f}"
        axes.set_title(f"{word}: {case['case']}, {value}", fontsize=9)
        axes.set_xlabel("slice")
        axes.set_ylim(bottom=0)
        plain_axes(axes)
    grid[0, 0].set_ylabel("area (pixels)")
    legend_below(fig, outline_handles())
    return fig
