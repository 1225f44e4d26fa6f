"""Training metrics: hard masks, no background, and no say for the batch size."""

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from seglib.losses import BINARY_LOSSES, LOSSES, MULTICLASS_LOSSES, make_loss
from seglib.metrics import DiceScore, JaccardScore


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    y_true = (rng.random((7, 8, 8, 1)) > 0.8).astype("uint8")
    y_true[2] = 0  # a slice without a heart
    return y_true, rng.random((7, 8, 8, 1)).astype("float32")


def result(metric, y_true, y_pred, batch_size=None):
    batch_size = batch_size or len(y_true)
    for start in range(0, len(y_true), batch_size):
        rows = slice(start, start + batch_size)
        metric.update_state(y_true[rows], y_pred[rows])
    return float(metric.result())


@pytest.mark.parametrize("metric", [DiceScore, JaccardScore])
def test_the_batch_size_changes_nothing(metric, pair):
    values = {result(metric(), *pair, batch_size=size) for size in (1, 2, 3, 7)}
    assert len(values) == 1


@pytest.mark.parametrize(
    ("metric", "reference"), [(DiceScore, f1_score), (JaccardScore, jaccard_score)]
)
def test_scikit_learn_agrees(metric, reference, pair):
    y_true, y_pred = pair
    expected = reference(y_true.ravel(), (y_pred >= 0.5).ravel())
    assert result(metric(), *pair) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("metric", "reference"), [(DiceScore, f1_score), (JaccardScore, jaccard_score)]
)
def test_several_classes_are_pooled_without_the_background(metric, reference):
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 4, (3, 8, 8, 1)).astype("uint8")
    y_pred = rng.random((3, 8, 8, 4)).astype("float32")
    labels = y_pred.argmax(axis=-1).ravel()
    expected = reference(y_true.ravel(), labels, labels=[1, 2, 3], average="micro")
    assert result(metric(), y_true, y_pred) == pytest.approx(expected, rel=1e-6)


def test_masks_are_hard(pair):
    y_true, _ = pair
    unsure = np.where(y_true == 1, 0.5, 0.49).astype("float32")
    assert result(DiceScore(), y_true, unsure) == pytest.approx(1.0)


@pytest.mark.parametrize("metric", [DiceScore, JaccardScore])
def test_nothing_to_score_is_nan_and_a_missed_heart_is_zero(metric):
    empty, full = np.zeros((1, 4, 4, 1), "float32"), np.ones((1, 4, 4, 1), "float32")
    assert np.isnan(result(metric(), empty, empty))
    assert result(metric(), full, empty) == 0.0
    assert result(metric(), empty, full) == 0.0
    assert result(metric(), full, full) == 1.0


@pytest.mark.parametrize("metric", [DiceScore, JaccardScore])
def test_reset_forgets_everything(metric, pair):
    used = metric()
    result(used, np.ones_like(pair[0]), pair[1])
    used.reset_state()
    assert result(used, *pair) == result(metric(), *pair)


def test_a_compiled_network_reloads_with_its_metrics(tmp_path, pair):
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 1, activation="sigmoid")(image))
    model.compile(optimizer="sgd", loss="mse", metrics=[DiceScore(), JaccardScore()])
    x, y = pair[1], pair[0].astype("float32")
    before = model.evaluate(x, y, batch_size=2, verbose=0, return_dict=True)
    model.save(tmp_path / "network.keras")
    reloaded = keras.models.load_model(tmp_path / "network.keras")
    after = reloaded.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    assert before["dice"] == after["dice"]
    assert before["jaccard"] == after["jaccard"]


def step(loss, classes, y_true):
    """Loss and scores of one training step of a tiny network."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    activation = "sigmoid" if classes == 1 else "softmax"
    model = keras.Model(image, keras.layers.Conv2D(classes, 3, activation=activation)(image))
    metrics = [DiceScore(), JaccardScore()]
    model.compile(optimizer="sgd", loss=loss, metrics=metrics, jit_compile=False)
    images = np.random.default_rng(2).normal(size=(4, 8, 8, 1)).astype("float32")
    return model.train_on_batch(images, y_true[:, 1:-1, 1:-1], return_dict=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "classes"),
    [(name, 1) for name in [*LOSSES, "weighted_bce:3", "dice+bce"] if name not in MULTICLASS_LOSSES]
    + [
        (name, 3) for name in [*LOSSES, "weighted_cross_entropy:1,5,2"] if name not in BINARY_LOSSES
    ],
)
def test_masks_of_any_type_train_alike(loss, classes):
    masks = np.random.default_rng(1).integers(0, 2, (4, 8, 8, 1))
    expected = step(make_loss(loss), classes, masks.astype("float32"))
    assert 0 < expected["dice"] < 1
    for dtype in ("uint8", "int32", "int64", "bool", "float64"):
        found = step(make_loss(loss), classes, masks.astype(dtype))
        assert found == pytest.approx(expected, rel=1e-6), dtype
