"""From a trained network to masks on the images' own pixel grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from seglib.errors import DataError
from seglib.inference.forward import (
    bytes_beside,
    even_size,
    forward,
    most_at_once,
    values_per_pixel,
)
from seglib.inference.onnx_network import OnnxNetwork
from seglib.inference.poses import SMALL_POSES, mean_over, small_pose, square_poses
from seglib.inference.sliding_window import patch_of, predict_volume
from seglib.preprocessing.intensities import require_finite_input
from seglib.preprocessing.steps import Preprocessing
from seglib.progress import progress

if TYPE_CHECKING:  # an ONNX file is predicted without Keras, and pictures without tables
    import keras

    from seglib.slices import SliceSet


def predict(
    model: keras.Model | OnnxNetwork,
    images: np.ndarray,
    preprocessing: Preprocessing,
    *,
    batch_size: int | None = None,
    rotations: bool = False,
    done: Callable[[int], object] = lambda images: None,
) -> np.ndarray:
    """Probabilities on the grid of the input images.

    Args:
        model: A network of `seglib.models.networks`, or one in an ONNX file.
        images: ``(N, H, W, C)``, intensities as stored.
        preprocessing: What the network was trained with.
        batch_size: Most images in a forward pass; default as many as fit into memory
            (`seglib.inference.forward.most_at_once`). The result does not depend on it.
        rotations: Average over the 8 flips and quarter turns of the square (test-time
            augmentation): 8 times the work. Needs a square network input.
        done: Called after each forward pass with the number of its images, e.g. to show them.

    Returns:
        ``(N, H, W, K)`` float32; 0 outside the crop that the network sees.

    Raises:
        DataError: An image is not finite once it is prepared; its index is named.
    """
    classes = model.output_shape[-1]
    most = batch_size or most_at_once(
        values_per_pixel(model),
        preprocessing.target_size(*images.shape[1:3]),
        bytes_beside(images, classes),
    )
    size = even_size(len(images), most)
    probabilities = np.empty((*images.shape[:3], classes), np.float32)
    network, poses = partial(forward, model, size=size), square_poses()
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        inputs = preprocessing.images(images[part])
        names = [f"image {index}" for index in range(start, start + len(inputs))]
        require_finite_input(inputs, images[part], names)
        outputs = mean_over(poses, inputs, network) if rotations else network(inputs)
        probabilities[part] = preprocessing.restore(outputs, images.shape[1:3])
        done(len(inputs))
    return probabilities


def predict_set(
    model: keras.Model | OnnxNetwork,
    slices: SliceSet,
    preprocessing: Preprocessing,
    *,
    rotations: bool = False,
) -> np.ndarray:
    """Probabilities of all slices of a set, whether the network sees slices or volumes.

    Args:
        model: A network of `seglib.models.networks`; one of volumes gets each case as a whole.
        slices: What to predict.
        preprocessing: What the network was trained with.
        rotations: As `predict`; for networks of slices alone.

    Returns:
        As `predict`, in the order of `slices`.

    Raises:
        ValueError: `rotations` for a network of volumes.
    """
    patch = patch_of(model)
    shown = progress(f"Predicting {len(slices)} slices", len(slices), "slice")
    if patch is None:
        with shown as done:
            return predict(model, slices.images, preprocessing, rotations=rotations, done=done)
    if rotations:
        raise ValueError("a network of volumes is not turned at test time; use rotations=False")
    shape = (*slices.images.shape[:3], model.output_shape[-1])
    probabilities = np.empty(shape, np.float32)
    with shown as done:
        for rows in slices.cases():
            probabilities[rows] = predict_volume(model, slices.images[rows], preprocessing, patch)
            done(len(rows))
    return probabilities


def to_mask(probabilities: np.ndarray, level: float = 0.5) -> np.ndarray:
    """Hard masks.

    Args:
        probabilities: ``(N, H, W, K)``.
        level: For K = 1, foreground is where the probability is at least this.

    Returns:
        ``(N, H, W, 1)`` uint8 class indices.

    Raises:
        DataError: K is above 256, more than uint8 can number.
    """
    if probabilities.shape[-1] > 256:
        raise DataError(
            f"the network tells {probabilities.shape[-1]} classes apart, but a mask numbers 256 "
            "at most, background included"
        )
    if probabilities.shape[-1] == 1:
        return (probabilities >= level).astype(np.uint8)
    return probabilities.argmax(axis=-1, keepdims=True).astype(np.uint8)


def predict_in_poses(
    model: keras.Model,
    images: np.ndarray,
    preprocessing: Preprocessing,
    poses: Sequence[tuple[float, float]] = SMALL_POSES,
    *,
    batch_size: int | None = None,
) -> np.ndarray:
    """Mean probabilities over small poses, on the grid of the input images.

    Args:
        model: A network of `seglib.models.networks`.
        images: ``(N, H, W, C)``, intensities as stored.
        preprocessing: What the network was trained with.
        poses: ``(degrees, magnification)`` each image is shown in.
        batch_size: As `seglib.inference.predict`.

    Returns:
        ``(N, H, W, K)`` float32.
    """

    def network(shown: np.ndarray) -> np.ndarray:
        return predict(model, shown, preprocessing, batch_size=batch_size)

    return mean_over([small_pose(*pose) for pose in poses], images, network)
