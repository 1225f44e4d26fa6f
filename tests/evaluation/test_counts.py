"""Pixel counts of slices, and the Dice that is formed of them."""

import numpy as np
import pandas as pd
import pytest

from seglib.evaluation.counts import COUNTS, count_slices, dice_of_counts, dice_of_patients
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


def test_dice_of_patients_pools_a_case_and_averages_a_patients_cases():
    """A: (2 * 6 / 12 + 2 * 1 / 4) / 2; B: one case is empty in both masks and stays out."""
    rows = [("A", 1, 4, 4, 4), ("A", 1, 2, 2, 2), ("A", 2, 2, 2, 1), ("B", 1, 0, 0, 0)]
    rows += [("B", 2, 5, 3, 2), ("C", 1, 0, 0, 0)]
    counts = pd.DataFrame(rows, columns=["patient", "phase", *COUNTS])
    dice = dice_of_patients(counts, case="phase")
    assert dice.name == "dice" and np.isnan(dice["C"])
    assert dice[["A", "B"]].tolist() == pytest.approx([(1 + 0.5) / 2, 0.5])
