"""Jobs: what they train on, what they leave, and when a stored result counts."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from seglib.augmentation import Augmentation
from seglib.errors import SeglibError
from seglib.evaluation.tables import score_cases
from seglib.phantoms import brain
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.splits.patients import literature_split, patient_folds
from study import jobs, results
from study.job_runs import run_job

TINY = Recipe(
    name="tiny",
    filters=4,
    depth=2,
    epochs=1,
    batch_size=4,
    preprocessing=Preprocessing(size=32, resize=32, multiple=4),
    augmentation=Augmentation(rotation=20.0),
)


@pytest.fixture(scope="module")
def job(phantom_set):
    return jobs.Job("trial", "tiny", "fold1", 0, TINY, literature_split(phantom_set))


@pytest.fixture(scope="module")
def done_once(job, phantom_set, tmp_path_factory):
    """A folder with the job's result and its training."""
    folder = tmp_path_factory.mktemp("job")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(folder / "reports"))
        run_job(job, phantom_set, folder / "stored")
    return folder


@pytest.fixture
def finished(done_once, tmp_path, reports):
    """A copy of the job's result, and of its training where trainings are looked for."""
    shutil.copytree(done_once / "reports", reports)
    return shutil.copytree(done_once / "stored", tmp_path / "stored")


@pytest.mark.slow
def test_a_job_leaves_tables_that_agree_with_one_another(finished, job, phantom_set):
    test = phantom_set.of_patients(job.split.test)
    cases = results.read_results("trial", "per_case", stored=finished)
    slices = results.read_results("trial", "per_slice", stored=finished)
    masks = results.read_masks(job.name, finished)
    assert masks.shape == test.masks.shape
    again = score_cases(test, masks)
    np.testing.assert_allclose(again["dice"], cases["dice"], rtol=1e-5)
    assert slices["predicted"].sum() == masks.sum() == cases["predicted_voxels"].sum()
    assert slices["truth"].sum() == test.masks.sum()
    assert (slices["soft_overlap"] <= slices["network_truth"] + 1e-3).all()
    assert set(cases["variant"]) == {"tiny"}


@pytest.mark.slow
def test_a_job_that_is_stored_is_not_run_again(finished, job, phantom_set):
    manifest = finished / job.name / "manifest.json"
    before = manifest.stat().st_mtime_ns
    assert job.is_done(finished)
    run_job(job, phantom_set, finished)
    assert manifest.stat().st_mtime_ns == before


@pytest.mark.slow
def test_another_recipe_seed_or_split_is_another_job(finished, job, phantom_set):
    folds = patient_folds(phantom_set, 3)
    assert not replace(job, recipe=replace(TINY, epochs=2)).is_done(finished)
    assert not replace(job, offline_pairs=40).is_done(finished)
    assert not replace(job, split=folds[0]).is_done(finished)
    assert not replace(job, seed=1).is_done(finished)


