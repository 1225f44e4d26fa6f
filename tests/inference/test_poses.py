"""Averaging over poses: exact where nothing moves, and back in place where it does."""

import keras
import numpy as np

from seglib.inference.prediction import predict, predict_in_poses
from seglib.preprocessing.steps import Preprocessing

PREPROCESSING = Preprocessing(size=64, normalisation="255", multiple=16)


def identity_network():
    """Answers with its own input."""
    inputs = keras.Input((64, 64, 1))
    return keras.Model(inputs, keras.layers.Rescaling(1.0)(inputs))


def disc(y, x, radius=8, side=96):
    rows, columns = np.mgrid[:side, :side]
    inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return (inside * 255).astype(np.uint8)[None, ..., None]


def test_the_usual_pose_alone_changes_nothing():
    images = disc(40, 50)
    model = identity_network()
    found = predict_in_poses(model, images, PREPROCESSING, [(0.0, 1.0)])
    np.testing.assert_allclose(found, predict(model, images, PREPROCESSING), atol=1e-6)


def test_what_was_moved_comes_back_to_its_place():
    images = disc(40, 55)
    model = identity_network()
    for pose in ((20.0, 1.0), (-35.0, 1.1), (0.0, 0.8)):
        found = predict_in_poses(model, images, PREPROCESSING, [pose])[0, ..., 0] >= 0.5
        truth = images[0, ..., 0] > 0
        assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.96


def test_poses_are_averaged():
    images = disc(40, 55)
    model = identity_network()
    poses = [(0.0, 1.0), (90.0, 1.0)]
    apart = [predict_in_poses(model, images, PREPROCESSING, [pose]) for pose in poses]
    together = predict_in_poses(model, images, PREPROCESSING, poses)
    np.testing.assert_allclose(together, np.mean(apart, axis=0), atol=1e-6)
