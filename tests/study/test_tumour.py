"""The tumour's experiment: equal budget, patients apart, and recipes that a job can train."""

from dataclasses import replace

import numpy as np
import pytest

from seglib.phantoms import tumour as tumour_phantom
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import get_recipe
from seglib.slices import SliceSet
from seglib.splits.leaks import find_leaks
from study import results
from study.job_runs import run_job
from study.questions.tumour import jobs, tumour_recipes

VARIANTS = ["system5-ce", "system5-dice", "system5-attention", "unet"]


@pytest.fixture(scope="module")
def tumours() -> SliceSet:
    """Five simulated patients of ten slices, 64x64."""
    return tumour_phantom.make(patients=5, slices=10, size=64)


def test_all_have_the_same_budget_and_the_published_ones_keep_their_training():
    recipes = tumour_recipes()
    assert list(recipes) == VARIANTS
    budget = {(r.filters, r.depth, r.epochs, r.preprocessing.resize) for r in recipes.values()}
    assert len(budget) == 1
    for name, recipe in recipes.items():
        assert recipe.name == name
        published = name.startswith("system5")
        assert (recipe.foreground_share is None) is published
        assert (recipe.optimizer == "adam" and recipe.schedule == "constant") is published
    full = get_recipe("tumour_published")
    assert recipes["system5-dice"].learning_rate * recipes["system5-dice"].filters == (
        pytest.approx(full.learning_rate * full.filters)
    )
    assert recipes["system5-ce"].loss == "weighted_bce:balanced"
    assert recipes["system5-dice"].loss == recipes["system5-attention"].loss == "dice"
    assert recipes["unet"].augmentation.flip


@pytest.mark.slow
def test_every_patient_is_tested_once_by_each_variant(tumours):
    for variant in VARIANTS:
        mine = [job for job in jobs(tumours) if job.variant == variant]
        assert [job.fold for job in mine] == [f"fold{k}" for k in range(1, 6)]
        assert sorted(p for job in mine for p in job.split.test) == list(tumours.patients)
        for job in mine:
            parts = job.data(tumours)
            train, test = parts["train"], parts["test"]
            assert find_leaks({"train": train, "test": test}).empty


def test_names_and_networks_differ(tumours):
    made = jobs(tumours)
    assert len({job.name for job in made}) == len(made) == 20
    assert len(frozenset().union(*(job.networks() for job in made))) == 20


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["system5-ce", "system5-attention"])
def test_a_job_trains_small_and_is_scored_on_the_native_grid(variant, tumours, tmp_path, reports):
    job = next(job for job in jobs(tumours) if job.variant == variant)
    small = Preprocessing(32, job.recipe.preprocessing.normalisation, resize=32)
    job = replace(job, recipe=replace(job.recipe, epochs=1, depth=2, preprocessing=small))
    folder = run_job(job, tumours, tmp_path)
    test = tumours.of_patients(job.split.test)
    masks = results.read_masks(job.name, tmp_path)
    assert masks.shape == test.masks.shape
    cases = results.read_results("tumour", "per_case", stored=tmp_path)
    np.testing.assert_array_equal(cases["truth_voxels"], [test.masks.sum()])
    for path in folder.glob("*.*"):  # a patient is a number in whatever is stored
        assert b"TCGA" not in path.read_bytes()
