"""Pictures for lessons: a network that learns, its features, and slices to leaf through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seglib.errors import DataError
from seglib.lessons.panels import Choice, Panel, Slider
from seglib.plotting.animation import require_seen
from seglib.plotting.image import draw_contours, heart_window, paint_agreement, show_image
from seglib.plotting.style import (
    PREDICTION,
    TRUTH,
    agreement_handles,
    label_figure,
    legend_below,
    new_figure,
    outline_handles,
)
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
    require_seen(seen)
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


def show_features(image: np.ndarray, maps: Mapping[str, np.ndarray], columns: int = 4) -> Figure:
    """The features of a network's levels on one image: a row a level, dark for 0.

    Args:
        image: ``(H, W, C)``, as the network gets it.
        maps: ``(h, w, filters)`` of each level, as `seglib.inference.feature_maps` gives them
            for one image.
        columns: Channels shown of each level: those that differ most within the image.
    """
    fig, grid = new_figure(len(maps), 1 + columns, width=1.45, height=1.55)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes_row, (name, values) in zip(grid, maps.items(), strict=True):
        show_image(axes_row[0], image)
        axes_row[0].set_axis_on()
        height, width, filters = values.shape
        axes_row[0].set_ylabel(f"{name}\n{height}×{width}, {filters} channels", fontsize=8)
        chosen = np.argsort(-values.std(axis=(0, 1)), kind="stable")[:columns]
        for axes, channel in zip(axes_row[1:], chosen, strict=False):
            axes.imshow(values[..., channel], cmap="inferno", vmin=0, interpolation="nearest")
            axes.set_title(f"channel {channel}", fontsize=8)
    return fig


#: The ways to show what a prediction has right and wrong.
OUTLINES, ERRORS = "outlines", "error colours"


def browse_slices(
    slices: SliceSet, prediction: np.ndarray | None = None, *, dataset: str, profile: str
) -> Panel:
    """Leaf through patients, phases and slices, with the truth and what a network says of it.

    Args:
        slices: Any set, of one foreground class where there is a prediction.
        prediction: ``(N, H, W, 1)`` class indices of the same slices, if there are any.
        dataset: Named under the picture.
        profile: Likewise.

    Returns:
        Controls above which the slice is shown; where no widget runs, some slices of the
        first patient stand in for it.

    Raises:
        DataError: There is no slice, or the prediction has another shape.
    """
    if not len(slices):
        raise DataError(f"{slices.name} holds no slices, so there is nothing to look at")
    if prediction is not None and prediction.shape != slices.masks.shape:
        raise DataError(
            f"the prediction has shape {prediction.shape}, the masks have {slices.masks.shape}"
        )
    phases = list(dict.fromkeys(slices.table["phase"]))
    longest = int(slices.table.groupby(["patient", "phase"]).size().max())
    controls: dict[str, Slider | Choice] = {"patient": Choice("patient", slices.patients)}
    if len(phases) > 1:
        controls["phase"] = Choice("phase", phases)
    controls["place"] = Slider("slice", 1, longest, (longest + 1) // 2)
    if prediction is not None:
        controls["view"] = Choice("show", (OUTLINES, ERRORS))

    def draw(patient: str, place: int, phase: str = phases[0], view: str = OUTLINES) -> Figure:
        row, count = row_at(slices, patient, phase, place)
        fig, grid = new_figure(1, 1, width=4.2, height=4.2)
        if row is None:
            grid[0, 0].set_axis_off()
            grid[0, 0].set_title(f"{patient} has no slice in the phase {phase}", fontsize=9)
        else:
            _show_slice(grid[0, 0], slices, row, prediction, view)
            title = f"{patient} {phase}".strip()
            grid[0, 0].set_title(f"{title}, slice {min(place, count)} of {count}", fontsize=9)
        legend_below(fig, _handles(prediction, [view]))
        return label_figure(fig, dataset, profile)

    def still() -> Figure:
        views = [OUTLINES] if prediction is None else [OUTLINES, ERRORS]
        _, count = row_at(slices, slices.patients[0], phases[0], 1)
        places = np.unique(np.linspace(1, max(count, 1), 4).round().astype(int))
        fig, grid = new_figure(len(views), len(places), width=1.8, height=2.05)
        for axes_row, view in zip(grid, views, strict=True):
            for axes, place in zip(axes_row, places, strict=True):
                row, _ = row_at(slices, slices.patients[0], phases[0], place)
                if row is not None:
                    _show_slice(axes, slices, row, prediction, view)
                    axes.set_title(f"slice {place} of {count}", fontsize=9)
        fig.suptitle(f"{slices.patients[0]} {phases[0]}".strip(), fontsize=10)
        legend_below(fig, _handles(prediction, views))
        return label_figure(fig, dataset, profile)

    return Panel(controls, draw, still)


def row_at(slices: SliceSet, patient: str, phase: str, place: int) -> tuple[int | None, int]:
    """The row of a patient's slice, and how many there are.

    Args:
        slices: Any set.
        patient: One of its patients.
        phase: One of its phases.
        place: Counted from 1; one beyond the last slice gives the last.

    Returns:
        Row number, None where the patient has no slice in that phase; and the count.
    """
    of = slices.table[(slices.table["patient"] == patient) & (slices.table["phase"] == phase)]
    rows = of.sort_values("slice", kind="stable").index
    return (int(rows[min(place, len(rows)) - 1]) if len(rows) else None), len(rows)


def _show_slice(
    axes: Axes, slices: SliceSet, row: int, prediction: np.ndarray | None, view: str
) -> None:
    """One slice in the window around all masks of its patient, so that leafing does not jump."""
    own = (slices.table["patient"] == slices.table.at[row, "patient"]).to_numpy()
    show_image(axes, slices.images[row], heart_window(slices.masks[own]))
    if view == ERRORS:
        paint_agreement(axes, slices.masks[row], prediction[row])
        return
    draw_contours(axes, slices.masks[row], (TRUTH,))
    if prediction is not None:
        draw_contours(axes, prediction[row], (PREDICTION,), linestyles="dashed")


def _handles(prediction: np.ndarray | None, views: Sequence[str]) -> list[Artist]:
    """What the legend says of one view, or of both."""
    handles: list[Artist] = []
    if OUTLINES in views:
        handles += outline_handles(None if prediction is None else "prediction")
    return handles + (agreement_handles(opacity=0.7) if ERRORS in views else [])
