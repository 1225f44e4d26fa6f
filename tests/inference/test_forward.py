"""How many images go through a network together, and that each gets its own answer."""

import keras
import numpy as np
import pytest

from seglib.inference.forward import (
    MEMORY,
    MOST,
    bytes_beside,
    even_size,
    forward,
    most_at_once,
    values_per_pixel,
)
from seglib.models.networks import build_model


@pytest.mark.parametrize("sides", [(32, 32), (None, None), (32, 64)])
@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("unet", 8 + 3 * 4),  # the joined features, and three of as many filters as the first
        ("encoder_decoder", 4 * 4),
        ("attention_unet", 8 + 3 * 4),
    ],
)
def test_the_four_largest_activations(architecture, expected, sides):
    network = build_model(architecture, (*sides, 1), filters=4, depth=2)
    assert values_per_pixel(network) == expected


def test_a_network_of_volumes_counts_voxels():
    assert values_per_pixel(build_model("unet", (4, 8, 8, 1), filters=4, depth=2)) == 20


@pytest.mark.parametrize(
    ("filters", "sides", "expected"),
    [
        (16, (128, 128), 51),  # 5 MiB each
        (16, (32, 32), MOST),
        (64, (512, 512), 1),  # 320 MiB: over the limit, but one must go
        (64, (1024, 1024), 1),
        (16, (16, 128, 128), 3),
    ],
)
def test_large_images_go_alone_and_small_ones_together(filters, sides, expected):
    values = 5 * filters
    assert most_at_once(values, sides) == expected
    if expected > 1:
        assert expected * 4 * values * np.prod(sides) <= MEMORY


@pytest.mark.parametrize(
    ("shape", "dtype", "classes", "expected"),
    [
        ((256, 256, 1), np.uint8, 1, 51),  # as many as the network alone would take
        ((512, 512, 3), np.uint8, 1, 51),
        ((2048, 2048, 1), np.uint8, 1, 6),
        ((2048, 2048, 1), np.float32, 4, 1),  # 160 MiB each
        ((8192, 8192, 1), np.uint8, 1, 1),
    ],
)
def test_what_images_take_beside_the_network_counts_too(shape, dtype, classes, expected):
    """A network of 16 filters that sees the central 128x128 pixels, whatever the size."""
    images = np.broadcast_to(np.zeros((), dtype), (1, *shape))
    beside = bytes_beside(images, classes)
    assert beside >= images.nbytes + 4 * classes * np.prod(shape[:2])
    assert most_at_once(5 * 16, (128, 128), beside) == expected


@pytest.mark.parametrize("most", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("count", [1, 2, 5, 64, 65])
def test_batches_are_even(count, most):
    size = even_size(count, most)
    assert 1 <= size <= most
    batches = -(-count // size)
    assert batches == -(-count // most)  # no more of them than are needed
    assert size * batches - count < batches  # each lacks one image at most


def test_a_batch_that_is_filled_up_gives_only_its_own_answers():
    inputs = keras.Input((2, 2, 1))
    network = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs))
    batch = np.arange(12, dtype=np.float32).reshape(3, 2, 2, 1)
    for size in (3, 5):
        np.testing.assert_array_equal(forward(network, batch, size), 2 * batch)
