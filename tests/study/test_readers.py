"""Two labels of one scan against each other."""

import numpy as np
import pandas as pd
import pytest

from seglib.slices import SliceSet
from study.questions import readers
from study.results import read_manifest, read_table


@pytest.fixture
def hearts():
    """The second reader draws the same cube one voxel of 2 mm further along the columns."""
    masks = np.zeros((16, 12, 12, 1), np.uint8)
    masks[2:6, 3:7, 3:7] = 1
    masks[10:14, 3:7, 4:8] = 1
    names = [name for name in readers.READERS for _ in range(8)]
    table = pd.DataFrame({"case": names, "patient": names, "slice": [*range(8)] * 2})
    table = table.assign(phase="", pathology="", source="", spacing=2.0, slice_spacing=2.0)
    return SliceSet("Decathlon heart", np.zeros(masks.shape, np.float32), masks, table)


def test_a_label_moved_by_one_voxel(hearts):
    """A cube of 4 has 56 surface voxels; 4x4 on the far side of each label lie 2 mm away, and so do
    the 2x2 behind its near side, which the other label has as its inside."""
    distances = readers.reader_distances(hearts)
    assert len(distances) == 2 * 56
    assert set(distances) == {0, 2}
    assert (distances == 2).sum() == 2 * (16 + 4)


def test_what_is_stored_gives_the_shares(hearts, tmp_path):
    readers.make(hearts, tmp_path / "readers")
    stored = read_table("readers", "distances", tmp_path)
    assert stored.to_dict("list") == {"mm": [0.0, 2.0], "voxels": [72, 40]}
    table = readers.readers_table(tmp_path)
    assert table["mm"].tolist() == [0, 2, 2]
    assert table["surface_dice"].tolist() == pytest.approx([72 / 112, 1, 1])
    assert read_manifest("readers", tmp_path)["patients"] == list(readers.READERS)
