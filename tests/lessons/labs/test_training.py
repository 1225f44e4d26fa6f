"""Mistakes in what is trained: each has its sign and size, and an idle switch is noticed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lab_bands import check

from seglib.lessons.labs import training
from seglib.lessons.labs.learners import lab_hearts
from seglib.lessons.labs.registry import LABS
from seglib.phantoms import heart
from seglib.slices import SliceSet

TRAINED = [name for name, lab in LABS.items() if lab.run.__module__ == training.__name__]
#: These fit networks, or move many pairs; one seed on phantoms shows the effect.
LONG = (
    "batch_norm_at_batch_1",
    "pick_the_epoch_on_the_test_set",
    "unpair_the_seeds",
    "shift_along_the_wrong_axis",
)


@pytest.fixture(scope="module")
def phantom_hearts() -> SliceSet:
    return heart.make(patients=15, slices=6, size=128)


@pytest.fixture(scope="module")
def real_hearts(sunnybrook_dir: Path) -> SliceSet:
    return lab_hearts("sunnybrook")


@pytest.mark.slow
@pytest.mark.parametrize("lab", TRAINED)
def test_the_mistake_has_its_sign_and_size_on_phantoms(lab, phantom_hearts):
    check(lab, phantom_hearts, (0,) if lab in LONG else (0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("lab", sorted({*TRAINED} - {*LONG}))
def test_the_mistake_has_its_sign_and_size_on_real_hearts(lab, real_hearts):
    check(lab, real_hearts, (0,))


def test_a_lab_whose_switch_does_nothing_would_fail(phantom_hearts, monkeypatch):
    run = LABS["leak_the_patients"].run
    idle = replace(
        LABS["leak_the_patients"], run=lambda broken, hearts, seed: run(False, hearts, seed)
    )
    monkeypatch.setitem(LABS, "leak_the_patients", idle)
    with pytest.raises(AssertionError, match="seed 0"):
        check("leak_the_patients", phantom_hearts, (0,))


def test_a_position_gives_the_same_number_again(phantom_hearts):
    scores = {LABS["leak_the_patients"].run(False, phantom_hearts, 3).score for _ in range(2)}
    assert len(scores) == 1


def test_drifting_generators_leave_the_global_numbers_alone(phantom_hearts):
    few = phantom_hearts.of_patients(phantom_hearts.patients[:3])
    np.random.seed(1)
    expected = np.random.random(2)
    np.random.seed(1)
    found = [np.random.random()]
    training.unpair_seeds(True, few, 0)
    found.append(np.random.random())
    np.testing.assert_array_equal(found, expected)
