"""Shifts and contrast have known answers; planted faults and the real one come first."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from seglib.audit.checks import (
    contrast,
    contrast_per_patient,
    displace,
    find_displaced_patients,
    find_displaced_slices,
    mask_shift,
    move,
    shifts,
)
from seglib.audit.ranking import rank_slices, rank_suspects
from seglib.datasets import sunnybrook as sunnybrook_data
from seglib.errors import DataError
from seglib.evaluation.counts import count_slices


def imitate(slices, seed=0):
    """Masks as a fair network draws them: each a pixel larger, smaller or aside."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros_like(slices.masks)
    for out, mask in zip(drawn, slices.masks, strict=True):
        kind, plane = rng.integers(3), mask[..., 0]
        if kind == 0:
            plane = ndimage.binary_dilation(plane)
        elif kind == 1 and ndimage.binary_erosion(plane).any():
            plane = ndimage.binary_erosion(plane)
        else:
            plane = move(mask[None], *rng.integers(-1, 2, 2))[0, ..., 0]
        out[..., 0] = plane
    return drawn


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


def test_displaced_labels_leave_the_original_alone(phantom_set):
    before = phantom_set.masks.copy()
    moved = displace(phantom_set, "phantom-02", 5)
    others = phantom_set.table["patient"] != "phantom-02"
    assert np.array_equal(phantom_set.masks, before)
    assert np.array_equal(moved.masks[others], before[others])
    assert np.array_equal(moved.masks[~others][:, :, 5:], before[~others][:, :, :-5])
    with pytest.raises(DataError, match="no such patient"):
        displace(phantom_set, "nobody", 5)


def test_a_displaced_patient_comes_first_with_the_right_shift(sunnybrook):
    prediction = imitate(sunnybrook)
    wrong = displace(sunnybrook, "SC-N-09", 6)
    assert rank_suspects(count_slices(wrong, prediction)).at[1, "patient"] == "SC-N-09"
    moves = shifts(wrong, prediction)
    of_wrong = moves[moves["patient"] == "SC-N-09"]
    assert of_wrong["y"].between(-1, 1).all() and of_wrong["x"].between(-7, -5).all()
    assert (of_wrong["moved_dice"] > of_wrong["dice"]).all()
    assert moves.loc[moves["patient"] != "SC-N-09", "distance"].max() < 2


def test_swapped_slices_of_a_good_patient_come_first(sunnybrook):
    """The masks of the first and the last slice of one volume change places."""
    prediction = imitate(sunnybrook)
    of_case = sunnybrook.table[sunnybrook.table["case"] == "SC-HF-I-04 ED"].sort_values("slice")
    first, last = of_case.index[[0, -1]]
    masks = sunnybrook.masks.copy()
    masks[[first, last]] = masks[[last, first]]
    per_slice = count_slices(replace(sunnybrook, masks=masks), prediction)
    assert set(rank_slices(per_slice)["row"].iloc[:2]) == {first, last}


def test_larger_displacements_are_found_sooner(phantom_set):
    prediction = imitate(phantom_set)
    patients = find_displaced_patients(phantom_set, prediction, (0, 12))
    assert len(patients) == 2 * 6
    ranks = patients.set_index("pixels")["rank"]
    assert sorted(ranks[0]) == [1, 2, 3, 4, 5, 6]  # nothing moved: each has its own rank
    assert (ranks[12] == 1).all()
    slices = find_displaced_slices(phantom_set, prediction, (12,), trials=5)
    assert (slices["gap_rank"] == 1).all() and (slices["dice_rank"] >= 1).all()


def test_the_contrast_of_the_masks_finds_the_wrong_patient_without_a_network(all_patients):
    by_patient = contrast_per_patient(all_patients)
    assert len(by_patient) == 45 and by_patient.index[0] == "SC-N-06"
    assert by_patient.iloc[0] < by_patient.iloc[1] / 3
