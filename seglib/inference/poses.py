"""Test-time averaging: show an image in several poses, turn the answers back, take the mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

#: ``(degrees, magnification)`` about the image's centre. Small ones: a network trained
#: without flips and quarter turns has never seen a heart so far from its usual pose.
SMALL_POSES = ((0.0, 1.0), (-15.0, 1.0), (15.0, 1.0), (0.0, 0.9), (0.0, 1.1))


@dataclass(frozen=True)
class Pose:
    """The way into a pose and the way back, each from ``(N, H, W, C)`` to the same."""

    there: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]


def mean_over(
    poses: Sequence[Pose], images: np.ndarray, network: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """What a network says of images in several poses, turned back and averaged.

    Args:
        poses: At least one; the work grows with their number.
        images: ``(N, H, W, C)``.
        network: From images to ``(N, H, W, K)`` float32.
    """
    total = 0.0
    for pose in poses:
        total = total + pose.back(network(pose.there(images)))
    return total / np.float32(len(poses))


def square_poses() -> list[Pose]:
    """The 8 flips and quarter turns of the square; nothing is interpolated."""
    return [_turned(flip, turns) for flip in (False, True) for turns in range(4)]


def _turned(flip: bool, turns: int) -> Pose:
    def flipped(stack: np.ndarray) -> np.ndarray:
        return stack[:, :, ::-1] if flip else stack

    return Pose(
        lambda images: np.rot90(flipped(images), turns, axes=(1, 2)),
        lambda outputs: flipped(np.rot90(outputs, -turns, axes=(1, 2))),
    )


def small_pose(angle: float, scale: float) -> Pose:
    """Turned by `angle` degrees and magnified about the centre, interpolated linearly."""
    import cv2  # here and below: a prediction in one pose does without

    def matrix(stack: np.ndarray) -> np.ndarray:
        height, width = stack.shape[1:3]
        return cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)

    def back(outputs: np.ndarray) -> np.ndarray:
        # Outside what the network saw there is background: 0.
        return _warp(outputs, cv2.invertAffineTransform(matrix(outputs)), cv2.BORDER_CONSTANT)

    return Pose(lambda images: _warp(images, matrix(images), cv2.BORDER_REFLECT_101), back)


def _warp(stack: np.ndarray, matrix: np.ndarray, border: int) -> np.ndarray:
    """``(N, H, W, C)`` float32: every image moved by one matrix."""
    import cv2

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
