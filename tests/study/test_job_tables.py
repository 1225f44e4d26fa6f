"""The tables of a job: the spacing that an experiment assumes, and masks packed small."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from study.job_tables import pack_masks, per_case_scores
from study.results import read_masks


def test_a_spacing_is_assumed_where_the_experiment_says_so_and_for_good_contours_alone(phantom_set):
    unknown = replace(phantom_set, table=phantom_set.table.assign(spacing=np.nan))
    masks = np.roll(unknown.masks, 1, axis=1)
    plain, assumed = per_case_scores(unknown, masks), per_case_scores(unknown, masks, 1.3)
    assert not plain["contour_spacing_assumed"].any()
    assert assumed["contour_spacing_assumed"].all()
    assert (assumed["contour_spacing"] == 1.3).all()
    same = [name for name in plain if "contour" not in name and "good" not in name]
    pd.testing.assert_frame_equal(plain[same], assumed[same])


@pytest.mark.parametrize("classes", [2, 4])
def test_packed_masks_are_the_same_again(classes, tmp_path):
    masks = np.random.default_rng(0).integers(0, classes, (3, 5, 7, 1)).astype(np.uint8)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "masks.npz").write_bytes(pack_masks(masks))
    assert np.array_equal(read_masks("job", tmp_path), masks)
    with np.load(io.BytesIO(pack_masks(masks))) as packed:
        assert ("bits" in packed) == (classes == 2)
