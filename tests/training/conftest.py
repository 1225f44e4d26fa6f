"""Hearts to train on."""

import pytest

from seglib.phantoms import heart
from seglib.splits.patients import literature_split


@pytest.fixture(scope="module")
def parts():
    hearts = heart.make(patients=6, slices=3, size=96)
    return literature_split(hearts, validation_patients=1).apply(hearts)
