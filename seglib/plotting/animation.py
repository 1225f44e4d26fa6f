"""Films for GIF and MP4: a case slice after slice, hearts that beat, a network that learns.

A volume is hard to judge from a few pictures. Here the eye sees whether the outline
moves smoothly from one slice to the next, or with the heart, and where it flickers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from seglib.errors import DataError
from seglib.evaluation.scores import overlap_scores
from seglib.plotting.image import draw_contours, heart_window, show_image
from seglib.plotting.style import (
    PREDICTION,
    TRUTH,
    label_figure,
    legend_below,
    new_figure,
    outline_handles,
)
from seglib.slices import SliceSet

#: Slices shown each second.
FPS = 8

#: How often the last picture of a learning network is repeated, so that one can look at it.
HOLD = 4

#: The phases of a beat as a title writes them out, in the order of the film.
BEAT = {"ED": "end-diastole (filled)", "ES": "end-systole (emptied)"}


def render_slices(
    slices: SliceSet,
    prediction: np.ndarray | None = None,
    *,
    profile: str,
    step: int = 1,
    margin: int = 25,
    dpi: int = 100,
) -> np.ndarray:
    """Draw every slice of one case, all with the same window.

    Args:
        slices: Slices of a single case; shown in the order of the column ``slice``.
        prediction: ``(N, H, W, 1)`` class indices, outlined beside the expert's if given.
        profile: Profile named in the label.
        step: Show every `step`-th slice.
        margin: Pixels kept free around all masks.
        dpi: Dots an inch; a frame is about 3.2 inches wide.

    Returns:
        ``(F, h, w, 3)`` uint8 frames with even sides, as video codecs want them.

    Raises:
        DataError: There is no slice, or they belong to several cases.
    """
    cases = slices.table["case"].unique()
    if len(cases) != 1:
        raise DataError(f"an animation shows one case, found {len(cases)}; take one first")
    order = slices.rows_of(cases[0])[::step]
    every = slices.masks if prediction is None else np.maximum(slices.masks, prediction)
    window = heart_window(every, margin)
    handles = outline_handles(None if prediction is None else "prediction")
    frames = []
    for row in order:
        fig, grid = new_figure(1, 1, width=3.2, height=3.4)
        title = f"{cases[0]}, slice {slices.table.at[row, 'slice']}"
        show_image(grid[0, 0], slices.images[row], window, title)
        draw_contours(grid[0, 0], slices.masks[row], (TRUTH,))
        if prediction is not None:
            draw_contours(grid[0, 0], prediction[row], (PREDICTION,), linestyles="dashed")
        legend_below(fig, handles)
        label_figure(fig, slices.name, profile)
        frames.append(_pixels(fig, dpi))
    return np.stack(frames)


def render_beat(
    slices: SliceSet,
    prediction: np.ndarray,
    patients: Mapping[str, str],
    *,
    profile: str,
    columns: int = 5,
    margin: int = 15,
    dpi: int = 100,
) -> np.ndarray:
    """Draw hearts that beat: a frame for each phase, a row for each patient.

    The columns are slice positions that are outlined in both phases, evenly spaced from the
    first to the last.

    Args:
        slices: Both phases of all the patients, ``"ED"`` and ``"ES"``.
        prediction: ``(N, H, W, 1)`` class indices of the same slices.
        patients: What is written beside each patient's row.
        profile: Profile named in the label.
        columns: Slices of each patient; fewer where a patient has fewer.
        margin: Pixels kept free around a patient's masks.
        dpi: Dots an inch; a frame is about 1.4 inches for each column wide.

    Returns:
        ``(2, h, w, 3)`` uint8: end-diastole, end-systole.

    Raises:
        DataError: A patient has no slice position with both phases.
    """
    shown = {patient: _beating_rows(slices, patient, columns) for patient in patients}
    every = np.maximum(slices.masks, prediction)
    frames = []
    for phase, title in BEAT.items():
        fig, grid = new_figure(len(patients), columns, width=1.4, height=1.42)
        for axes in grid.flat:
            axes.set_axis_off()
        for line, (patient, rows) in zip(grid, shown.items(), strict=True):
            window = heart_window(every[rows.to_numpy().ravel()], margin)
            for axes, row in zip(line, rows[phase], strict=False):
                axes.set_axis_on()
                show_image(axes, slices.images[row], window)
                draw_contours(axes, slices.masks[row], (TRUTH,))
                draw_contours(axes, prediction[row], (PREDICTION,), linestyles="dashed")
            line[0].set_ylabel(patients[patient], fontsize=9)
        # At the left: a centred title would jump with the length of its words.
        fig.suptitle(f"{title}, slices from base to apex", x=0.01, ha="left", fontsize=11)
        legend_below(fig, outline_handles("network"))
        label_figure(fig, slices.name, profile)
        frames.append(_pixels(fig, dpi))
    return np.stack(frames)


def _beating_rows(slices: SliceSet, patient: str, count: int) -> pd.DataFrame:
    """Row numbers of evenly spaced slice positions, a column for each phase of `BEAT`."""
    of_patient = slices.table[slices.table["patient"] == patient]
    rows = of_patient.reset_index().pivot(index="slice", columns="phase", values="index")
    rows = rows.reindex(columns=list(BEAT)).dropna().astype(int)
    if rows.empty:
        raise DataError(f"{patient}: no slice position has both phases, {' and '.join(BEAT)}")
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)
    return rows.iloc[places]


def render_training(
    slices: SliceSet,
    seen: Mapping[int, np.ndarray],
    *,
    profile: str,
    margin: int = 20,
    dpi: int = 100,
) -> np.ndarray:
    """Draw what a network said of a few slices after each epoch that was watched.

    Args:
        slices: The slices that were watched, of one foreground class.
        seen: Epoch and masks ``(N, H, W, 1)``, as `seglib.training.WatchPredictions` keeps them.
        profile: Profile named in the label.
        margin: Pixels kept free around a slice's mask.
        dpi: Dots an inch; a frame is 2.1 inches a slice wide.

    Returns:
        ``(F, h, w, 3)`` uint8: a frame for each epoch, the last one `HOLD` times.

    Raises:
        DataError: Nothing was seen.
    """
    require_seen(seen)
    windows = [heart_window(mask, margin) for mask in slices.masks]
    frames = []
    for epoch, masks in sorted(seen.items()):
        fig, grid = new_figure(1, len(slices), width=2.1, height=2.3)
        for axes, row, window in zip(grid[0], range(len(slices)), windows, strict=True):
            dice = overlap_scores(slices.masks[row], masks[row])["dice"]
            show_image(axes, slices.images[row], window, f"Dice {dice:.2f}")
            draw_contours(axes, slices.masks[row], (TRUTH,))
            draw_contours(axes, masks[row], (PREDICTION,), linestyles="dashed")
        fig.suptitle(f"after epoch {epoch} of {max(seen)}", x=0.01, ha="left", fontsize=11)
        legend_below(fig, outline_handles("network"))
        label_figure(fig, slices.name, profile)
        frames.append(_pixels(fig, dpi))
    return np.stack(frames + frames[-1:] * (HOLD - 1))


def require_seen(seen: Mapping[int, np.ndarray]) -> None:
    """Refuse to show a training that nobody watched.

    Raises:
        DataError: Nothing was seen.
    """
    if not seen:
        raise DataError(
            "no prediction was kept while training: this run was first trained without a watch, "
            "and is now only read back; use another seed or runs_dir to train it anew"
        )


def _pixels(fig: Figure, dpi: int) -> np.ndarray:
    """Draw a figure and close it: ``(h, w, 3)`` uint8, with even sides, as codecs want them."""
    fig.set_dpi(dpi)
    fig.canvas.draw()
    frame = np.asarray(fig.canvas.buffer_rgba())[..., :3].copy()
    plt.close(fig)
    return frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]


def write_gif(frames: np.ndarray, path: Path, fps: float = FPS, colours: int = 256) -> None:
    """Write a GIF that repeats for ever.

    Args:
        frames: From any `render` function.
        path: Where to.
        fps: Frames a second.
        colours: Size of the palette, at most 256; fewer make a smaller file.
    """
    # One palette for all frames: with one each, still parts would flicker. It covers all colours
    # and not the frequent ones alone: thin outlines would fade into the greys of the image.
    every = Image.fromarray(frames.reshape(-1, *frames.shape[2:]))
    palette = every.quantize(colours, method=Image.Quantize.MAXCOVERAGE)
    pictures = [Image.fromarray(frame).quantize(palette=palette, dither=0) for frame in frames]
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0
    )


def write_mp4(frames: np.ndarray, path: Path, fps: float = FPS) -> None:
    """Write an H.264 film that browsers and JupyterLab play.

    Args:
        frames: From `render_slices`.
        path: Where to.
        fps: Frames a second.
    """
    height, width = frames.shape[1:3]
    writer = imageio_ffmpeg.write_frames(
        path,
        (width, height),
        fps=fps,
        codec="libx264",
        macro_block_size=2,
        ffmpeg_log_level="error",
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
