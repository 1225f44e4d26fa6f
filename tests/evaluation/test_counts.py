"""Pixel counts of slices, and the Dice that is formed of them."""

import numpy as np

from seglib.evaluation.counts import COUNTS, count_slices, dice_of_counts
from seglib.evaluation.tables import per_slice


def test_counts_give_the_dice_of_each_slice(phantom_set):
    prediction = np.roll(phantom_set.masks, 2, axis=1)
    prediction[0] = 0
    counts = count_slices(phantom_set, prediction)
    assert counts.loc[0, COUNTS].tolist() == [phantom_set.masks[0].sum(), 0, 0]
    expected = per_slice(phantom_set, prediction)["dice"]
    np.testing.assert_allclose(dice_of_counts(counts), expected, equal_nan=True)
    renamed = counts.rename(columns={name: f"network_{name}" for name in COUNTS})
    np.testing.assert_allclose(dice_of_counts(renamed, "network_"), expected, equal_nan=True)


def test_two_empty_masks_have_no_dice(phantom_set):
    empty = phantom_set.take([0])
    empty.masks[:] = 0
    assert dice_of_counts(count_slices(empty, empty.masks)).isna().all()
