"""Clean-up of hard masks."""

import numpy as np

from seglib import inference


def test_the_largest_piece_stays():
    masks = np.zeros((2, 8, 8, 1), np.uint8)
    masks[0, 1:4, 1:4] = 1
    masks[0, 4, 4] = 1  # touches at a corner: the same piece
    masks[0, 7, 7] = 1
    cleaned = inference.largest_component(masks)
    assert cleaned[0].sum() == 10
    assert cleaned[0, 7, 7] == 0
    assert cleaned[1].sum() == 0
