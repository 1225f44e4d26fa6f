"""Intensities that no normalisation can mend are found and named."""

import numpy as np
import pytest
from pixels import random_images

from seglib.errors import DataError
from seglib.preprocessing.intensities import drowned, require_finite_input


def test_a_value_that_drowns_all_others_is_seen():
    image = random_images(8, 8, 1).astype(np.float32)
    assert not drowned(image)
    assert not drowned(image * np.float32(1e30))
    image[0, 0] = 1e20
    assert drowned(image)
    assert not drowned(np.full((8, 8, 1), 1e20))


def test_the_first_image_that_is_not_finite_is_named():
    images = random_images(3, 4, 4, 1).astype(np.float64)
    images[1:] *= 1e300
    with (
        np.errstate(over="ignore"),
        pytest.raises(DataError, match=r"^b: .* to 2\.\d+e\+302\) are"),
    ):
        require_finite_input(images.astype(np.float32), images, ["a", "b", "c"])
    require_finite_input(images[:1], images[:1], ["a"])
