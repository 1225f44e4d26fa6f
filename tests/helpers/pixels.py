"""Pixels by chance, the same in every run, and a picture as a notebook holds one."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image


def random_images(*shape: int) -> np.ndarray:
    """uint8 values of any size."""
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def drawn(probabilities):
    """Truth of pixels that are true as often as the probabilities say."""
    rng = np.random.default_rng(99)
    return (rng.random(probabilities.shape) < probabilities).astype(np.uint8)


def encoded(form: str) -> str:
    """A small picture as a notebook holds it: a file of this form in base 64."""
    stream = BytesIO()
    Image.new("L", (4, 4)).save(stream, form)
    return base64.b64encode(stream.getvalue()).decode()
