"""Blocks and attentions: what they compute, and what they can and cannot see."""

import keras
import numpy as np
import pytest

from seglib.models import layers

SIZE, CHANNELS = 8, 6


@pytest.fixture
def features():
    shape = (2, SIZE, SIZE, CHANNELS)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.fixture
def skip():
    return keras.Input((SIZE, SIZE, CHANNELS))


def run(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def map_of(model):
    name = next(layer.name for layer in model.layers if layer.name.endswith("_map"))
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    return keras.Model(inputs, model.get_layer(name).output)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_channel_statistics_are_mean_and_maximum(features):
    both = keras.ops.convert_to_numpy(layers.ChannelStatistics()(features))
    np.testing.assert_allclose(both[..., 0], features.mean(axis=-1), atol=1e-6)
    np.testing.assert_array_equal(both[..., 1], features.max(axis=-1))


def test_channel_attention_is_squeeze_and_excitation(features, skip):
    model = keras.Model(skip, layers.channel_attention(skip, "a", ratio=2))
    w1, b1, w2, b2 = model.get_weights()
    assert w1.shape == (CHANNELS, CHANNELS // 2)
    hidden = np.maximum(features.mean(axis=(1, 2)) @ w1 + b1, 0)
    weights = sigmoid(hidden @ w2 + b2)[:, None, None]
    np.testing.assert_allclose(run(model, features), features * (1 + weights), atol=1e-5)


def test_spatial_attention_scales_all_channels_of_a_position_alike(features, skip):
    model = keras.Model(skip, layers.spatial_attention(skip, "a", kernel_size=3))
    ratio = run(model, features) / features
    np.testing.assert_allclose(ratio, run(map_of(model), features) * np.ones(CHANNELS), atol=1e-4)


def test_spatial_attention_with_known_weights(features, skip):
    model = keras.Model(skip, layers.spatial_attention(skip, "a", kernel_size=1))
    model.set_weights([np.array([2.0, 0.5]).reshape(1, 1, 2, 1), np.array([-1.0])])
    expected = sigmoid(2 * features.mean(axis=-1) + 0.5 * features.max(axis=-1) - 1)
    np.testing.assert_allclose(run(map_of(model), features)[..., 0], expected, atol=1e-5)


def test_only_spatial_attention_sees_where_things_are(features, skip):
    order = np.random.default_rng(1).permutation(SIZE * SIZE)
    shuffled = features.reshape(2, -1, CHANNELS)[:, order].reshape(features.shape)
    channel = map_of(keras.Model(skip, layers.channel_attention(skip, "a")))
    spatial = map_of(keras.Model(skip, layers.spatial_attention(skip, "b")))
    np.testing.assert_allclose(run(channel, features), run(channel, shuffled), atol=1e-6)
    assert np.abs(run(spatial, features) - run(spatial, shuffled)).max() > 0.01


def test_attention_gate_multiplies_the_skip_by_a_map_in_range(features, skip):
    gating = keras.Input((SIZE // 2, SIZE // 2, 4))
    model = keras.Model([skip, gating], layers.attention_gate(skip, gating, "gate"))
    deeper = np.random.default_rng(2).normal(size=(2, SIZE // 2, SIZE // 2, 4)).astype("float32")
    weights = run(map_of(model), [features, deeper])
    assert weights.shape == (2, SIZE, SIZE, 1)
    assert 0 < weights.min() < weights.max() < 1
    np.testing.assert_allclose(run(model, [features, deeper]), features * weights, atol=1e-5)


def test_attention_gate_listens_to_the_gating_features(features, skip):
    gating = keras.Input((SIZE // 2, SIZE // 2, 4))
    reader = map_of(keras.Model([skip, gating], layers.attention_gate(skip, gating, "gate")))
    deeper = np.random.default_rng(2).normal(size=(2, SIZE // 2, SIZE // 2, 4)).astype("float32")
    change = run(reader, [features, deeper]) - run(reader, [features, -deeper])
    assert np.abs(change).max() > 1e-3


def test_the_transform_of_a_gate_mixes_channels_and_normalises(features, skip):
    gating = keras.Input((SIZE // 2, SIZE // 2, 4))
    gate = layers.transformed_attention_gate(skip, gating, "batch", "gate")
    model = keras.Model([skip, gating], gate)
    gated = keras.Model(model.inputs, model.get_layer("gate_multiply").output)
    deeper = np.random.default_rng(2).normal(size=(2, SIZE // 2, SIZE // 2, 4)).astype("float32")
    (kernel,) = model.get_layer("gate_transform").get_weights()
    mixed = run(gated, [features, deeper]) @ kernel[0, 0]
    scale = np.sqrt(1 + model.get_layer("gate_norm").epsilon)  # a new layer: mean 0, variance 1
    np.testing.assert_allclose(run(model, [features, deeper]), mixed / scale, atol=1e-5)
    trained = keras.ops.convert_to_numpy(model([features, deeper], training=True))
    np.testing.assert_allclose(trained.mean(axis=(0, 1, 2)), 0, atol=1e-5)


@pytest.mark.parametrize(("channels", "groups"), [(16, 8), (12, 6), (7, 7), (11, 1)])
def test_group_normalisation_takes_the_most_groups_that_divide(channels, groups):
    x = keras.Input((4, 4, channels))
    model = keras.Model(x, layers.normalise(x, "group", "norm"))
    assert model.get_layer("norm").groups == groups


def test_group_and_instance_norm_do_not_depend_on_the_rest_of_the_batch(features):
    for norm in ("group", "instance"):
        x = keras.Input((SIZE, SIZE, CHANNELS))
        model = keras.Model(x, layers.normalise(x, norm, "norm"))
        alone = keras.ops.convert_to_numpy(model(features[:1], training=True))
        together = keras.ops.convert_to_numpy(model(features, training=True))
        np.testing.assert_allclose(alone[0], together[0], atol=1e-5)


def test_instance_norm_gives_each_channel_mean_zero_and_variance_one(features):
    x = keras.Input((SIZE, SIZE, CHANNELS))
    output = run(keras.Model(x, layers.normalise(x, "instance", "norm")), 5 * features + 3)
    np.testing.assert_allclose(output.mean(axis=(1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(output.std(axis=(1, 2)), 1, atol=1e-2)


def test_no_norm_is_the_same_tensor_and_an_unknown_one_is_refused(skip):
    assert layers.normalise(skip, "none", "norm") is skip
    with pytest.raises(ValueError, match="found 'layer'"):
        layers.normalise(skip, "layer", "norm")


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_a_convolution_has_a_bias_only_without_a_normalisation(skip, norm):
    model = keras.Model(skip, layers.conv_block(skip, 4, norm, "block"))
    assert model.get_layer("block_conv1").use_bias == (norm == "none")
    assert model.output_shape == (None, SIZE, SIZE, 4)


def test_upsampling_doubles_the_grid(skip):
    assert layers.upsample(skip, 3, "stage").shape == (None, 2 * SIZE, 2 * SIZE, 3)
