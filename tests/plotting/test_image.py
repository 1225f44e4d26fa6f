"""Outlines lie where a mask ends, and a window holds what it is of."""

import matplotlib.pyplot as plt
import numpy as np
from figures import outline
from matplotlib.colors import to_rgba

from seglib import plotting
from seglib.plotting.image import draw_contours, paint_agreement
from seglib.plotting.style import AGREED, PREDICTION, TRUTH


def test_contour_lies_on_the_masks_border():
    mask = np.zeros((20, 20, 1), np.uint8)
    mask[5:10, 7:15] = 1
    axes = plt.figure().subplots()
    draw_contours(axes, mask)
    assert outline(axes, TRUTH) == (6.5, 14.5, 4.5, 9.5)


def test_contour_closes_at_the_images_border_and_an_empty_mask_draws_none():
    axes = plt.figure().subplots()
    draw_contours(axes, np.ones((8, 8), np.uint8))
    assert outline(axes, TRUTH) == (-0.5, 7.5, -0.5, 7.5)
    axes = plt.figure().subplots()
    draw_contours(axes, np.zeros((8, 8), np.uint8))
    assert not axes.collections


def test_each_class_has_its_own_contour():
    mask = np.zeros((20, 20), np.uint8)
    mask[2:5, 2:5], mask[10:15, 10:15] = 1, 2
    axes = plt.figure().subplots()
    draw_contours(axes, mask, (TRUTH, PREDICTION))
    assert outline(axes, TRUTH) == (1.5, 4.5, 1.5, 4.5)
    assert outline(axes, PREDICTION) == (9.5, 14.5, 9.5, 14.5)


def test_heart_window_holds_every_mask_and_stays_inside():
    masks = np.zeros((2, 40, 60, 1), np.uint8)
    masks[0, 2:6, 30:34] = 1
    masks[1, 4:10, 30:32] = 1
    rows, columns = plotting.heart_window(masks, margin=5)
    assert rows.stop - rows.start == columns.stop - columns.start == 8 + 10
    assert rows.start == 0 and rows.stop >= 10
    assert columns.start <= 25 and columns.stop >= 39
    assert plotting.heart_window(masks * 0) == (slice(0, 40), slice(0, 60))
    rows, columns = plotting.heart_window(masks, margin=100)
    assert (rows, columns) == (slice(0, 40), slice(0, 60))


def test_pixels_are_painted_as_agreed_missed_and_extra():
    truth, prediction = np.array([[1, 1, 0, 0]]), np.array([[0, 2, 3, 0]])
    for opacity, both in ((0.85, 0.45), (1.0, 1.0)):
        axes = plt.figure().subplots()
        paint_agreement(axes, truth[..., None], prediction[..., None], opacity)
        layer = axes.images[0].get_array()
        expected = [to_rgba(TRUTH, opacity), to_rgba(AGREED, both), to_rgba(PREDICTION, opacity)]
        np.testing.assert_allclose(layer[0], [*expected, (0, 0, 0, 0)])
