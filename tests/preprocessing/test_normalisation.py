"""Normalisation by constants, and that it left what is stored of older runs as it was."""

import json

import numpy as np
import pytest
from pixels import random_images

from seglib.datasets.oasis import PUBLISHED_DEVIATION, PUBLISHED_MEAN
from seglib.errors import DataError
from seglib.preprocessing import normalisation
from seglib.preprocessing.steps import Preprocessing

PUBLISHED = normalisation.fixed(PUBLISHED_MEAN, PUBLISHED_DEVIATION)


def test_published_values_stand_in_the_name():
    assert PUBLISHED == "fixed 0.1317 0.1864"
    assert normalisation.fixed(0, 1.0) == "fixed 0 1"
    assert normalisation.fixed(-0.25, 1 / 3) == "fixed -0.25 0.333333"


def test_every_image_is_shifted_and_scaled_alike():
    images = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
    result = Preprocessing(size=None, normalisation=PUBLISHED, multiple=1).images(images)
    assert result.dtype == np.float32
    expected = (np.array([0, 0.2, 1]) - 0.1317) / 0.1864
    np.testing.assert_allclose(result.ravel(), expected, rtol=1e-6)


def test_own_statistics_give_mean_0_and_deviation_1():
    images = random_images(4, 32, 32, 1) // 3
    mean, deviation = normalisation.mean_and_deviation(images)
    np.testing.assert_allclose([mean, deviation], [(images / 255).mean(), (images / 255).std()])
    name = normalisation.fixed(mean, deviation)
    result = Preprocessing(size=32, normalisation=name).normalise(images)
    np.testing.assert_allclose([result.mean(), result.std()], [0, 1], atol=1e-4)
    # ... and one image stays brighter than another, which a z-score would undo.
    brighter = Preprocessing(size=32, normalisation=name).normalise(images + np.uint8(60))
    assert brighter.mean() > 0.5


def test_statistics_need_8_bit_images():
    for images in (random_images(2, 8, 8, 1).astype(np.float32), np.zeros((0, 8, 8, 1), np.uint8)):
        with pytest.raises(DataError, match="expected 8-bit images"):
            normalisation.mean_and_deviation(images)


def test_the_setting_survives_a_json_file():
    steps = Preprocessing(size=None, normalisation=PUBLISHED)
    assert Preprocessing(**json.loads(json.dumps(steps.to_dict()))) == steps


def test_a_file_older_than_a_setting_is_read_with_its_default():
    old = {"size": 128, "normalisation": "z-score", "multiple": 16, "resize": None}
    assert Preprocessing(**old) == Preprocessing()


def test_which_normalisations_count_on_8_bit():
    names = ("255", "z-score", "min-max", PUBLISHED)
    assert [Preprocessing(normalisation=n).takes_8_bit for n in names] == [True, False, False, True]


@pytest.mark.parametrize("name", ["fixed", "fixed 0.1", "fixed 0.1 -0.2", "fixed a b", "Fixed 0 1"])
def test_names_that_cannot_be_read(name):
    with pytest.raises(DataError, match=r"unknown normalisation.*'fixed 0\.1317 0\.1864'"):
        Preprocessing(normalisation=name)


@pytest.mark.parametrize("values", [(0.1, float("nan")), (float("inf"), 0.1), (0.1, -0.2)])
def test_values_that_no_name_can_hold(values):
    with pytest.raises(DataError, match="unknown normalisation"):
        normalisation.fixed(*values)


@pytest.mark.parametrize("deviation", [0, 1e-9])
def test_a_deviation_of_zero_is_refused(deviation):
    with pytest.raises(DataError, match="standard deviation must be above 0"):
        normalisation.fixed(0.1, deviation)


@pytest.mark.parametrize("name", ["z-score", "min-max"])
@pytest.mark.parametrize("factor", [1e20, 1e30, 1e36])
def test_a_scale_of_any_size_is_normalised_away(name, factor):
    images = random_images(2, 8, 8, 1).astype(np.float64)
    normalise = normalisation.normaliser(name)
    np.testing.assert_allclose(normalise(images * factor), normalise(images), rtol=1e-5, atol=1e-6)


def test_a_large_image_changes_no_other():
    images = random_images(3, 8, 8, 1).astype(np.float32)
    alone = normalisation.z_score(images)
    images[1] *= 1e20
    together = normalisation.z_score(images)
    np.testing.assert_array_equal(together[[0, 2]], alone[[0, 2]])


def as_it_was(name: str, images: np.ndarray) -> np.ndarray:
    """What the stored models were trained and measured with: float32 throughout."""
    images = images.astype(np.float32)
    if name == "z-score":
        shift, scale = images.mean((1, 2), keepdims=True), images.std((1, 2), keepdims=True)
    else:
        shift = images.min((1, 2), keepdims=True)
        scale = images.max((1, 2), keepdims=True) - shift
    return (images - shift) / np.where(scale > 0, scale, 1.0)


@pytest.mark.parametrize("name", ["z-score", "min-max"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_ordinary_images_are_normalised_bit_for_bit_as_before(name, dtype):
    images = (random_images(5, 33, 47, 3) * 40.7 - 900).astype(dtype)
    images[1], images[2, ..., 1] = 0, 7
    found = normalisation.normaliser(name)(images)
    np.testing.assert_array_equal(found, as_it_was(name, images), strict=True)


@pytest.mark.parametrize("name", ["z-score", "min-max"])
@pytest.mark.parametrize(
    ("dtype", "factor"),
    [
        (np.float32, 1e18),
        (np.float32, 1e30),
        (np.float32, 1e36),
        (np.float32, 1e-25),
        (np.float32, 1e-36),
        (np.float64, 1e40),
        (np.float64, 1e305),
        (np.float64, 1e-300),
        (np.int64, 2**55),
        (np.uint64, 2**56),
    ],
)
def test_the_size_of_the_numbers_does_not_matter(name, dtype, factor):
    """One large or small image among ordinary ones, of which the second channel alone differs."""
    images = random_images(3, 16, 16, 2).astype(dtype)
    expected = as_it_was(name, images)
    images[1, ..., 1] *= dtype(factor)
    found = normalisation.normaliser(name)(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    rest = np.ones(found.shape, bool)
    rest[1, ..., 1] = False
    np.testing.assert_array_equal(found[rest], expected[rest])


def test_one_pixel_beyond_float32_squares():
    images = np.zeros((1, 10, 10, 1), np.float32)
    images[0, 3, 4] = 1e20
    assert normalisation.z_score(images)[0, 3, 4, 0] == pytest.approx(99**0.5)
    assert normalisation.min_max(-images)[0, 3, 4, 0] == 0


@pytest.mark.parametrize("name", ["z-score", "min-max"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_visible(name, value):
    images = random_images(2, 8, 8, 1).astype(np.float32)
    expected = as_it_was(name, images)
    images[1, 2, 3] = value
    found = normalisation.normaliser(name)(images)
    assert not np.isfinite(found[1]).all()
    np.testing.assert_array_equal(found[0], expected[0])
