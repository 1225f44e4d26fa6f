"""Packed sets: the same pixels under the same names, or a clear refusal."""

import random

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.formats import packed
from seglib.slices import SliceSet, data_hash


@pytest.fixture
def two_rows() -> SliceSet:
    """Two slices, and a table with a column of each kind of number."""
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4, 1)
    table = pd.DataFrame(
        {
            "case": ["A", "B"],
            "patient": ["A", "Bérénice"],
            "slice": np.array([1, 2], np.int16),
            "phase": "",
            "spacing": [0.1 + 0.2, np.nan],
            "pathology": "",
            "source": ["a.png", "b.png"],
            "thickness": np.array([1.37, 0.1], np.float32),
            "first": [True, False],
        }
    )
    return SliceSet("two rows", pixels, pixels % 2, table)


def test_a_packed_set_comes_back_as_it_was(phantom_set, tmp_path):
    packed.save(phantom_set, tmp_path / "set.npz")
    again = packed.load(tmp_path / "set.npz")
    assert data_hash(again) == data_hash(phantom_set)
    pd.testing.assert_frame_equal(again.table, phantom_set.table)
    assert again.class_names == phantom_set.class_names
    assert again.name == phantom_set.name


@pytest.mark.slow
def test_the_real_set_comes_back_as_it_was(sunnybrook, tmp_path):
    packed.save(sunnybrook, tmp_path / "set.npz")
    again = packed.load(tmp_path / "set.npz")
    assert data_hash(again) == data_hash(sunnybrook)
    pd.testing.assert_frame_equal(again.table, sunnybrook.table)


def test_numbers_of_the_table_come_back_to_the_last_digit(two_rows, tmp_path):
    packed.save(two_rows, tmp_path / "set.npz", compress=False)
    pd.testing.assert_frame_equal(packed.load(tmp_path / "set.npz").table, two_rows.table)


@pytest.mark.slow
def test_no_damage_goes_unnoticed(two_rows, tmp_path):
    """A bit turned over, anywhere, gives an error or changes nothing."""
    path = tmp_path / "set.npz"
    packed.save(two_rows, path, compress=False)
    intact = path.read_bytes()
    rng = random.Random(0)
    refused = 0
    for place in rng.sample(range(len(intact)), 400):
        damaged = bytearray(intact)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            again = packed.load(path)
        except DataError:
            refused += 1
            continue
        assert data_hash(again) == data_hash(two_rows)
        pd.testing.assert_frame_equal(again.table, two_rows.table)
        assert (again.name, again.class_names) == (two_rows.name, two_rows.class_names)
    assert refused > 300


def test_what_is_no_packed_set_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        packed.load(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DataError, match="not a packed slice set"):
        packed.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", pixels=np.zeros(3))
    with pytest.raises(DataError, match="not a packed slice set"):
        packed.load(tmp_path / "other.npz")
