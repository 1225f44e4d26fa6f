"""Packed sets: the same pixels under the same names, or a clear refusal."""

import numpy as np
import pandas as pd
import pytest

from seglib.datasets import packed
from seglib.errors import DataError
from seglib.reporting import data_hash


def test_a_packed_set_comes_back_as_it_was(phantom_set, tmp_path):
    packed.save(phantom_set, tmp_path / "set.npz")
    again = packed.load(tmp_path / "set.npz")
    assert data_hash(again) == data_hash(phantom_set)
    pd.testing.assert_frame_equal(again.table, phantom_set.table, check_dtype=False)
    assert again.class_names == phantom_set.class_names
    assert again.name == phantom_set.name


def test_the_real_set_comes_back_as_it_was(sunnybrook, tmp_path):
    packed.save(sunnybrook, tmp_path / "set.npz")
    again = packed.load(tmp_path / "set.npz")
    assert data_hash(again) == data_hash(sunnybrook)
    pd.testing.assert_frame_equal(again.table, sunnybrook.table, check_dtype=False)


def test_what_is_no_packed_set_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        packed.load(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DataError, match="not a packed slice set"):
        packed.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", pixels=np.zeros(3))
    with pytest.raises(DataError, match="not a packed slice set"):
        packed.load(tmp_path / "other.npz")
