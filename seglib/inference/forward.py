"""Images through a network, as many at a time as the memory holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seglib.inference.onnx_network import OnnxNetwork

if TYPE_CHECKING:  # an ONNX file is predicted without Keras
    import keras

#: Bytes that one forward pass may take, about, and that its images may take beside the network.
MEMORY = 256 * 2**20

#: On a CPU a pass of 4 images costs each of them what a pass of 64 does, and one alone a
#: fifth more; what is held beside the network (the images at their own size) grows on.
MOST = 64


def values_per_pixel(model: keras.Model | OnnxNetwork) -> float:
    """How many numbers a network holds at a time for each pixel (voxel) of its input, about.

    The sum of its four largest activations: what a layer reads and what it writes, what
    waits on a skip connection, and a copy in the order that the convolution wants. The
    peak that TensorFlow was seen to take is this within a third.

    Args:
        model: A network of `seglib.models.networks`, or one in an ONNX file, which has this
            number written in it.
    """
    if isinstance(model, OnnxNetwork):
        return model.values_per_pixel
    import keras

    # Any sides that all poolings divide, where the network does not name its own.
    sides = [side or 64 for side in model.input_shape[1:-1]]
    every = keras.Model(model.input, [layer.output for layer in model.layers], name="every")
    shapes = every.compute_output_shape((1, *sides, model.input_shape[-1]))
    values = sorted(math.prod(shape) for shape in shapes)
    return sum(values[-4:]) / math.prod(sides)


def bytes_beside(images: np.ndarray, classes: int) -> int:
    """How many bytes an image takes beside the network, which may see a small crop of it.

    Both what is stored and the probabilities on its grid are held twice for a while: by
    itself, and in the stack.

    Args:
        images: ``(N, H, W, C)``, as stored.
        classes: Channels of the probabilities, float32.
    """
    height, width, channels = images.shape[1:]
    return 2 * height * width * (images.itemsize * channels + 4 * classes)


def most_at_once(values: float, sides: tuple[int, ...], beside: int = 0) -> int:
    """How many inputs fit into `MEMORY` together: 1 at least, `MOST` at most.

    Args:
        values: The network's `values_per_pixel`, float32 each.
        sides: ``(h, w)`` or ``(D, h, w)`` of the inputs.
        beside: What each takes beside the network, see `bytes_beside`. It has as much
            room again, for it is large only where the network sees little.
    """
    bytes_each = max(4 * values * math.prod(sides), beside)
    return int(min(max(MEMORY // bytes_each, 1), MOST))


def even_size(count: int, most: int) -> int:
    """The size of batches that share `count` inputs evenly, none larger than `most`."""
    return math.ceil(count / math.ceil(count / most))


def forward(model: keras.Model | OnnxNetwork, batch: np.ndarray, size: int) -> np.ndarray:
    """One pass, always of `size` inputs: fewer are filled up with copies of the last one.

    For a batch of another size Keras traces the network anew, and where it compiles it
    (JAX, or a network that was trained so) that takes longer than many passes.

    Args:
        model: As `values_per_pixel`.
        batch: ``(n, ..., C)`` float32, 1 <= n <= size.
        size: Inputs that go through the network.

    Returns:
        ``(n, ..., K)`` float32.
    """
    filled = np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
    return model.predict_on_batch(filled)[: len(batch)]
