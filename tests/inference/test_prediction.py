"""Inference: masks on the input's own grid, and model files that explain themselves."""

import numpy as np
import pytest

from seglib import inference
from seglib.errors import DataError
from seglib.inference import forward
from seglib.models.networks import build_model
from seglib.preprocessing.steps import Preprocessing


@pytest.fixture(scope="module")
def model():
    return build_model("unet", (None, None, 1), filters=4, depth=2)


@pytest.mark.parametrize("size", [(64, 64), (50, 70), (33, 20)])
@pytest.mark.parametrize("crop", [32, None])
def test_probabilities_have_the_size_of_the_input(model, size, crop, rng):
    images = rng.integers(0, 255, (3, *size, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=crop, multiple=4)
    output = inference.predict(model, images, preprocessing)
    assert output.shape == (3, *size, 1)
    assert output.min() >= 0 and output.max() <= 1


def test_outside_the_crop_is_background(model, rng):
    images = rng.integers(0, 255, (2, 64, 64, 1)).astype(np.uint8)
    output = inference.predict(model, images, Preprocessing(size=32, multiple=4))
    inside = output[:, 16:48, 16:48]
    assert (inside > 0).all()
    assert output.sum() == pytest.approx(inside.sum())


def test_it_says_how_many_images_each_pass_has_done(model, rng):
    images, done = rng.random((5, 16, 16, 1), np.float32), []
    inference.predict(model, images, Preprocessing(multiple=4), batch_size=2, done=done.append)
    assert sum(done) == 5 and max(done) <= 2


@pytest.mark.parametrize("rotations", [False, True])
def test_the_batch_size_does_not_change_the_result(model, rotations, rng):
    images = rng.integers(0, 255, (5, 32, 32, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=32, multiple=4)
    expected = inference.predict(model, images, preprocessing, rotations=rotations)
    for size in (1, 2, 3, 16):  # 2 and 3 leave a last batch that is filled up
        found = inference.predict(
            model, images, preprocessing, batch_size=size, rotations=rotations
        )
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_large_images_are_prepared_and_restored_a_few_at_a_time(model, monkeypatch, rng):
    """The network sees 16x16 pixels of 64x64: its own memory would allow all of them."""
    images = rng.integers(0, 255, (7, 64, 64, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=16, multiple=4)
    expected = inference.predict(model, images, preprocessing)
    restored, restore = [], Preprocessing.restore

    def counted(self, outputs, size):
        restored.append(len(outputs))
        return restore(self, outputs, size)

    monkeypatch.setattr(Preprocessing, "restore", counted)
    monkeypatch.setattr(forward, "MEMORY", 3 * forward.bytes_beside(images, 1))
    np.testing.assert_allclose(inference.predict(model, images, preprocessing), expected, atol=1e-6)
    assert restored == [3, 3, 1]


def test_with_rotations_a_turned_image_gives_the_turned_mask(model, rng):
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=32, multiple=4)

    def mean(x):
        return inference.predict(model, np.ascontiguousarray(x), preprocessing, rotations=True)

    turned = np.rot90(images, axes=(1, 2))
    np.testing.assert_allclose(mean(turned), np.rot90(mean(images), axes=(1, 2)), atol=1e-5)
    flipped = images[:, :, ::-1]
    np.testing.assert_allclose(mean(flipped), mean(images)[:, :, ::-1], atol=1e-5)


@pytest.mark.parametrize(
    ("normalisation", "value"), [("z-score", np.nan), ("min-max", np.inf), ("255", 1e300)]
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_an_image_that_is_not_finite_once_prepared_is_named(model, normalisation, value, rng):
    images = rng.integers(0, 255, (3, 32, 32, 1)).astype(np.float64)
    images[1, 16, 16] = value
    preprocessing = Preprocessing(size=32, multiple=4, normalisation=normalisation)
    with pytest.raises(DataError, match="^image 1: .*not finite once prepared.*e.g. 0 to 4095"):
        inference.predict(model, images, preprocessing)


def test_the_size_of_the_intensities_does_not_change_the_result(model, rng):
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.float32)
    preprocessing = Preprocessing(size=32, multiple=4)
    expected = inference.predict(model, images, preprocessing)
    found = inference.predict(model, images * np.float32(1e30), preprocessing)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hard_masks():
    one = np.array([0.2, 0.5, 0.9]).reshape(1, 1, 3, 1)
    assert inference.to_mask(one).ravel().tolist() == [0, 1, 1]
    three = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]).reshape(1, 1, 2, 3)
    assert inference.to_mask(three).ravel().tolist() == [0, 2]


def test_more_classes_than_a_mask_can_number_are_refused():
    last = np.zeros((1, 1, 1, 256))
    last[..., 255] = 1
    assert inference.to_mask(last).item() == 255
    with pytest.raises(DataError, match="257 classes apart, but a mask numbers 256"):
        inference.to_mask(np.zeros((1, 1, 1, 257)))