@pytest.mark.slow
def test_a_result_older_than_a_field_of_the_recipe_still_counts(finished, job):
    path = finished / job.name / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["recipe"]["patch"], manifest["recipe"]["preprocessing"]["field"]
    del manifest["recipe"]["augmentation"]["blur"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert job.is_done(finished)
    assert not replace(job, recipe=replace(TINY, patch=(4, 8, 8))).is_done(finished)


@pytest.mark.slow
def test_the_manifest_says_what_ran_and_nothing_about_where(finished, job):
    manifest = results.read_manifest(job.name, finished)
    assert manifest["test_patients"] == sorted(job.split.test)
    assert not set(manifest["test_patients"]) & set(manifest["train_patients"])
    assert str(finished.parent) not in json.dumps(manifest)


def test_a_leaking_job_puts_variants_of_one_slice_on_both_sides(job, phantom_set):
    pairs = 2 * len(phantom_set)
    parts = replace(job, offline_pairs=pairs, leaky=True).data(phantom_set)
    train, test = parts["train"], parts["test"]
    assert len(test) == round(0.2 * pairs)
    assert len(train) == pairs - len(test) - round(0.2 * (pairs - len(test)))
    assert set(train.table["source"]) & set(test.table["source"])


def test_an_honest_job_grows_the_training_patients_alone(job, phantom_set):
    parts = replace(job, offline_pairs=50).data(phantom_set)
    train, test = parts["train"], parts["test"]
    assert len(train) == 50
    assert train.images.shape[1:3] == (32, 32)
    assert set(train.patients) == set(job.split.train)
    assert set(test.patients) == set(job.split.test)


@pytest.mark.slow
def test_an_ensemble_averages_its_members(job, phantom_set, tmp_path, reports):
    stored = tmp_path / "stored"
    single = [replace(job, seed=seed) for seed in (0, 1)]
    both = replace(job, variant="ensemble", members=2)
    assert [seed for _, seed in replace(both, seed=1).trainings(phantom_set)] == [2, 3]
    for each in (*single, both):
        run_job(each, phantom_set, stored)
    slices = [pd.read_csv(stored / each.name / "per_slice.csv") for each in (*single, both)]
    mean = (slices[0]["soft_predicted"] + slices[1]["soft_predicted"]) / 2
    np.testing.assert_allclose(slices[2]["soft_predicted"], mean, rtol=1e-4)
    manifest = results.read_manifest(both.name, stored)
    trained = [results.read_manifest(each.name, stored)["trainings"][0] for each in single]
    assert manifest["trainings"] == trained  # read back, not trained again


@pytest.mark.slow
def test_networks_of_inner_folds_each_miss_other_training_patients(
    job, phantom_set, tmp_path, reports
):
    stored = tmp_path / "stored"
    ensemble = replace(job, variant="folds", inner_folds=2)
    train_set = ensemble.data(phantom_set)["train"]
    parts = [set(part.patients) for part, _ in ensemble.trainings(train_set)]
    assert len(parts) == 2 and not set.intersection(*parts)
    assert set.union(*parts) == set(job.split.train)
    run_job(ensemble, phantom_set, stored)
    manifest = results.read_manifest(ensemble.name, stored)
    assert len(set(manifest["trainings"])) == 2
    assert manifest["train_patients"] == sorted(job.split.train)
    assert ensemble.is_done(stored)
    assert not replace(ensemble, inner_folds=0).is_done(stored)


def test_what_cannot_be_done_at_test_time_is_refused(job):
    with pytest.raises(SeglibError, match="test_time 'rotation'; expected one of plain, poses"):
        replace(job, test_time="rotation")


@pytest.mark.slow
@pytest.mark.parametrize("test_time", ["poses", "rotations", "largest"])
def test_what_is_done_at_test_time_needs_no_new_training(finished, job, phantom_set, test_time):
    other = replace(job, variant=test_time, test_time=test_time)
    run_job(other, phantom_set, finished)
    plain, changed = (results.read_manifest(name, finished) for name in (job.name, other.name))
    assert changed["trainings"] == plain["trainings"]
    masks = [results.read_masks(name, finished) for name in (job.name, other.name)]
    if test_time == "largest":
        assert (masks[1] <= masks[0]).all()
    else:
        assert not np.array_equal(*masks)


@pytest.mark.slow
def test_a_job_of_several_classes_counts_what_has_the_right_class(tmp_path, reports):
    brains = brain.make(patients=4, slices=2, size=64)
    recipe = replace(TINY, loss="dice+cross_entropy")
    tissues = jobs.Job("trial", "brains", "fold1", 0, recipe, patient_folds(brains, 2)[0])
    run_job(tissues, brains, tmp_path)
    test = brains.of_patients(tissues.split.test)
    masks = results.read_masks(tissues.name, tmp_path)
    assert masks.shape == test.masks.shape and masks.max() > 1
    cases = results.read_results("trial", "per_case", stored=tmp_path)
    assert set(cases["class"]) == set(brains.class_names[1:])
    np.testing.assert_allclose(cases["dice"], score_cases(test, masks)["dice"], rtol=1e-5)
    slices = results.read_results("trial", "per_slice", stored=tmp_path)
    right = (test.masks > 0) & (test.masks == masks)
    np.testing.assert_array_equal(slices["overlap"], right.sum(axis=(1, 2, 3)))
    assert (slices["soft_overlap"] <= slices["network_truth"] + 1e-3).all()


@pytest.mark.slow
def test_volumes_without_a_normalisation_are_normalised_as_a_whole(
    job, phantom_set, tmp_path, reports
):
    """Half as bright, they are the same data: the second job reads the first one's training."""
    whole = replace(TINY, preprocessing=replace(TINY.preprocessing, normalisation="none"))
    even = replace(phantom_set, images=phantom_set.images // 2 * np.uint8(2))
    for name, factor in (("a", 1), ("b", 2)):
        images = even.images // np.uint8(factor)
        run_job(replace(job, recipe=whole), replace(even, images=images), tmp_path / name)
    first, second = (results.read_manifest(job.name, tmp_path / name) for name in "ab")
    assert first["trainings"] == second["trainings"]
    assert first["source"] != second["source"]


@pytest.mark.parametrize("several", [{"members": 2}, {"inner_folds": 2}])
def test_several_networks_cannot_be_watched(job, several):
    with pytest.raises(SeglibError, match="only the training of one network"):
        replace(job, watch_until=0.5, **several)


@pytest.mark.slow
def test_a_watched_job_scores_every_part_and_stops_at_the_figure(
    job, phantom_set, tmp_path, reports
):
    """At 0 it would never stop; a figure that any epoch reaches stops it after the first."""
    split = replace(job.split, train=job.split.train[1:], validation=job.split.train[:1])
    watched = replace(
        job, split=split, recipe=replace(TINY, epochs=3, loss="dice"), watch_until=1e-6
    )
    folder = run_job(watched, phantom_set, tmp_path / "stored")
    rows = pd.read_csv(folder / "each_epoch.csv")
    assert len(pd.read_csv(folder / "history.csv")) == 1
    assert rows["part"].tolist() == ["train", "validation", "test"] and (rows["epoch"] == 0).all()
    slices = pd.read_csv(folder / "per_slice.csv")
    pooled = slices[["network_overlap", "network_truth", "network_predicted"]].sum()
    dice = 2 * pooled.iloc[0] / (pooled.iloc[1] + pooled.iloc[2])
    assert rows.set_index("part").loc["test", "dice"] == pytest.approx(dice, abs=1e-4)
    assert watched.is_done(tmp_path / "stored") and not job.is_done(tmp_path / "stored")
