"""Windows over a volume: all of it, and back on the grid of the images."""

import keras
import numpy as np
import pytest
from balls import ball_set
from keras import layers

from seglib.errors import DataError
from seglib.inference.sliding_window import predict_volume, window_starts
from seglib.preprocessing.steps import Preprocessing
from seglib.preprocessing.volumes import prepare_volume

PREPARED = Preprocessing(size=None, normalisation="min-max", multiple=4)


PATCH = (4, 8, 8)


@pytest.fixture(scope="module")
def balls():
    return ball_set()


def echo(channels=1):
    """A network that answers its input."""
    inputs = keras.Input((*PATCH, channels))
    return keras.Model(inputs, layers.Activation("linear")(inputs))


@pytest.mark.parametrize(
    ("side", "width", "overlap", "expected"),
    [(8, 8, 0.5, [0]), (10, 4, 0.0, [0, 3, 6]), (12, 8, 0.5, [0, 4]), (9, 4, 0.5, [0, 2, 3, 5])],
)
def test_windows_cover_the_side(side, width, overlap, expected):
    starts = window_starts(side, width, overlap)
    assert starts == expected
    assert set(range(side)) == {s + i for s in starts for i in range(width)}


@pytest.mark.parametrize("slices", [10, 8])  # 100 and 75 windows: two batches, one filled up
def test_a_network_that_answers_its_input_gives_the_volume_back(balls, slices):
    rows = next(balls.cases())
    images = balls.images[rows][:slices]
    answer = predict_volume(echo(), images, PREPARED, PATCH)
    np.testing.assert_allclose(answer, prepare_volume(images, PREPARED), atol=1e-5)


def test_probabilities_come_back_on_the_grid_of_the_images(balls):
    rows = next(balls.cases())
    cropped = Preprocessing(size=16, normalisation="min-max", multiple=4)
    answer = predict_volume(echo(), balls.images[rows][:3], cropped, PATCH)
    assert answer.shape == (3, 24, 24, 1)
    assert answer[:, :3].max() == 0  # outside the crop
    np.testing.assert_allclose(
        answer[:, 4:20, 4:20], prepare_volume(balls.images[rows][:3], cropped), atol=1e-5
    )


def test_a_slice_that_is_not_finite_is_named(balls):
    images = balls.images[next(balls.cases())].astype(np.float32)
    images[7, 3, 3] = np.nan
    each = Preprocessing(size=None, normalisation="none", multiple=4)
    with pytest.raises(DataError, match="^slice 7: .*not finite once prepared"):
        predict_volume(echo(), images, each, PATCH)
