"""Pictures and masks of another size, and masks of other numbers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from seglib.errors import DataError


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize one image with Pillow's bilinear filter.

    Args:
        image: ``(H, W)`` or ``(H, W, C)``, uint8 or float32.
        size: New ``(height, width)`` in pixels.

    Returns:
        ``(height, width)`` or ``(height, width, C)``, same dtype as `image`.
    """
    return _resize(image, size, Image.Resampling.BILINEAR)


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize one mask with the nearest neighbour: no new label can appear.

    Args:
        mask: ``(H, W)`` or ``(H, W, 1)``, uint8 class indices.
        size: New ``(height, width)`` in pixels.
    """
    return _resize(mask, size, Image.Resampling.NEAREST)


def resize_mask_smoothly(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize one binary mask with Pillow's default filter and cut it at half: **system 1's way**.

    Bicubic smoothing makes grey values of a label, and the threshold then rounds the
    outline. Here only so that the study can measure what this costs.

    Args:
        mask: ``(H, W)`` or ``(H, W, 1)``, uint8, 0 or 1.
        size: New ``(height, width)`` in pixels.

    Raises:
        DataError: The mask has other classes, which no threshold can tell apart.
    """
    if mask.max(initial=0) > 1:
        raise DataError(
            f"a mask with class {mask.max()} cannot be resized smoothly; use the nearest neighbour"
        )
    return threshold(_resize(mask * np.uint8(255), size, Image.Resampling.BICUBIC))


def _resize(array: np.ndarray, size: tuple[int, int], method: Image.Resampling) -> np.ndarray:
    height, width = size
    channels = np.atleast_3d(array)
    resized = [
        np.asarray(Image.fromarray(channels[..., c]).resize((width, height), method))
        for c in range(channels.shape[-1])
    ]
    return np.stack(resized, axis=-1).reshape(height, width, *array.shape[2:])


def threshold(mask: np.ndarray, level: int = 128) -> np.ndarray:
    """Grey mask to class indices: 1 where ``mask >= level``, else 0. Returns uint8."""
    return (mask >= level).astype(np.uint8)


def map_labels(mask: np.ndarray, labels: dict[int, int]) -> np.ndarray:
    """Stored grey values to class indices.

    Args:
        mask: Array of stored values.
        labels: Class index for each stored value, e.g. ``{0: 0, 85: 1, 170: 2, 255: 3}``.

    Returns:
        uint8 array of the same shape.

    Raises:
        DataError: `mask` holds a value that `labels` does not name.
    """
    unknown = np.setdiff1d(mask, list(labels))
    if unknown.size:
        raise DataError(
            f"mask values {unknown[:5].tolist()} are not among the labels {sorted(labels)}"
        )
    classes = np.zeros(mask.shape, np.uint8)
    for value, index in labels.items():
        classes[mask == value] = index
    return classes
