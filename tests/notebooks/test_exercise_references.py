"""The reference answers of the exercises agree with the library, which was written apart from them.

A question whose reference is wrong would teach the mistake, and refuse whoever does it right.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from seglib import audit, clinical, evaluation, splits, uncertainty
from seglib.evaluation.surface import SurfaceDistances
from seglib.formats.contours import fill_rings
from seglib.lessons import mistakes
from seglib.lessons.exercises.question_files import NOTEBOOKS, question
from seglib.lessons.labs.counting import pooled_hd95

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


@pytest.mark.slow
def test_the_dice_loss_is_one_half_where_the_question_says():
    from seglib.losses import DiceLoss

    nothing = np.zeros((1, 100, 100, 1), np.float32)
    answer = question("09-smooth").expected
    assert float(DiceLoss()(nothing, nothing + answer)) == pytest.approx(0.5)


@pytest.mark.slow
def test_the_moving_mean_of_keras_arrives_when_the_question_says():
    import keras

    layer, images = keras.layers.BatchNormalization(), np.full((1, 2, 2, 1), 10.0)
    above = 0
    while above < 1000 and (above == 0 or float(layer.moving_mean[0]) <= 9.5):
        layer(images, training=True)
        above += 1
    assert above == question("10-moving").expected


@pytest.mark.parametrize("chosen", [0, 1])
def test_pixels_chosen_by_the_answer_have_the_error_that_the_question_says(chosen):
    count = (40, 100)[chosen]
    said, true = np.full(count, 0.2), np.arange(count) < 20
    cases = pd.DataFrame({"case": ["one"], "patient": ["A"]})
    table = uncertainty.reliability_table(said[None, None], true[None, None], cases, 10)
    expected = question("12-chosen").expected[chosen]
    assert uncertainty.expected_calibration_error(table) == pytest.approx(expected)


def test_half_and_thirty_correlates_perfectly():
    truth = np.array([20.0, 50.0, 80.0])
    says = truth / 2 + 30
    errors = says - truth
    found = [np.corrcoef(truth, says)[0, 1], errors[0], errors[2]]
    assert question("13-halved").expected == pytest.approx(found)


@pytest.mark.parametrize("arguments", inputs("15-hd95"))
def test_both_definitions_of_hd95_are_the_librarys(arguments):
    distances = SurfaceDistances(*arguments, unmatched_pixels=0, slices_unmatched=0)
    expected = [distances.hausdorff(95), pooled_hd95(distances)]
    assert question("15-hd95").reference(*arguments) == pytest.approx(expected)


def test_the_leaks_that_are_stopped_are_those_of_the_question(phantom_set):
    first, second, *_ = phantom_set.patients
    one, other = phantom_set.of_patients([first]), phantom_set.of_patients([second])
    turned = replace(one, images=np.rot90(one.images, axes=(1, 2)).copy())
    renamed = replace(one, table=one.table.assign(patient="x", source="x"))
    parts = {
        "a": (one.take([0]), one.take([1])),
        "b": (one, turned),
        "c": (one, renamed),
        "d": (one, other),  # patients are split, whatever is done with the parts then
    }
    found = {
        letter
        for letter, (train, test) in parts.items()
        if not splits.find_leaks({"train": train, "test": test}).empty
    }
    assert found == question("15-stopped").expected


def test_the_rectangle_fills_what_the_library_fills():
    left, right, top, bottom = 1.7, 5.4, 1.3, 4.4
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    assert fill_rings([ring], (8, 8)).sum() == question("16-centre").expected


def test_the_loop_is_that_of_the_lesson_and_has_the_gap():
    lesson = (NOTEBOOKS / "16_own_data.py").read_text(encoding="utf-8")
    line = "    group[second] = group[first]\n"
    assert line in lesson
    group = {name: name for name in "ABC"}
    for first, second in [("A", "C"), ("B", "C")]:
        group[second] = group[first]
    assert list(group.values()) == question("16-loop").expected
