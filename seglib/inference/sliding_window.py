"""A window that slides over a volume: how a network of patches predicts a case.

A volume does not go through a network at once. Where windows overlap, what lies near a
window's middle counts more.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from seglib.inference.forward import even_size, forward, most_at_once, values_per_pixel
from seglib.inference.onnx_network import OnnxNetwork
from seglib.preprocessing.intensities import require_finite_input
from seglib.preprocessing.steps import Preprocessing
from seglib.preprocessing.volumes import at_least, prepare_volume

if TYPE_CHECKING:  # an ONNX file is predicted without Keras
    import keras


def patch_of(model: keras.Model | OnnxNetwork) -> tuple[int, int, int] | None:
    """``(D, h, w)`` voxels that a network of volumes takes; None for one of slices."""
    return model.input_shape[1:4] if len(model.input_shape) == 5 else None


def predict_volume(
    model: keras.Model | OnnxNetwork,
    images: np.ndarray,
    preprocessing: Preprocessing,
    patch: tuple[int, int, int],
    *,
    overlap: float = 0.5,
) -> np.ndarray:
    """Probabilities of one case, window by window.

    Args:
        model: A 3-D network that takes `patch`.
        images: ``(S, H, W, C)``, intensities as stored, in the order of the slices.
        preprocessing: What the network was trained with.
        patch: ``(D, h, w)`` voxels that go through the network together.
        overlap: Share that neighbouring windows have in common, at least; in [0, 1).

    Returns:
        ``(S, H, W, K)`` float32 on the grid of `images`; each voxel is the mean of the
        windows that hold it, weighted by a Gaussian about each window's middle. 0
        outside the crop that the network sees.

    Raises:
        DataError: A slice is not finite once it is prepared; its index is named.
    """
    prepared = prepare_volume(images, preprocessing)
    require_finite_input(prepared, images, [f"slice {index}" for index in range(len(images))])
    volume = at_least(prepared, patch[0])
    starts = [
        window_starts(side, width, overlap)
        for side, width in zip(volume.shape[:3], patch, strict=True)
    ]
    weight = _gaussian(patch)
    total = np.zeros((*volume.shape[:3], model.output_shape[-1]), np.float32)
    seen = np.zeros((*volume.shape[:3], 1), np.float32)
    windows = [
        tuple(slice(a, a + width) for a, width in zip(corner, patch, strict=True))
        for corner in product(*starts)
    ]
    size = even_size(len(windows), most_at_once(values_per_pixel(model), patch))
    for first in range(0, len(windows), size):
        together = windows[first : first + size]
        outputs = forward(model, np.stack([volume[window] for window in together]), size)
        for window, output in zip(together, outputs, strict=True):
            total[window] += weight * output
            seen[window] += weight
    return preprocessing.restore((total / seen)[: len(images)], images.shape[1:3])


def window_starts(side: int, width: int, overlap: float) -> list[int]:
    """Where windows of `width` begin so that they cover `side`, evenly spread.

    Args:
        side: Voxels to cover, at least `width`.
        width: Voxels of a window.
        overlap: Least share that neighbours have in common, in [0, 1).
    """
    step = max(int(width * (1 - overlap)), 1)
    number = -(-(side - width) // step) + 1
    return np.linspace(0, side - width, number).round().astype(int).tolist()


def _gaussian(patch: tuple[int, int, int]) -> np.ndarray:
    """``(D, h, w, 1)`` weights, 1 in the middle; standard deviation an eighth of the side."""
    axes = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 8)) ** 2) for n in patch]
    weight = axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :]
    return np.maximum(weight, 1e-4)[..., None].astype(np.float32)
