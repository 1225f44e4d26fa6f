"""Attention maps, one for each block, in [0, 1]; and features, one stack for each level."""

import numpy as np
import pytest

from seglib import inference
from seglib.models.networks import build_model
from seglib.preprocessing.steps import Preprocessing

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model():
    return build_model("unet", (None, None, 1), filters=4, depth=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("attention_unet", (2, 32, 32, 1)),
        ("spatial_attention_unet", (2, 32, 32, 1)),
        ("channel_attention_unet", (2, 4)),
    ],
)
def test_attention_maps(architecture, shape):
    network = build_model(architecture, (32, 32, 1), filters=4, depth=2)
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    maps = inference.attention_maps(network, images, Preprocessing(size=32, multiple=4))
    assert list(maps) == ["skip1", "skip2"]
    assert maps["skip1"].shape == shape
    assert all(m.min() >= 0 and m.max() <= 1 for m in maps.values())


def test_a_single_map_is_given_as_several_are():
    network = build_model("attention_unet_oktay", (32, 32, 1), filters=4, depth=2)
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    maps = inference.attention_maps(network, images, Preprocessing(size=32, multiple=4))
    assert list(maps) == ["skip2"]  # the finest skip has no gate
    assert maps["skip2"].shape == (2, 16, 16, 1)


def test_a_network_without_attention_has_no_maps(model):
    images = np.zeros((1, 32, 32, 1), np.uint8)
    assert inference.attention_maps(model, images, Preprocessing(size=32, multiple=4)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["unet", "attention_unet"])
def test_features_of_each_level_in_the_order_of_the_way_through(architecture):
    network = build_model(architecture, (32, 32, 1), filters=4, depth=2)
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    prepared = Preprocessing(size=32, multiple=4)
    found = inference.feature_maps(network, images, prepared)
    assert {name: values.shape for name, values in found.items()} == {
        "encoder1": (2, 32, 32, 4),
        "encoder2": (2, 16, 16, 8),
        "bottleneck": (2, 8, 8, 16),
        "decoder2": (2, 16, 16, 8),
        "decoder1": (2, 32, 32, 4),
    }
    assert all(values.min() >= 0 for values in found.values())
    # The last ones are what the network's head turns into its probabilities.
    weight, bias = network.layers[-1].get_weights()
    expected = 1 / (1 + np.exp(-(found["decoder1"] @ weight[0, 0] + bias)))
    given = network.predict_on_batch(prepared.images(images))
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_a_network_of_another_make_has_no_levels():
    import keras

    image = keras.Input((8, 8, 1))
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
    images = np.zeros((1, 8, 8, 1), np.uint8)
    assert inference.feature_maps(network, images, Preprocessing(size=8, multiple=4)) == {}
