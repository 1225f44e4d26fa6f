"""A case as a film: slice after slice with the outlines, for GIF and MP4.

A volume is hard to judge from a few pictures. Here the eye sees whether the outline
moves smoothly from one slice to the next, and where it flickers.
"""

from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import numpy as np
from matplotlib import pyplot as plt
from PIL import Image

from seglib.errors import DataError
from seglib.plotting.style import (
    PREDICTION,
    TRUTH,
    draw_contours,
    heart_window,
    label_figure,
    legend_below,
    new_figure,
    outline_handles,
    show_image,
)
from seglib.slices import SliceSet

#: Slices shown each second.
FPS = 8


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
        fig.set_dpi(dpi)
        fig.canvas.draw()
        frames.append(np.asarray(fig.canvas.buffer_rgba())[..., :3].copy())
        plt.close(fig)
    stack = np.stack(frames)
    return stack[:, : stack.shape[1] // 2 * 2, : stack.shape[2] // 2 * 2]


def write_gif(frames: np.ndarray, path: Path, fps: float = FPS, colours: int = 64) -> None:
    """Write a GIF that repeats for ever.

    Args:
        frames: From `render_slices`.
        path: Where to.
        fps: Frames a second.
        colours: Size of the palette, at most 256; fewer make a smaller file.
    """
    # One palette for all frames: with one each, still parts would flicker.
    palette = Image.fromarray(frames.reshape(-1, *frames.shape[2:])).quantize(colours)
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
