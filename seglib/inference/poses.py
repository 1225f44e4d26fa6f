"""Test-time averaging: predict an image in several poses, turn back, take the mean."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import keras
import numpy as np

from seglib.inference.prediction import predict
from seglib.preprocessing.steps import Preprocessing

#: ``(degrees, magnification)`` about the image's centre. Small ones: a network trained
#: without flips and quarter turns has never seen a heart so far from its usual pose.
SMALL_POSES = ((0.0, 1.0), (-15.0, 1.0), (15.0, 1.0), (0.0, 0.9), (0.0, 1.1))


def predict_in_poses(
    model: keras.Model,
    images: np.ndarray,
    preprocessing: Preprocessing,
    poses: Sequence[tuple[float, float]] = SMALL_POSES,
    *,
    batch_size: int | None = None,
) -> np.ndarray:
    """Mean probabilities over poses, on the grid of the input images.

    Args:
        model: A network of `seglib.models.networks`.
        images: ``(N, H, W, C)``, intensities as stored.
        preprocessing: What the network was trained with.
        poses: ``(degrees, magnification)`` each image is shown in; the work grows with
            their number.
        batch_size: As `seglib.inference.predict`.

    Returns:
        ``(N, H, W, K)`` float32.
    """
    total = np.zeros(1, np.float32)
    for angle, scale in poses:
        there = _about_centre(images.shape[1:3], angle, scale)
        shown = _warp(images, there, cv2.BORDER_REFLECT_101)
        probabilities = predict(model, shown, preprocessing, batch_size=batch_size)
        # Outside what the network saw there is background: 0.
        back = _warp(probabilities, cv2.invertAffineTransform(there), cv2.BORDER_CONSTANT)
        total = total + back
    return total / np.float32(len(poses))


def _about_centre(size: tuple[int, int], angle: float, scale: float) -> np.ndarray:
    """The 2x3 matrix that turns by `angle` degrees and magnifies about the centre."""
    centre = ((size[1] - 1) / 2, (size[0] - 1) / 2)
    return cv2.getRotationMatrix2D(centre, angle, scale)


def _warp(stack: np.ndarray, matrix: np.ndarray, border: int) -> np.ndarray:
    """``(N, H, W, C)`` float32: every image moved by one matrix, interpolated linearly."""
    height, width = stack.shape[1:3]
    moved = [
        cv2.warpAffine(
            image.astype(np.float32),
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=border,
        )
        for image in stack
    ]
    return np.stack(moved).reshape(stack.shape)
