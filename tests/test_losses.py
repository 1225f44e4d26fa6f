"""Losses: values by hand, finite everywhere, and back from a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seglib.losses import (
    LOSSES,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    DiceLoss,
    JaccardLoss,
    SumLoss,
    TverskyLoss,
    make_loss,
)

BINARY = sorted(set(LOSSES) - {"cross_entropy"}) + ["dice+bce", "weighted_bce:7"]
MANY = ["dice", "jaccard", "tversky", "cross_entropy", "dice+cross_entropy"]


def masks(*values):
    """One image of one row: ``(1, 1, W, 1)``."""
    return np.array(values, "float32").reshape(1, 1, -1, 1)


def value(loss, y_true, y_pred):
    return float(loss(y_true, y_pred))


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    y_true = (rng.random((3, 4, 4, 1)) > 0.6).astype("float32")
    return y_true, rng.random((3, 4, 4, 1)).astype("float32")


def test_dice_by_hand():
    # overlap 0.8 + 0.6, sums 2 and 0.8 + 0.6 + 0.1
    y_true, y_pred = masks(1, 1, 0, 0), masks(0.8, 0.6, 0.1, 0)
    assert value(DiceLoss(smooth=0.0), y_true, y_pred) == pytest.approx(1 - 2 * 1.4 / 3.5)


def test_jaccard_and_tversky_by_hand():
    y_true, y_pred = masks(1, 1, 0, 0), masks(0.8, 0.6, 0.1, 0)
    assert value(JaccardLoss(smooth=0.0), y_true, y_pred) == pytest.approx(1 - 1.4 / 2.1)
    tversky = TverskyLoss(alpha=0.3, beta=0.7, smooth=0.0)
    expected = 1 - 1.4 / (1.4 + 0.3 * 0.1 + 0.7 * 0.6)
    assert value(tversky, y_true, y_pred) == pytest.approx(expected)


def test_tversky_holds_dice_and_jaccard(pair):
    assert value(TverskyLoss(0.5, 0.5), *pair) == pytest.approx(value(DiceLoss(), *pair))
    assert value(TverskyLoss(1.0, 1.0), *pair) == pytest.approx(value(JaccardLoss(), *pair))


def test_tversky_weighs_misses_and_extras_apart():
    missed, extra = (masks(1, 1), masks(1, 0)), (masks(1, 0), masks(1, 1))
    loss = TverskyLoss(alpha=0.1, beta=0.9)
    assert value(loss, *missed) > value(loss, *extra)


def test_cross_entropy_by_hand():
    y_true, y_pred = masks(1, 0), masks(0.8, 0.3)
    expected = -(np.log(0.8) + np.log(0.7)) / 2
    assert value(BinaryCrossentropy(), y_true, y_pred) == pytest.approx(expected, rel=1e-5)
    weighted = -(10 * np.log(0.8) + np.log(0.7)) / 2
    assert value(make_loss("weighted_bce:10"), y_true, y_pred) == pytest.approx(weighted, rel=1e-5)
    focal = -(0.2**2 * np.log(0.8) + 0.3**2 * np.log(0.7)) / 2
    assert value(make_loss("focal"), y_true, y_pred) == pytest.approx(focal, rel=1e-5)


def test_cross_entropy_agrees_with_keras(pair):
    expected = float(keras.losses.BinaryCrossentropy()(*pair))
    assert value(BinaryCrossentropy(), *pair) == pytest.approx(expected, rel=1e-4)


def test_categorical_cross_entropy_by_hand():
    y_true = masks(0, 2)
    y_pred = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], "float32").reshape(1, 1, 2, 3)
    plain = -(np.log(0.5) + np.log(0.7)) / 2
    assert value(CategoricalCrossentropy(), y_true, y_pred) == pytest.approx(plain, rel=1e-5)
    weighted = -(0.1 * np.log(0.5) + 4 * np.log(0.7)) / 2
    loss = CategoricalCrossentropy(class_weights=[0.1, 1, 4])
    assert value(loss, y_true, y_pred) == pytest.approx(weighted, rel=1e-5)


def test_overlap_losses_of_several_classes_leave_the_background_out():
    y_true = masks(0, 0, 1, 2)
    y_pred = keras.ops.convert_to_numpy(keras.ops.one_hot(np.array([1, 0, 1, 2]), 3))
    y_pred = y_pred.reshape(1, 1, 4, 3)
    class_1, class_2 = 1 - 2 * 1 / (1 + 2), 0.0  # background would add a third, non-zero one
    expected = (class_1 + class_2) / 2
    assert value(DiceLoss(smooth=0.0), y_true, y_pred) == pytest.approx(expected, abs=1e-6)


def test_a_background_that_is_all_there_is_does_not_lower_the_loss():
    y_true = masks(*[0] * 99, 1)
    y_pred = np.zeros((1, 1, 100, 2), "float32")
    y_pred[..., 0] = 1
    assert value(DiceLoss(smooth=1e-6), y_true, y_pred) == pytest.approx(1.0, abs=1e-3)


def test_images_are_scored_one_by_one(pair):
    y_true, y_pred = pair
    for name in BINARY:
        alone = [value(make_loss(name), y_true[i : i + 1], y_pred[i : i + 1]) for i in range(3)]
        assert value(make_loss(name), y_true, y_pred) == pytest.approx(np.mean(alone), rel=1e-5)


def test_an_empty_pair_costs_an_overlap_loss_nothing():
    empty = np.zeros((2, 4, 4, 1), "float32")
    for name in ("dice", "jaccard", "tversky"):
        assert value(make_loss(name), empty, empty) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("truth", [0.0, 1.0])
@pytest.mark.parametrize("prediction", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", BINARY)
def test_value_and_gradient_are_finite_for_one_class(name, truth, prediction):
    y_true = tf.fill((2, 4, 4, 1), truth)
    y_pred = tf.Variable(tf.fill((2, 4, 4, 1), prediction))
    with tf.GradientTape() as tape:
        loss = make_loss(name)(y_true, y_pred)
    assert np.isfinite(float(loss))
    assert np.isfinite(tape.gradient(loss, y_pred).numpy()).all()


@pytest.mark.parametrize("truth", [0, 2])
@pytest.mark.parametrize("predicted", [0, 2])
@pytest.mark.parametrize("name", MANY)
def test_value_and_gradient_are_finite_for_several_classes(name, truth, predicted):
    y_true = tf.fill((2, 4, 4, 1), float(truth))
    y_pred = tf.Variable(tf.one_hot(tf.fill((2, 4, 4), predicted), 3))
    with tf.GradientTape() as tape:
        loss = make_loss(name)(y_true, y_pred)
    assert np.isfinite(float(loss))
    assert np.isfinite(tape.gradient(loss, y_pred).numpy()).all()


@pytest.mark.parametrize("name", ["dice", "bce", "dice+bce", "focal"])
def test_an_all_black_prediction_is_pushed_up_where_the_heart_is(name):
    y_true = masks(0, 1, 1, 0)
    y_pred = tf.Variable(masks(0.01, 0.01, 0.01, 0.01))
    with tf.GradientTape() as tape:
        loss = make_loss(name)(y_true, y_pred)
    gradient = tape.gradient(loss, y_pred).numpy().ravel()
    assert (gradient[1:3] < 0).all()  # downhill is up


@pytest.mark.parametrize("name", [*BINARY, "cross_entropy", "dice+cross_entropy"])
def test_a_compiled_network_reloads_with_its_loss(name, tmp_path):
    outputs = 3 if "cross_entropy" in name else 1
    image = keras.Input((4, 4, 1))
    activation = "softmax" if outputs > 1 else "sigmoid"
    model = keras.Model(image, keras.layers.Conv2D(outputs, 1, activation=activation)(image))
    model.compile(optimizer="sgd", loss=make_loss(name))
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 4, 4, 1)), (rng.random((2, 4, 4, 1)) > 0.5).astype("float32")
    model.save(tmp_path / "network.keras")
    reloaded = keras.models.load_model(tmp_path / "network.keras")
    assert type(reloaded.loss) is type(model.loss)
    assert reloaded.loss.get_config() == model.loss.get_config()
    before, after = value(model.loss, y, model(x)), value(reloaded.loss, y, reloaded(x))
    assert before == after


@pytest.mark.parametrize(
    "loss",
    [
        TverskyLoss(alpha=0.2, beta=0.8, smooth=2.0),
        DiceLoss(smooth=0.5),
        JaccardLoss(smooth=3.0),
        BinaryCrossentropy(positive_weight=4.0, gamma=1.5),
        SumLoss([DiceLoss(smooth=0.5), BinaryCrossentropy(gamma=2.0)], [0.3, 0.7], name="mine"),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_the_config_keeps_every_setting(loss, pair):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert copy.get_config() == loss.get_config()
    assert value(copy, *pair) == value(loss, *pair)


def test_class_weights_survive_a_round_trip():
    loss = CategoricalCrossentropy(class_weights=np.array([0.5, 2, 1]))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert copy.class_weights == [0.5, 2.0, 1.0]


def test_a_sum_adds_its_weighted_parts(pair):
    dice, bce = DiceLoss(), BinaryCrossentropy()
    both = SumLoss([dice, bce], [0.25, 2.0])
    expected = 0.25 * value(dice, *pair) + 2 * value(bce, *pair)
    assert value(both, *pair) == pytest.approx(expected, rel=1e-5)


def test_wrong_names_and_weights_are_refused():
    with pytest.raises(ValueError, match="no loss mse; choose from dice"):
        make_loss("dice+mse")
    with pytest.raises(ValueError, match="2 losses, but 1 weights"):
        SumLoss([DiceLoss(), JaccardLoss()], [1.0])


def test_weights_stand_in_the_name():
    assert make_loss("weighted_bce:12.5").positive_weight == 12.5
    assert make_loss("weighted_cross_entropy:1,5,2").class_weights == [1.0, 5.0, 2.0]
    summed = make_loss("dice+weighted_bce:3")
    assert summed.losses[1].positive_weight == 3 and summed.name == "dice_weighted_bce"


@pytest.mark.parametrize("name", ["weighted_bce", "weighted_bce:", "weighted_bce:1,2", "bce:3"])
def test_a_weight_that_is_missing_or_too_many_is_refused(name):
    with pytest.raises(ValueError, match="weighted_bce"):
        make_loss(name)


@pytest.mark.parametrize("name", ["dice+bce", "focal", "weighted_bce:4"])
def test_a_volume_has_the_loss_of_its_slices_laid_side_by_side(name, pair):
    y_true, y_pred = pair
    volume = [stack.reshape(1, 3, 4, 4, 1) for stack in pair]
    flat = [stack.reshape(1, 12, 4, 1) for stack in pair]
    loss = make_loss(name)
    assert keras.ops.shape(loss.call(*volume)) == (1,)
    assert value(loss, *volume) == pytest.approx(value(loss, *flat), rel=1e-6)


def test_a_volume_of_several_classes_has_the_loss_of_its_slices_laid_side_by_side():
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 3, (1, 3, 4, 4, 1)).astype("float32")
    y_pred = rng.dirichlet(np.ones(3), (1, 3, 4, 4)).astype("float32")
    loss = make_loss("dice+weighted_cross_entropy:1,2,3")
    flat = value(loss, y_true.reshape(1, 12, 4, 1), y_pred.reshape(1, 12, 4, 3))
    assert value(loss, y_true, y_pred) == pytest.approx(flat, rel=1e-6)
