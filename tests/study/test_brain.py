"""The brain's experiment: one change at a time, and jobs of several classes end to end."""

from dataclasses import replace

import numpy as np
import pytest

from seglib.datasets import oasis
from seglib.evaluation.confusion import class_dice, matrices_by_patient
from seglib.phantoms import brain as brain_phantom
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import SliceSet
from study import results
from study.job_runs import run_job
from study.questions.brain import SEEDS, brain_recipes, jobs, load


@pytest.fixture(scope="module")
def brains() -> SliceSet:
    return load()


def changed(one: str, other: str) -> set[str]:
    """The fields, but for the name, in which two of the recipes differ."""
    before, after = (brain_recipes()[name].to_dict() for name in (one, other))
    return {field for field in before if before[field] != after[field]} - {"name"}


@pytest.mark.slow
def test_every_patient_of_the_test_part_is_tested_once_a_variant_and_seed(brains):
    listed = jobs(brains)
    test = set(brains.table.loc[brains.table["part"] == "test", "patient"])
    assert brains.name == oasis.PHANTOM_NAME
    ends = 2 * len(SEEDS)
    assert len({job.name for job in listed}) == len(listed) == ends + len(brain_recipes()) - 2
    assert all(set(job.split.test) == test for job in listed)
    assert len(test) == 8
    assert len(listed[0].data(brains)["train"]) == 128


@pytest.mark.slow
def test_the_networks_see_nearly_all_of_every_brain(brains):
    for recipe in brain_recipes().values():
        kept = np.count_nonzero(recipe.preprocessing.masks(brains.masks))
        assert kept / np.count_nonzero(brains.masks) > 0.9999


def test_each_step_changes_what_its_words_say_and_all_train_equally_long():
    assert changed("published", "batch8") == {"batch_size"}
    assert changed("batch8", "code") == {"learning_rate", "weight_decay"}
    assert changed("batch8", "loss") == {"loss"}
    assert changed("loss", "study") == {"learning_rate", "schedule", "weight_decay", "source"}
    assert changed("study", "augmented") == {"augmentation"}
    assert changed("augmented", "corrected") == {"batch_size", "learning_rate"}
    assert not {"epochs", "filters", "depth", "preprocessing"} & changed("published", "corrected")


@pytest.mark.slow
def test_jobs_run_end_to_end_on_a_tiny_set(tmp_path, reports):
    slices = brain_phantom.make(patients=6, slices=2, size=64)
    tiny = {"filters": 4, "depth": 2, "epochs": 1, "batch_size": 4}
    for job in (jobs(slices)[0], jobs(slices)[-1]):
        small = replace(job.recipe.preprocessing, size=64)
        job = replace(job, recipe=replace(job.recipe, preprocessing=small, **tiny))
        run_job(job, slices, tmp_path / "stored")
        assert job.is_done(tmp_path / "stored")
        test = slices.of_patients(job.split.test)
        dice = class_dice(
            matrices_by_patient(test, results.read_masks(job.name, tmp_path / "stored"))
        )
        cases = results.read_results("brain", "per_case", [job.variant], tmp_path / "stored")
        assert set(cases["part"]) == {"test"}
        table = cases.pivot(index="patient", columns="class", values="dice")
        assert set(table.columns) == set(slices.class_names[1:])
        np.testing.assert_allclose(table, dice.loc[table.index, table.columns], rtol=1e-5)


def test_the_experiment_normalises_as_published():
    for recipe in brain_recipes().values():
        assert recipe.preprocessing == Preprocessing(224, "fixed 0.1317 0.1864")
