"""The Decathlon's real volumes, and its scan that has two names."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel import orientations

from seglib.datasets import msd_heart
from seglib.errors import LeakError
from seglib.evaluation.scores import overlap_scores
from seglib.evaluation.tables import score_cases
from seglib.formats import nifti
from seglib.splits.leaks import check_no_leaks, find_leaks
from seglib.splits.patients import patient_folds


@pytest.fixture(scope="module")
def real(msd_heart_dir: Path):
    return msd_heart.load(msd_heart_dir)


@pytest.mark.slow
def test_real_set(real):
    assert real.images.shape == (1382, 256, 256, 1) and real.images.dtype == np.uint8
    assert len(real.patients) == 12
    assert set(real.table["spacing"]) == {1.25} and set(real.table["slice_spacing"]) == {1.37}
    # An adult's atrium holds about 50 to 150 ml.
    voxels = real.masks.sum(axis=(1, 2, 3)) * (1.25 * 1.25 * 1.37 / 1000)
    volumes = real.table.assign(ml=voxels).groupby("patient")["ml"].sum()
    assert volumes.between(80, 126).all()
    # Blood is bright: the label lies on it.
    for patient in real.patients:
        one = real.of_patients([patient])
        assert np.median(one.images[one.masks > 0]) > 3 * np.median(one.images[one.masks == 0])


@pytest.mark.slow
def test_the_other_subjects_join_the_real_set(real, msd_heart_dir: Path, data_dir: Path):
    more = data_dir / "msd_heart_more"
    if not more.is_dir():
        pytest.skip("real files absent: SEGLIB_DATA_DIR has no folder msd_heart_more")
    both = msd_heart.load([msd_heart_dir, more])
    assert len(both.patients) == 16 and set(real.patients) < set(both.patients)
    check_no_leaks({"first": real, "more": msd_heart.load(more)})


def test_real_masks_score_perfectly_against_themselves(real):
    one = real.of_patients(["la_003"])
    (row,) = score_cases(one, one.masks).to_dict("records")
    assert (row["dice"], row["hd95"], row["unit"]) == (1, 0, "mm")


@pytest.mark.slow
def test_real_scan_of_two_names_is_found_from_its_pictures(real):
    """Of all 66 pairs of subjects, only the one of `SAME_SCAN` looks alike."""
    alike = {}
    for a, b in combinations(real.patients, 2):
        parts = {name: real.of_patients([name]) for name in (a, b)}
        leaks = find_leaks(parts)
        assert set(leaks["kind"]) <= {"near-duplicate"}
        if len(leaks):
            alike[b] = a
    named = {b: a for b, a in msd_heart.SAME_SCAN.items() if b in real.patients}
    assert alike == named == {"la_026": "la_005"}
    one, two = (real.of_patients([name]) for name in ("la_005", "la_026"))
    np.testing.assert_array_equal(one.images, two.images)
    dice = overlap_scores(one.masks, two.masks)["dice"]
    assert round(dice, 4) == 0.9272


@pytest.mark.slow
def test_real_folds_keep_the_scan_of_two_names_together(real):
    for fold in patient_folds(real):
        assert ("la_005" in fold.test) == ("la_026" in fold.test)
        check_no_leaks(fold.apply(real))
    bare = replace(real, table=real.table.drop(columns="group"))
    pair = {"la_005", "la_026"}
    apart = [fold for fold in patient_folds(bare, seed=2) if len(pair & {*fold.test}) == 1]
    assert len(apart) == 2
    with pytest.raises(LeakError, match="near-duplicate: .*la_0(05|26)"):
        check_no_leaks(apart[0].apply(bare))


def test_real_volume_stored_another_way(msd_heart_dir, tmp_path):
    path = msd_heart_dir / "Task02_Heart" / "imagesTr" / "la_003.nii.gz"
    image = nibabel.load(path)
    stored = orientations.io_orientation(image.affine)
    expected, grid = nifti.read_slices(path)
    for codes in ("LPS", "PIR"):
        turn = orientations.ornt_transform(stored, orientations.axcodes2ornt(codes))
        nibabel.save(image.as_reoriented(turn), tmp_path / "other.nii")
        slices, other = nifti.read_slices(tmp_path / "other.nii")
        np.testing.assert_array_equal(slices, expected)
        assert other.is_same(grid)
