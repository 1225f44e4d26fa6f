"""The samples of the page that segments a heart are chosen by a rule, and are what they were."""

import json

import numpy as np
import pytest
from PIL import Image

from seglib.phantoms import heart as phantom
from tools.book import heart


@pytest.fixture(scope="module")
def slices():
    return phantom.make(patients=12, slices=3, size=64)


def test_each_pathology_has_the_largest_slice_of_its_first_tested_patient(slices):
    rows = heart.sample_rows(slices)
    chosen = slices.table.iloc[rows]
    assert sorted(chosen["pathology"]) == sorted(slices.table["pathology"].unique())
    assert set(chosen["phase"]) == {"ED"} and "train" not in set(chosen["part"])
    areas = slices.masks.sum(axis=(1, 2, 3))
    for row, entry in zip(rows, chosen.itertuples(), strict=True):
        same = slices.table["case"] == entry.case
        assert areas[row] == areas[same.to_numpy()].max()


def test_a_sample_is_written_as_it_is(slices, tmp_path):
    entry = heart.save_sample(slices, 4, tmp_path, "nobody's")
    assert entry["name"] == f"{slices.table['patient'][4]} (nobody's)" and json.dumps(entry)
    image, mask = (np.asarray(Image.open(tmp_path / entry[name])) for name in ("image", "mask"))
    np.testing.assert_array_equal(image, slices.images[4, ..., 0])
    np.testing.assert_array_equal(mask, 255 * slices.masks[4, ..., 0])


@pytest.mark.slow
def test_without_data_the_samples_are_simulated_and_say_so(monkeypatch, capsys):
    monkeypatch.setattr(heart, "find_folder", lambda name: None)
    slices, licence = heart.hearts()
    assert slices.name == "phantom" and licence == "simulated, no patient"
    assert "simulated hearts" in capsys.readouterr().out
