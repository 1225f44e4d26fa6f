"""Networks of the published systems: their size, and the weaknesses that were published."""

import keras
import pytest

from seglib.models.networks import build_model
from seglib.models.published import (
    published_atrium,
    published_lv,
    published_lv_repaired,
    published_lv_skips,
)

SMALL = {"filters": 2, "depth": 2}


def conv(inputs, outputs, width=3):
    """Parameters of a convolution with bias."""
    return width**2 * inputs * outputs + outputs


def attention(channels):
    """Parameters of channel attention: to an eighth of the channels, and back."""
    hidden = channels // 8
    return channels * hidden + hidden + hidden * channels + channels


@pytest.mark.slow
def test_the_published_network_has_the_published_size():
    model = build_model("published_lv", (256, 256, 1), filters=64, depth=5)
    assert model.count_params() == 101_019_629


def test_the_atrium_network_has_the_published_size():
    model = build_model("published_atrium", (256, 256, 1), filters=64, depth=3, norm="none")
    assert model.count_params() == 7_781_761  # published as 7.8 million
    assert model.output_shape == (None, 256, 256, 1)
    assert not [layer for layer in model.layers if "Normalization" in type(layer).__name__]


def test_the_published_network_keeps_its_weaknesses():
    model = build_model("published_lv", (16, 16, 1), **SMALL)
    assert not [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    two = model.get_layer("two_filters")
    assert (two.filters, two.activation) == (2, keras.activations.relu)
    maps = [layer.output.shape for layer in model.layers if layer.name.endswith("_map")]
    assert maps and all(len(shape) == 2 for shape in maps)  # (N, C): no position left


def test_the_published_network_has_one_class():
    with pytest.raises(ValueError, match="as published"):
        build_model("published_lv", (16, 16, 1), **SMALL, num_classes=3)


@pytest.mark.slow
def test_the_repairs_of_the_published_network_are_what_they_say():
    def names(architecture, **changes):
        model = build_model(architecture, (16, 16, 1), **SMALL, **changes)
        return {type(layer).__name__ for layer in model.layers}, {x.name for x in model.layers}

    published, skips, repaired = (
        names(f"published_lv{suffix}") for suffix in ("", "_skips", "_repaired")
    )
    assert "Concatenate" not in published[0]
    assert "Concatenate" in skips[0] & repaired[0]
    assert "two_filters" in published[1] & skips[1]
    assert "two_filters" not in repaired[1]
    grouped, _ = names("published_lv", norm="group")
    assert "GroupNormalization" in grouped
    assert "BatchNormalization" not in grouped


@pytest.mark.parametrize(
    ("network", "joined", "before_the_head"),
    [(published_lv, 0, 2), (published_lv_skips, 8, 2), (published_lv_repaired, 8, 8)],
)
def test_a_small_one_has_the_parameters_that_a_count_by_hand_gives(
    network, joined, before_the_head
):
    def block(inputs, filters):
        norms = 2 * 4 * filters
        return conv(inputs, filters) + conv(filters, filters) + norms + attention(filters)

    decoder = conv(16, 8, width=2) + 4 * 8 + conv(8 + joined, 8) + 4 * 8  # without attention
    two_filters = conv(8, 2) if before_the_head == 2 else 0
    expected = block(1, 8) + block(8, 16) + decoder + two_filters + (before_the_head + 1)
    assert network((16, 16, 1), filters=8, depth=1).count_params() == expected


def test_channels_are_weighed_after_each_block_but_the_last():
    maps = [x.name for x in published_lv((16, 16, 1), **SMALL).layers if x.name.endswith("_map")]
    assert maps == ["encoder1_map", "encoder2_map", "bottleneck_map", "decoder2_map"]


def test_each_normalisation_follows_a_relu_with_keras_own_momentum():
    layers = published_lv((16, 16, 1), **SMALL).layers
    kinds = [type(layer).__name__ for layer in layers]
    places = [i for i, kind in enumerate(kinds) if kind == "BatchNormalization"]
    assert len(places) == 2 * 3 + 2 * 2  # three blocks of two, two steps upwards of two
    assert {kinds[i - 1] for i in places} == {"ReLU"}
    assert {kinds[i - 2] for i in places} == {"Conv2D", "Conv2DTranspose"}
    assert {layers[i].momentum for i in places} == {0.99}


@pytest.mark.parametrize("classes", [1, 3])
def test_a_small_atrium_network_has_the_parameters_that_a_count_by_hand_gives(classes):
    def block(inputs, filters):
        return conv(inputs, filters) + conv(filters, filters)

    expected = block(1, 4) + block(4, 8) + block(8 + 4, 4) + conv(4, classes, width=1)
    model = published_atrium((16, 16, 1), classes, filters=4, depth=1)
    assert model.count_params() == expected


def test_the_atrium_network_enlarges_without_weights_and_joins_each_level():
    model = published_atrium((16, 16, 1), **SMALL)
    enlarging = [x for x in model.layers if isinstance(x, keras.layers.UpSampling2D)]
    assert [layer.interpolation for layer in enlarging] == ["bilinear", "bilinear"]
    shapes = [model.get_layer(f"decoder{level}_join").output.shape for level in (2, 1)]
    assert shapes == [(None, 8, 8, 4 + 8), (None, 16, 16, 2 + 4)]  # of the encoder, from below
