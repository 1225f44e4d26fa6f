"""One image with outlines, close up: what all pictures of slices are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from seglib.plotting.style import AGREED, PREDICTION, TRUTH


def one_plane(mask: np.ndarray) -> np.ndarray:
    """``(H, W, 1)`` to ``(H, W)``; ``(H, W)`` stays as it is."""
    return mask[..., 0] if mask.ndim == 3 else mask


def heart_window(masks: np.ndarray, margin: int = 20) -> tuple[slice, slice]:
    """A square window around all masks, so that a heart of a few percent can be seen.

    Args:
        masks: ``(..., H, W)`` or ``(N, H, W, 1)``, non-zero inside.
        margin: Pixels kept free around them.

    Returns:
        ``(rows, columns)`` slices into the image, moved inwards at its border; the whole
        image when every mask is empty.
    """
    masks = np.asarray(masks)
    if masks.shape[-1] == 1:
        masks = masks[..., 0]
    height, width = masks.shape[-2:]
    inside = (masks != 0).reshape(-1, height, width).any(axis=0)
    if not inside.any():
        return slice(0, height), slice(0, width)
    spans = [np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0)]
    side = max(span[-1] - span[0] + 1 for span in spans) + 2 * margin
    window = []
    for span, length in zip(spans, (height, width), strict=True):
        kept = min(side, length)
        start = int(np.clip((span[0] + span[-1] + 1 - kept) // 2, 0, length - kept))
        window.append(slice(start, start + kept))
    return window[0], window[1]


def show_image(
    axes: Axes,
    image: np.ndarray,
    window: tuple[slice, slice] | None = None,
    title: str = "",
    levels: tuple[float, float] | None = None,
) -> None:
    """Draw one image without ticks.

    Args:
        axes: Where to draw.
        image: ``(H, W)``, ``(H, W, 1)`` grey or ``(H, W, 3)``; grey and float images are
            stretched from their 1st to their 99th percentile inside the window.
        window: Part to show, as from `heart_window`. Pixel coordinates stay the image's own.
        title: Small title above.
        levels: Grey values to draw black and white, where the image's own shall not.
    """
    height, width = image.shape[:2]
    rows, columns = window or (slice(0, height), slice(0, width))
    picture = image[..., 0] if image.shape[2:] == (1,) else image
    if picture.ndim == 3 and picture.dtype != np.uint8:
        low, high = picture.min(), picture.max()
        picture = (picture - low) / (high - low) if high > low else np.zeros_like(picture)
    low, high = levels or np.percentile(picture[rows, columns], [1, 99])
    axes.imshow(
        picture,
        cmap="gray",
        vmin=low,
        vmax=high if high > low else low + 1,
        interpolation="nearest",
    )
    axes.set_xlim(columns.start - 0.5, columns.stop - 0.5)
    axes.set_ylim(rows.stop - 0.5, rows.start - 0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    if title:
        axes.set_title(title, fontsize=9)


def draw_contours(
    axes: Axes, mask: np.ndarray, colours: Sequence[str] = (TRUTH,), **keywords: object
) -> None:
    """Outline each class of a mask halfway between its last pixel and the next.

    Args:
        axes: Axes that already show the image.
        mask: ``(H, W)`` or ``(H, W, 1)`` class indices; empty classes draw nothing.
        colours: One colour per foreground class, repeated if there are more classes.
        **keywords: For `matplotlib.axes.Axes.contour`, e.g. ``linestyles``.
    """
    mask = one_plane(mask)
    padded = np.pad(mask, 1)  # closes the outline of a mask that touches the border
    rows, columns = (np.arange(-1, length + 1) for length in mask.shape)
    for k in np.unique(mask[mask != 0]):
        axes.contour(
            columns,
            rows,
            padded == k,
            levels=[0.5],
            colors=[colours[(int(k) - 1) % len(colours)]],
            **{"linewidths": 1.4, **keywords},
        )


def paint_agreement(
    axes: Axes, truth: np.ndarray, prediction: np.ndarray, opacity: float = 0.85
) -> None:
    """Lay the three kinds of pixels over an image: of both, missed, extra.

    The area of both is paler, so that the image can still be seen under it.

    Args:
        axes: Axes that already show the image.
        truth: ``(H, W)`` or ``(H, W, 1)``, non-zero inside.
        prediction: Same as `truth`.
        opacity: Of what is missed or extra, 0 to 1; 1 paints all three kinds fully.
    """
    truth, prediction = one_plane(truth) != 0, one_plane(prediction) != 0
    layer = np.zeros((*truth.shape, 4))
    layer[truth & prediction] = to_rgba(AGREED, 0.45 if opacity < 1 else 1)
    layer[truth & ~prediction] = to_rgba(TRUTH, opacity)
    layer[~truth & prediction] = to_rgba(PREDICTION, opacity)
    axes.imshow(layer, interpolation="nearest")
