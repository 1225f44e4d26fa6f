"""Deep supervision: the levels' weights, what metrics see, and shared weights."""

import keras
import numpy as np
import pytest
from keras import layers

from seglib.losses import DiceLoss
from seglib.metrics import DiceScore
from seglib.models.deep_supervision import DeeplySupervised, with_deep_supervision
from seglib.models.networks import build_model


def constants(*values):
    """A model whose outputs are constant images of these values."""
    inputs = keras.Input((4, 4, 1))
    outputs = [
        layers.Rescaling(0.0, offset=value, name=f"level{i}")(inputs)
        for i, value in enumerate(values)
    ]
    model = DeeplySupervised(inputs, outputs)
    model.compile(loss=keras.losses.MeanSquaredError(), metrics=[DiceScore()], jit_compile=False)
    return model


def test_each_level_weighs_half_of_the_finer_one():
    truth = np.ones((2, 4, 4, 1), np.float32)
    # Squared errors 0, 1 and 0.25 with weights 4/7, 2/7 and 1/7.
    loss, _ = constants(1.0, 0.0, 0.5).evaluate(truth, truth, verbose=0)
    assert loss == pytest.approx((2 * 1 + 0.25) / 7, rel=1e-5)


def test_metrics_see_the_finest_level_alone():
    truth = np.ones((2, 4, 4, 1), np.float32)
    assert constants(1.0, 0.0).evaluate(truth, truth, verbose=0)[1] == pytest.approx(1.0)
    assert constants(0.0, 1.0).evaluate(truth, truth, verbose=0)[1] == pytest.approx(0.0)


@pytest.mark.slow
def test_every_level_answers_at_full_size_and_shares_the_networks_weights():
    model = build_model("unet", (32, 32, 1), filters=4, depth=3)
    fitted = with_deep_supervision(model, 2)
    image = np.random.default_rng(0).normal(size=(2, 32, 32, 1)).astype(np.float32)
    outputs = fitted.predict_on_batch(image)
    assert [output.shape for output in outputs] == [(2, 32, 32, 1)] * 3
    np.testing.assert_allclose(outputs[0], model.predict_on_batch(image), atol=1e-6)
    fitted.compile(optimizer="sgd", loss=DiceLoss(), jit_compile=False)
    before = model.get_weights()[0].copy()
    fitted.train_on_batch(image, np.ones((2, 32, 32, 1), np.float32))
    assert not np.array_equal(before, model.get_weights()[0])


@pytest.mark.slow
def test_the_loss_reaches_a_level_directly():
    model = build_model("unet", (32, 32, 1), filters=4, depth=3)
    fitted = with_deep_supervision(model, 1)
    model.get_layer("probabilities").kernel.assign(
        np.zeros(model.get_layer("probabilities").kernel.shape)
    )  # the finest head is blind, so only the coarser level can teach the bottleneck
    fitted.compile(optimizer=keras.optimizers.SGD(0.5), loss=DiceLoss(), jit_compile=False)
    image = np.random.default_rng(0).normal(size=(2, 32, 32, 1)).astype(np.float32)
    kernel = model.get_layer("bottleneck_conv1").kernel
    before = keras.ops.convert_to_numpy(kernel).copy()
    fitted.train_on_batch(image, (image > 0).astype(np.float32))
    assert not np.array_equal(before, keras.ops.convert_to_numpy(kernel))


def test_a_network_without_such_levels_is_refused():
    model = build_model("published_lv", (32, 32, 1), filters=4, depth=2)
    with pytest.raises(ValueError, match="decoder level 2"):
        with_deep_supervision(model, 1)
