"""The registry of questions: every experiment and block once, each patient tested once."""

import functools
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.files import REPOSITORY
from study import questions
from study.questions import EXPERIMENTS, QUESTIONS, heart

#: Patients of Sunnybrook that each experiment tests; of the other sets it tests all, of the
#: brain's the published test part.
PATIENTS = {
    "waterfall": 27,
    "memorised": 9,
    "chain": 44,
    "comparison": 44,
    "precision": 44,
    "audit": 45,
    "ablation": 15,
    "literature": 29,
    "best": 44,
    "brain": 8,
}


@functools.cache
def load_once(load):
    """The set of an experiment; the test is skipped where its files are absent."""
    try:
        return load()
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_tests_each_patient_once_a_variant_and_seed(name, data_dir):
    experiment = EXPERIMENTS[name]
    slices = load_once(experiment.load)
    assert slices.name == experiment.dataset
    listed = experiment.jobs(slices)
    assert {job.experiment for job in listed} == {name}
    assert len({job.name for job in listed}) == len(listed)
    rows = [(job.variant, job.seed, patient) for job in listed for patient in job.split.test]
    assert pd.Series(rows).value_counts().max() == 1
    tested = {patient for _, _, patient in rows}
    assert ("SC-N-06" in tested) == (name == "audit")
    assert len(tested) == PATIENTS.get(name, len(slices.patients))


def test_every_module_of_a_question_is_listed_and_gives_something():
    there = {path.stem for path in Path(questions.__file__).parent.glob("*.py")}
    shared = {"__init__", "heart", "waterfall_tables"}
    assert there - shared == set(QUESTIONS)
    for module in questions.modules():
        assert {"EXPERIMENTS", "tables", "figures", "blocks"} & set(dir(module)), module.__name__


def test_listing_the_questions_imports_none_of_them():
    code = "import sys; import study.questions; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0


def test_the_spacing_of_sunnybrook_alone_is_assumed():
    assumed = {each.dataset: each.assumed_spacing for each in EXPERIMENTS.values()}
    assert assumed.pop("Sunnybrook") == heart.ASSUMED_SPACING
    assert set(assumed.values()) == {None}


def test_two_experiments_of_one_name_are_refused(monkeypatch):
    questions.modules()
    monkeypatch.setattr(questions, "QUESTIONS", ("atrium", "atrium"))
    with pytest.raises(ValueError, match="atrium already"):
        questions._experiments.__wrapped__()
