"""The smallest recipe that learns something, and all weights of what came of it."""

import numpy as np

from seglib.augmentation import Augmentation
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe

TINY = Recipe(
    name="tiny",
    filters=4,
    depth=2,
    loss="dice",
    learning_rate=5e-3,
    epochs=3,
    batch_size=4,
    preprocessing=Preprocessing(size=64, multiple=4),
    augmentation=Augmentation(rotation=20.0),
)


def weights(run):
    return np.concatenate([w.ravel() for w in run.model.get_weights()])
