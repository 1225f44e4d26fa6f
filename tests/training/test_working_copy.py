"""The copy that is fitted learns what the network would have learned."""

import keras
import numpy as np
import pytest

from seglib.models.networks import build_model
from seglib.training.working_copy import FusedBatchNormalization, copy_weights, working_copy

needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="needs Keras on TensorFlow"
)


def a_batch(rng, *sides):
    images = rng.normal(size=(4, *sides, 1)).astype("float32")
    return images, (images > 0.5).astype("float32")


def after_steps(model, batch, steps=3):
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="binary_crossentropy")
    return [float(model.train_on_batch(*batch)) for _ in range(steps)]


@needs_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize("sides", [(16, 16), (4, 8, 8)], ids=["images", "volumes"])
def test_it_ends_with_the_weights_and_statistics_of_kerass_own_layers(rng, sides):
    network = build_model("unet", (*sides, 1), filters=2, depth=1)
    own = keras.models.clone_model(network)
    own.set_weights(network.get_weights())
    copy = working_copy(network)
    batch = a_batch(rng, *sides)
    start = np.concatenate([w.ravel() for w in network.get_weights()])
    np.testing.assert_allclose(after_steps(copy, batch), after_steps(own, batch), rtol=1e-5)
    for mine, theirs in zip(copy.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-6)
    copy_weights(copy, network)
    ended = np.concatenate([w.ravel() for w in network.get_weights()])
    assert np.abs(ended - start).max() > 1e-3
    np.testing.assert_allclose(network(batch[0]), copy(batch[0]), atol=1e-6)


@needs_tensorflow
def test_the_network_itself_stays_one_of_kerass_layers():
    network = build_model("unet", (16, 16, 1), filters=2, depth=1)
    copy = working_copy(network)
    kinds = {type(layer) for layer in copy.layers}
    assert FusedBatchNormalization in kinds
    assert keras.layers.BatchNormalization not in kinds
    assert not any(isinstance(layer, FusedBatchNormalization) for layer in network.layers)
    assert [layer.name for layer in copy.layers] == [layer.name for layer in network.layers]


def test_where_nothing_is_gained_there_is_no_copy():
    network = build_model("unet", (16, 16, 1), filters=2, depth=1, norm="group")
    assert working_copy(network) is network


@pytest.mark.parametrize(
    "options",
    [{"scale": False}, {"center": False}, {"axis": 1}, {"renorm": True}],
    ids=["no scale", "no offset", "other axis", "renormalised"],
)
def test_what_the_one_operation_cannot_do_stays_kerass(options):
    image = keras.Input((4, 4, 4))
    network = keras.Model(image, keras.layers.BatchNormalization(**options)(image))
    assert working_copy(network) is network


@needs_tensorflow
def test_a_keras_that_knows_no_renormalisation_is_served_too():
    class Older(keras.layers.BatchNormalization):  # as in Keras 3.13, Colab's
        def get_config(self):
            return {"name": self.name, "axis": self.axis}

    image = keras.Input((4, 4, 4))
    network = keras.Model(image, Older()(image))
    vars(network.layers[1]).pop("renorm", None)
    assert isinstance(working_copy(network).layers[1], FusedBatchNormalization)


@needs_tensorflow
def test_statistics_that_devices_share_are_kerass_own(rng, monkeypatch):
    layer = FusedBatchNormalization()
    layer.build((None, 4, 4, 2))
    layer.synchronized = True
    asked = []
    monkeypatch.setattr(
        keras.layers.BatchNormalization, "call", lambda self, x, **more: asked.append(more) or x
    )
    layer.call(rng.normal(size=(2, 4, 4, 2)), training=True)
    assert asked == [{"training": True, "mask": None}]


def test_in_bfloat16_all_but_the_ends_are_narrow_and_the_network_is_not(rng):
    network = build_model("spatial_attention_unet", (16, 16, 1), filters=2, depth=1)
    copy = working_copy(network, "bfloat16")
    narrow = {layer.name for layer in copy.layers if layer.compute_dtype == "bfloat16"}
    assert {layer.name for layer in copy.layers} - narrow == {"image", "probabilities"}
    assert {weight.dtype for weight in copy.weights} == {"float32"}
    assert copy(a_batch(rng, 16, 16)[0]).dtype == "float32"
    copy_weights(copy, network)
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}


@pytest.mark.slow
def test_in_bfloat16_a_network_learns_as_in_float32(rng):
    network = build_model("unet", (16, 16, 1), filters=4, depth=1)
    batch = a_batch(rng, 16, 16)
    exact = after_steps(working_copy(network), batch, steps=8)
    narrow = after_steps(working_copy(network, "bfloat16"), batch, steps=8)
    assert exact[-1] < exact[0] - 0.015
    np.testing.assert_allclose(narrow, exact, atol=0.003)
