"""Pixels by chance, the same in every run."""

import numpy as np


def random_images(*shape: int) -> np.ndarray:
    """uint8 values of any size."""
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def drawn(probabilities):
    """Truth of pixels that are true as often as the probabilities say."""
    rng = np.random.default_rng(99)
    return (rng.random(probabilities.shape) < probabilities).astype(np.uint8)
