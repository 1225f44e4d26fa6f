"""Resizing and renumbering of masks."""

import cv2
import numpy as np
import pytest
from PIL import Image
from pixels import random_images

from seglib.errors import DataError
from seglib.formats.resizing import (
    map_labels,
    resize_image,
    resize_mask,
    resize_mask_smoothly,
    threshold,
)


def test_resized_mask_keeps_its_labels_and_image_does_not():
    mask = cv2.circle(np.zeros((256, 256), np.uint8), (120, 130), 37, 255, -1)
    for size in ((100, 100), (256, 300), (77, 401)):
        assert set(np.unique(resize_mask(mask, size))) == {0, 255}
        assert len(np.unique(resize_image(mask, size))) > 2


def test_resize_is_pillows_and_orders_height_before_width():
    image = random_images(20, 30)
    expected = Image.fromarray(image).resize((15, 40), Image.Resampling.BILINEAR)
    resized = resize_image(image, (40, 15))
    assert resized.shape == (40, 15)
    np.testing.assert_array_equal(resized, np.asarray(expected))


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_resize_keeps_channels_and_dtype(channels, dtype):
    image = random_images(16, 16, *channels).astype(dtype)
    resized = resize_image(image, (8, 12))
    assert resized.shape == (8, 12, *channels)
    assert resized.dtype == dtype
    if channels == (3,):
        np.testing.assert_array_equal(resized[..., 1], resize_image(image[..., 1], (8, 12)))


def test_nearest_neighbour_agrees_with_opencv_exact():
    mask = (random_images(61, 47) > 128).astype(np.uint8)
    for height, width in ((128, 128), (30, 23), (61, 90)):
        exact = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        np.testing.assert_array_equal(resize_mask(mask, (height, width)), exact)


def test_threshold_is_inclusive():
    assert threshold(np.array([0, 127, 128, 255])).tolist() == [0, 0, 1, 1]


def test_map_labels():
    labels = {0: 0, 85: 1, 170: 2, 255: 3}
    mask = np.array([[0, 85], [255, 170]], np.uint8)
    assert map_labels(mask, labels).tolist() == [[0, 1], [3, 2]]
    with pytest.raises(DataError, match=r"\[7, 90\] are not among the labels \[0, 85, 170, 255\]"):
        map_labels(np.array([0, 7, 90]), labels)


def test_a_smoothly_resized_mask_is_binary_but_not_the_nearest_one():
    mask = cv2.circle(np.zeros((256, 256), np.uint8), (120, 130), 37, 1, -1)
    smooth, nearest = (resize(mask, (100, 100)) for resize in (resize_mask_smoothly, resize_mask))
    assert set(np.unique(smooth)) == {0, 1}
    assert 0 < np.sum(smooth != nearest) < 0.1 * nearest.sum()
    with pytest.raises(DataError, match="class 2"):
        resize_mask_smoothly(mask * np.uint8(2), (100, 100))
