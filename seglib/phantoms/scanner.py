"""What a scanner does to a simulated head: mixes tissues in a pixel, shades, and adds noise."""

from __future__ import annotations

import cv2
import numpy as np


def reduced(fine: np.ndarray, size: int) -> np.ndarray:
    """Mean over the points of each pixel.

    Args:
        fine: ``(side, side)``, a grid finer than the image's.
        size: Side of the image in pixels.

    Returns:
        ``(size, size)``, same dtype.
    """
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)


def bias_field(coarse: np.ndarray, z: float, strength: float, size: int) -> np.ndarray:
    """The smooth factor by which coils make one side of an image brighter than the other.

    Args:
        coarse: ``(2, n, n)`` float32 normal values: a field, and how it changes upwards.
        z: Height of the slice in mm.
        strength: Deviation of the factor's logarithm, about.
        size: Side of the image in pixels.

    Returns:
        ``(size, size)`` factors about 1.
    """
    one, other = coarse
    bias = cv2.resize(one + float(z / 40) * other, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.exp(strength * bias)


def with_rician_noise(image: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """The magnitude of a complex signal with Gaussian noise in both parts, which is Rician.

    Args:
        image: ``(size, size)`` signal without noise, at least 0.
        deviation: Standard deviation of the noise in either part.
        rng: Where the noise comes from.
    """
    real, imaginary = deviation * rng.standard_normal((2, *image.shape))
    return np.hypot(image + real, imaginary)
