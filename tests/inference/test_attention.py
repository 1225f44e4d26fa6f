"""Attention maps: one for each block, in [0, 1]."""

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
