"""Six ways to count the same masks: each by hand, and what is stored of the judge."""

import numpy as np
import pandas as pd
import pytest

from seglib.errors import SeglibError
from seglib.files import atomic_write, write_json
from seglib.phantoms import heart
from study.job_tables import pack_masks
from study.questions import judge
from study.results import read_manifest, read_table

PER_SLICE = pd.DataFrame(
    {
        "network_truth": [10.0, 20.0, 0.0],
        "soft_predicted": [10.0, 10.0, 5.0],
        "soft_overlap": [5.0, 10.0, 0.0],
    }
)


def test_soft_dice_weighs_every_slice_alike():
    assert judge.soft_dice(PER_SLICE) == pytest.approx((10 / 20 + 20 / 30 + 0) / 3)


def test_soft_jaccard_is_pooled_within_a_batch_alone():
    assert judge.soft_jaccard_by_batch(PER_SLICE) == pytest.approx(15 / (30 + 25 - 15))
    single = judge.soft_jaccard_by_batch(PER_SLICE, batch=1)
    assert single == pytest.approx((5 / 15 + 10 / 20 + 0) / 3)


def test_the_background_lifts_the_dice():
    """Two phases of 50 pixels together: heart 2*6/18; background 2*(100-12)/(200-18)."""
    phase = {"truth_voxels": 5, "predicted_voxels": 4, "overlap_voxels": 3, "slices": 2}
    per_case = pd.DataFrame([{"patient": "A", **phase}, {"patient": "A", **phase}])
    expected = (2 * 6 / 18 + 2 * (100 - 12) / (200 - 18)) / 2
    assert judge.dice_with_background(per_case, pixels=25) == pytest.approx(expected)


@pytest.fixture
def stored(tmp_path):
    """A job whose first patient was outlined as the expert did, its second not at all."""
    hearts = heart.make(patients=2, slices=3, size=64)
    name = "trial/tiny/fold1-seed0"
    first = hearts.table["patient"] == hearts.patients[0]
    masks = (hearts.masks * first.to_numpy()[:, None, None, None]).astype(np.uint8)
    atomic_write(tmp_path / name / "masks.npz", pack_masks(masks))
    manifest = {"variant": "tiny", "seed": 0, "test_patients": hearts.patients}
    write_json(tmp_path / name / "manifest.json", manifest)
    judge.make(hearts, tmp_path, tmp_path / "judge", "trial")
    return tmp_path


def test_the_judge_of_stored_masks_is_stored(stored):
    contours = read_table("judge", "contours", stored)
    perfect = contours["patient"] == contours["patient"].min()
    assert (contours.loc[perfect, ["distance_0.9", "distance_1.0"]] == 0).all(axis=None)
    assert (contours.loc[perfect, "dice"] == 1).all()
    assert contours.loc[~perfect, "distance_1.0"].isna().all()
    surfaces = read_table("judge", "surfaces", stored)
    assert surfaces["case"].tolist() == contours["case"].unique().tolist()
    assert surfaces["surface_dice"].tolist() == [1, 1, 0, 0]
    manifest = read_manifest("judge", stored)
    assert manifest["jobs"] == ["trial/tiny/fold1-seed0"] and manifest["pixels"] == 64 * 64


def test_failures_drop_out_of_the_means_but_not_out_of_the_share(stored):
    row = judge.challenge_table(stored).loc[("1.0", "tiny")]
    assert row.to_dict() == {"distance": 0, "dice": 1, "good_share": 0.5, "cases": 2}


def test_masks_that_are_not_stored_are_named(tmp_path):
    with pytest.raises(SeglibError, match="no stored result of literature"):
        judge.make(heart.make(patients=1, slices=1, size=64), tmp_path, tmp_path / "judge")


def test_published_figures_stand_in_rows_of_their_own():
    table = judge.definitions_table()
    ours = table["published"].isna()
    assert ours.sum() == 6 and table.loc[ours, list(judge.NETWORKS)].notna().all(axis=None)
    assert table.loc[~ours, list(judge.NETWORKS)].isna().all(axis=None)
    assert table["source"].notna().all()
