"""The reference answers of the exercises agree with the library, which was written apart from them.

A question whose reference is wrong would teach the mistake, and refuse whoever does it right.
"""

import numpy as np
import pandas as pd
import pytest

from seglib import audit, clinical, evaluation, uncertainty
from seglib.lessons import mistakes
from seglib.lessons.exercises.question_files import question

SEEDS = range(5)


def inputs(name: str) -> list[tuple]:
    """All calls that a message may show, and a few hidden ones."""
    asked = question(name)
    return [*asked.cases, *(asked.draw(np.random.default_rng(seed)) for seed in SEEDS)]


def counts_of(truth, prediction):
    return pd.DataFrame(
        {
            "patient": "A",
            "truth": truth.sum(axis=(1, 2)),
            "predicted": prediction.sum(axis=(1, 2)),
            "overlap": (truth & prediction).sum(axis=(1, 2)),
        }
    )


@pytest.mark.parametrize("arguments", inputs("09-rule"))
def test_the_rule_that_leaves_out_is_the_librarys(arguments):
    by_rule = evaluation.count_by_empty_rule(counts_of(*arguments))
    found = question("09-rule").reference(*arguments)
    assert found == pytest.approx(by_rule.at["A", "empty_left_out"], nan_ok=True)


def test_a_network_that_never_draws_gets_what_the_library_gives():
    truth, black = np.zeros((2, 60, 2, 2), bool)
    truth[:20] = True
    by_rule = evaluation.count_by_empty_rule(counts_of(truth, black)).loc["A"]
    names = ["pooled", "empty_left_out", "empty_is_one"]
    assert question("09-empty").expected == pytest.approx(by_rule[names].tolist())


def test_the_weight_makes_the_probability_the_cheapest_one():
    guess = np.linspace(0.001, 0.999, 999)
    cost = -question("09-weight").expected * 0.02 * np.log(guess) - 0.98 * np.log(1 - guess)
    assert guess[cost.argmin()] == pytest.approx(0.8)


def test_siblings_of_a_random_split_are_counted():
    slices = np.repeat(np.arange(200_000), 3)
    tested = np.random.default_rng(0).random(len(slices)) < 0.2
    trains = np.bincount(slices[~tested], minlength=200_000) > 0
    assert trains[slices[tested]].mean() == pytest.approx(
        question("10-siblings").expected, abs=3e-3
    )


@pytest.mark.parametrize("arguments", inputs("10-pooled"))
def test_pooling_by_patient_is_the_librarys(arguments):
    counts = pd.DataFrame(
        dict(zip(["patient", "truth", "predicted", "overlap"], arguments, strict=True))
    ).assign(case="one")
    by_patient = evaluation.dice_of_patients(counts, case="case")
    assert question("10-pooled").reference(*arguments) == pytest.approx(by_patient.mean())


@pytest.mark.parametrize("arguments", inputs("11-move"))
def test_the_best_move_is_the_librarys(arguments):
    move = audit.mask_shift(*arguments)
    assert question("11-move").reference(*arguments) == (move.y, move.x)


@pytest.mark.parametrize("arguments", inputs("12-error"))
def test_the_calibration_error_is_the_librarys(arguments):
    said, true, bins = arguments
    cases = pd.DataFrame({"case": ["one"], "patient": ["A"]})
    table = uncertainty.reliability_table(said[None, None], true[None, None], cases, bins)
    found = question("12-error").reference(*arguments)
    assert found == pytest.approx(uncertainty.expected_calibration_error(table))


def test_the_temperature_does_what_is_asked():
    scaled = uncertainty.apply_temperature(np.array([0.8]), question("12-temperature").expected)
    assert scaled[0] == pytest.approx(0.6)


@pytest.mark.parametrize("arguments", inputs("12-kept"))
def test_the_patients_kept_are_the_librarys(arguments):
    doubt, dice, sent = arguments
    curve = uncertainty.risk_coverage(doubt, dice, draws=10).set_index("kept")
    found = question("12-kept").reference(*arguments)
    assert found == pytest.approx(curve.at[len(doubt) - sent, "dice"])


@pytest.mark.parametrize("arguments", inputs("13-limits"))
def test_the_limits_of_agreement_are_the_librarys(arguments):
    found = clinical.agreement(*arguments)
    expected = [found[name] for name in ("bias", "lower", "upper")]
    assert question("13-limits").reference(*arguments) == pytest.approx(expected, abs=3e-3)


@pytest.mark.parametrize("arguments", inputs("14-batch"))
def test_dice_by_batch_is_the_librarys(arguments):
    found = question("14-batch").reference(*arguments)
    truth, prediction, size = arguments
    assert found == pytest.approx(
        mistakes.batch_dice(truth[..., None], prediction[..., None], size)
    )


def test_the_soft_value_of_the_perfect_mask_is_one_half():
    truth = (np.arange(100) < 2).reshape(1, 10, 10, 1)
    unsure = np.where(truth, 0.6, question("14-unsure").expected)
    assert mistakes.soft_dice(truth, unsure)[0] == pytest.approx(0.5)
