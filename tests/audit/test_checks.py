"""Shifts and contrast have known answers, and the real fault comes first."""

import numpy as np
import pytest

from seglib.audit.checks import (
    contrast,
    contrast_per_patient,
    mask_shift,
)
from seglib.datasets import sunnybrook as sunnybrook_data
from study.questions.audit import move


@pytest.fixture(scope="module")
def all_patients(sunnybrook_dir):
    """All 45 patients, the one with wrong labels among them."""
    return sunnybrook_data.load(sunnybrook_dir, exclude_wrong=False)


@pytest.mark.parametrize("y, x", [(0, 0), (7, -3), (-12, 20), (0, 31)])
def test_the_shift_is_the_one_that_was_made(y, x, phantom_set):
    mask = phantom_set.masks[2]
    found = mask_shift(mask, move(mask[None], y, x)[0])
    assert found == (y, x, 1.0)


def test_a_mask_inside_a_larger_one_is_moved_to_its_middle():
    small, large = np.zeros((2, 40, 50), np.uint8)
    small[5:8, 5:8] = 1
    large[20:31, 30:41] = 1
    # From the centre (6, 6) to the centre (25, 35); an island far away does not matter.
    assert mask_shift(small, large)[:2] == (19, 29)
    large[0, 0] = 1
    assert mask_shift(small, large)[:2] == (19, 29)


def test_there_is_no_shift_without_a_mask(phantom_set):
    empty = np.zeros_like(phantom_set.masks[0])
    assert np.isnan(mask_shift(empty, phantom_set.masks[0])).all()
    assert np.isnan(mask_shift(phantom_set.masks[0], empty)).all()


def test_contrast_by_hand_and_where_there_is_none():
    image = np.full((30, 30), 10.0)
    image[10:20, 10:20] = 50
    mask = image > 20
    ring = 16**2 - 10**2
    spread = np.sqrt(100 * ring) * 40 / (100 + ring)  # of two values
    assert contrast(image, mask) == pytest.approx(40 / spread)
    assert contrast(image, np.roll(mask, 10, axis=1)) < 0
    assert np.isnan(contrast(image, np.zeros_like(mask)))
    assert np.isnan(contrast(image, np.ones_like(mask)))
    assert np.isnan(contrast(np.zeros_like(image), mask))


@pytest.mark.slow
def test_the_contrast_of_the_masks_finds_the_wrong_patient_without_a_network(all_patients):
    by_patient = contrast_per_patient(all_patients)
    assert len(by_patient) == 45 and by_patient.index[0] == "SC-N-06"
    assert by_patient.iloc[0] < by_patient.iloc[1] / 3
