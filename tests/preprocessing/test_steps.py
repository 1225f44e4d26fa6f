import cv2
import numpy as np
import pytest
from pixels import random_images

from seglib.batches.slices import SliceSequence
from seglib.errors import DataError
from seglib.phantoms import heart
from seglib.preprocessing.normalisation import min_max, scale_255, z_score
from seglib.preprocessing.steps import Preprocessing, center_crop_or_pad, next_multiple


def test_scale_255():
    scaled = scale_255(np.array([0, 51, 255], np.uint8))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [0, 0.2, 1])


def test_z_score_is_per_image_and_channel():
    images = random_images(3, 16, 16, 2) // np.array([1, 2, 4], np.uint8)[:, None, None, None]
    result = z_score(images)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std(axis=(1, 2)), 1, atol=1e-5)


def test_min_max_is_per_image_and_channel():
    result = min_max(random_images(3, 16, 16, 2) + np.float32(5))
    np.testing.assert_array_equal(result.min(axis=(1, 2)), 0)
    np.testing.assert_array_equal(result.max(axis=(1, 2)), 1)


@pytest.mark.parametrize("normalise", [z_score, min_max])
def test_constant_image_becomes_zeros(normalise):
    result = normalise(np.full((1, 8, 8, 1), 137, np.uint8))
    np.testing.assert_array_equal(result, 0)


@pytest.mark.parametrize("old", [(8, 8), (9, 12), (7, 16), (16, 5)])
@pytest.mark.parametrize("new", [(8, 8), (16, 16), (5, 9), (10, 3)])
def test_crop_or_pad_and_back_is_exact(old, new):
    array = random_images(2, *old, 3)
    there = center_crop_or_pad(array, new, fill=0)
    assert there.shape == (2, *new, 3)
    assert there.dtype == array.dtype
    back = center_crop_or_pad(there, old)
    kept = center_crop_or_pad(center_crop_or_pad(np.ones_like(array), new), old) > 0
    assert kept.sum() == 6 * min(old[0], new[0]) * min(old[1], new[1])
    np.testing.assert_array_equal(back[kept], array[kept])
    assert (back[~kept] == 0).all()


def test_padding_uses_the_fill_value():
    padded = center_crop_or_pad(np.zeros((1, 2, 2, 1), np.uint8), (4, 4), fill=9)
    assert padded.sum() == 9 * 12


def test_next_multiple():
    assert [next_multiple(size, 16) for size in (1, 16, 17, 255, 256)] == [16, 16, 32, 256, 256]


@pytest.mark.parametrize("size", [(250, 270), (255, 97), (256, 256), (40, 300)])
@pytest.mark.parametrize("side", [None, 128])
def test_masks_come_back_on_the_native_grid(size, side):
    steps = Preprocessing(size=side)
    masks = (random_images(2, *size, 1) > 128).astype(np.uint8)
    network = steps.masks(masks)
    assert network.shape[1] % 16 == network.shape[2] % 16 == 0
    assert steps.images(masks).shape == network.shape
    restored = steps.restore(network, size)
    assert restored.shape == masks.shape
    if side is None:
        np.testing.assert_array_equal(restored, masks)
    else:
        inside = steps.restore(np.ones_like(network), size) > 0
        np.testing.assert_array_equal(restored, masks * inside)


def test_image_and_mask_stay_in_step():
    masks = np.zeros((1, 251, 199, 1), np.uint8)
    masks[0, 100:140, 80:121] = 1
    for side in (None, 128, 256):
        steps = Preprocessing(size=side, normalisation="min-max")
        np.testing.assert_array_equal(steps.images(masks * 200), steps.masks(masks))


def test_normalisation_sees_the_crop_only():
    images = random_images(1, 200, 200, 1)
    bright = images.copy()
    bright[:, :10] = 255  # outside the central 128
    for name in ("z-score", "min-max", "255"):
        steps = Preprocessing(normalisation=name)
        np.testing.assert_array_equal(steps.images(images), steps.images(bright))


def test_padding_does_not_change_the_statistics():
    images = random_images(1, 100, 90, 1)
    padded = Preprocessing(size=128).images(images)
    np.testing.assert_allclose(center_crop_or_pad(padded, (100, 90)), z_score(images), atol=1e-6)


def test_settings_are_checked():
    with pytest.raises(DataError, match="size 100 is not a multiple of 16.*next one is 112"):
        Preprocessing(size=100)
    with pytest.raises(DataError, match="unknown normalisation 'mean'; choose from 255"):
        Preprocessing(normalisation="mean")


def test_settings_survive_the_round_trip_to_a_dictionary():
    steps = Preprocessing(size=None, normalisation="255", multiple=32)
    assert Preprocessing(**steps.to_dict()) == steps
    assert Preprocessing.from_dict(steps.to_dict()) == steps


def test_real_masks_lie_inside_the_crop(sunnybrook):
    cropped = Preprocessing(size=128).masks(sunnybrook.masks)
    assert cropped.sum() == sunnybrook.masks.sum()


def test_a_resized_set_predicts_on_the_stored_grid():
    preprocessing = Preprocessing(size=64, resize=64, multiple=16)
    images = random_images(2, 128, 128, 1)
    assert preprocessing.images(images).shape == (2, 64, 64, 1)
    mask = cv2.circle(np.zeros((128, 128), np.uint8), (60, 70), 30, 1, -1)[None, ..., None]
    back = preprocessing.restore(preprocessing.masks(mask).astype(np.float32), (128, 128)) >= 0.5
    overlap = 2 * (back & (mask > 0)).sum() / (back.sum() + mask.sum())
    assert overlap > 0.97
    assert preprocessing.target_size(300, 200) == (64, 64)


def test_resizing_a_whole_set_leaves_its_table_and_does_nothing_twice(phantom_set):
    preprocessing = Preprocessing(size=32, resize=32, multiple=16)
    small = preprocessing.resized(phantom_set)
    assert small.images.shape[1:3] == small.masks.shape[1:3] == (32, 32)
    assert small.table.equals(phantom_set.table)
    assert preprocessing.resized(small).images is small.images


def test_a_field_makes_images_that_show_more_or_less_look_alike():
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 1)).astype(np.uint8)
    masks = (images > 128).astype(np.uint8)
    named = Preprocessing(size=16, resize=32, field=64)
    whole = Preprocessing(size=16, resize=32)
    for side in (64, 80, 48):  # as in training, a larger and a smaller field of view
        other, other_masks = (center_crop_or_pad(a, (side, side)) for a in (images, masks))
        np.testing.assert_array_equal(named.images(other), whole.images(images))
        np.testing.assert_array_equal(named.masks(other_masks), whole.masks(masks))
        outputs = np.random.default_rng(1).random((2, 16, 16, 3), np.float32)
        expected = center_crop_or_pad(whole.restore(outputs, (64, 64)), (side, side))
        np.testing.assert_array_equal(named.restore(outputs, (side, side)), expected)


def test_a_field_without_a_size_to_resize_it_to_is_refused():
    with pytest.raises(DataError, match="resize is None"):
        Preprocessing(size=16, field=64)


def test_batches_are_resized_once_and_see_no_field_twice():
    slices = heart.make(patients=3, slices=2, size=64)
    preprocessing = Preprocessing(size=16, resize=32, field=48)
    images, masks = SliceSequence(slices, preprocessing, len(slices))[0]
    np.testing.assert_array_equal(images, preprocessing.images(slices.images))
    np.testing.assert_array_equal(masks, preprocessing.masks(slices.masks))
