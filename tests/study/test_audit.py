"""The stored audit of Sunnybrook; planted faults, and the real one, come first."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from seglib.audit.checks import shifts
from seglib.audit.ranking import rank_slices, rank_suspects
from seglib.datasets import sunnybrook as sunnybrook_data
from seglib.errors import DataError
from seglib.evaluation.counts import count_slices
from study.questions.audit import (
    displace,
    find_displaced_patients,
    find_displaced_slices,
    move,
    read_audit,
)
from study.results import read_results


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


def test_displaced_labels_leave_the_original_alone(phantom_set):
    before = phantom_set.masks.copy()
    moved = displace(phantom_set, "phantom-02", 5)
    others = phantom_set.table["patient"] != "phantom-02"
    assert np.array_equal(phantom_set.masks, before)
    assert np.array_equal(moved.masks[others], before[others])
    assert np.array_equal(moved.masks[~others][:, :, 5:], before[~others][:, :, :-5])
    with pytest.raises(DataError, match="no such patient"):
        displace(phantom_set, "nobody", 5)


@pytest.mark.slow
def test_a_displaced_patient_comes_first_with_the_right_shift(sunnybrook):
    prediction = imitate(sunnybrook)
    wrong = displace(sunnybrook, "SC-N-09", 6)
    assert rank_suspects(count_slices(wrong, prediction)).at[1, "patient"] == "SC-N-09"
    moves = shifts(wrong, prediction)
    of_wrong = moves[moves["patient"] == "SC-N-09"]
    assert of_wrong["y"].between(-1, 1).all() and of_wrong["x"].between(-7, -5).all()
    assert (of_wrong["moved_dice"] > of_wrong["dice"]).all()
    assert moves.loc[moves["patient"] != "SC-N-09", "distance"].max() < 2


@pytest.mark.slow
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


def test_the_stored_audit_ranks_the_wrong_patient_first():
    """Needs no data: the counts are stored with the repository."""
    ranked = rank_suspects(read_results("audit", "per_slice"))
    assert len(ranked) == 45
    assert ranked.at[1, "patient"] == "SC-N-06"
    assert ranked.at[1, "z"] < -3.5
    assert ranked.at[1, "z"] < 2 * ranked.at[2, "z"]


@pytest.mark.slow
def test_stored_masks_show_how_the_wrong_patient_is_displaced(all_patients):
    found = read_audit(all_patients)
    moves = shifts(found.slices, found.prediction)
    wrong = moves[moves["patient"] == "SC-N-06"]
    right = moves[moves["patient"] != "SC-N-06"]
    assert wrong["distance"].median() > 5 * right["distance"].median()
    assert (wrong["moved_dice"] - wrong["dice"]).mean() > 0.2
    assert (right["moved_dice"] - right["dice"]).mean() < 0.05
    # Some patients, in another order, get the same masks; other labels are noticed.
    some = all_patients.of_patients(["SC-N-06"]).take([3, 1])
    rows = np.flatnonzero(all_patients.table["patient"] == "SC-N-06")[[3, 1]]
    assert np.array_equal(read_audit(some).prediction, found.prediction[rows])
    with pytest.raises(DataError, match="not the one that audit was counted with"):
        read_audit(displace(all_patients, "SC-N-09", 4))
    renamed = replace(some, table=some.table.assign(case="nobody"))
    with pytest.raises(DataError, match="audit has no mask of nobody"):
        read_audit(renamed)
