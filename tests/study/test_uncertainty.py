"""The tables of calibration and doubt that stored probability maps give."""

import shutil

import numpy as np
import pytest
from stored_jobs import plant_job

from seglib.errors import SeglibError
from seglib.evaluation.tables import score_cases
from seglib.phantoms import heart
from seglib.preprocessing.steps import Preprocessing, center_crop_or_pad
from seglib.splits.patients import patient_folds
from study.questions import uncertainty
from study.results import read_manifest, read_results, stored_names


@pytest.fixture(scope="module")
def hearts():
    return heart.make(patients=4, slices=3, size=64)


@pytest.fixture(scope="module")
def one(hearts):
    """Soft probabilities around the truth, ``(N, H, W)``."""
    return 0.1 + 0.8 * hearts.masks[..., 0].astype(np.float32)


def test_tables_that_are_not_stored_are_named(tmp_path):
    with pytest.raises(SeglibError, match=r"members\.csv; run: .*python -m study uncertainty"):
        uncertainty.read_uncertainty("members", tmp_path)


@pytest.fixture
def results(one, hearts, tmp_path, reports):
    """What jobs of two folds with two seeds each leave: probabilities, masks cut from them."""
    rng = np.random.default_rng(0)
    for number, split in enumerate(patient_folds(hearts, 2), start=1):
        test = hearts.of_patients(split.test)
        for seed in (0, 1):
            name = f"trial/tiny/fold{number}-seed{seed}"
            p = one[hearts.table["patient"].isin(split.test)]
            p = np.clip(p + rng.normal(0, 0.2, p.shape), 0, 1)
            p = center_crop_or_pad(center_crop_or_pad(p[..., None], (48, 48)), (64, 64))
            mask = (p >= 0.5).astype(np.uint8)
            predicted = mask.sum(axis=(1, 2, 3))
            tables = {"per_slice": test.table.assign(predicted=predicted)}
            tables["per_case"] = score_cases(test, mask)
            more = {"recipe": {"preprocessing": Preprocessing(size=48).to_dict()}}
            more["test_patients"] = test.patients
            plant_job(tmp_path / "stored", "trial", "tiny", f"fold{number}", seed, tables, **more)
            uncertainty.maps_path(name).parent.mkdir(parents=True, exist_ok=True)
            np.savez(uncertainty.maps_path(name), probabilities=p[..., 0].astype(np.float16))
    return tmp_path / "stored"


def make(hearts, stored):
    uncertainty.make(hearts, "trial", "tiny", stored, stored / "uncertainty")
    names = ("reliability", "members", "per_case")
    return [uncertainty.read_uncertainty(name, stored) for name in names]


def test_the_tool_makes_tables_that_agree_with_the_stored_jobs(results, hearts):
    reliability, members, per_case = make(hearts, results)
    manifest = read_manifest("uncertainty", results)
    assert manifest["seeds"] == [0, 1]
    assert manifest["jobs"] == stored_names("trial", stored=results)
    assert set(manifest["temperatures"]["ensemble"]) == {"fold1", "fold2"}
    sums = reliability.groupby(["network", "scaling"])[["pixels", "true"]].sum()
    assert (sums["pixels"] == len(hearts) * 48 * 48).all()
    assert (sums["true"] == hearts.masks[:, 8:56, 8:56].sum()).all()
    stored = read_results("trial", "per_case", stored=results)
    own = stored[stored["seed"] == 1].set_index("case")["dice"]
    np.testing.assert_allclose(members["dice_seed1"], own.loc[members["case"]], rtol=1e-5)
    np.testing.assert_allclose(members["dice"], per_case["dice"])
    assert sorted(members["case"]) == sorted(hearts.table["case"].unique())


def test_near_are_the_same_pixels_for_all_networks_before_and_after(results, hearts):
    reliability, _, _ = make(hearts, results)
    pixels = reliability.groupby(["network", "scaling", "region", "case"])["pixels"].sum()
    wide = pixels.unstack(["network", "scaling"])
    assert wide.shape[1] == 4
    assert (wide.nunique(axis=1) == 1).all()


def test_a_seed_that_some_fold_lacks_is_left_out(results, hearts):
    shutil.rmtree(results / "trial/tiny/fold2-seed1")
    reliability, members, _ = make(hearts, results)
    assert read_manifest("uncertainty", results)["seeds"] == [0]
    assert set(reliability["network"]) == {"single"}
    assert "disagreement" not in members
    np.testing.assert_allclose(members["dice"], members["dice_seed0"], atol=0.01)


def test_a_missing_map_is_named(results, hearts):
    for seed in (0, 1):
        uncertainty.maps_path(f"trial/tiny/fold2-seed{seed}").unlink()
    with pytest.raises(SeglibError, match="seed 0 lacks fold2"):
        make(hearts, results)
    assert not (results / "uncertainty").exists()


def test_the_map_of_another_run_is_refused(results, hearts):
    path = uncertainty.maps_path("trial/tiny/fold1-seed0")
    with np.load(path) as file:
        other = 1 - file["probabilities"]
    np.savez_compressed(path, probabilities=other)
    with pytest.raises(SeglibError, match="it is of another run"):
        make(hearts, results)
