"""Schedules at their ends, and optimisers by what one step does."""

import keras
import numpy as np
import pytest

from seglib.optimizers import make_optimizer, make_schedule


def rates(name, steps=200, learning_rate=0.1):
    schedule = make_schedule(name, learning_rate, steps)
    return np.array([float(schedule(step)) for step in range(steps + 1)])


def steps_of(optimizer, gradients, start=1.0):
    """The weight after each step."""
    weight = keras.Variable([start])
    weights = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor([gradient])], [weight])
        weights.append(float(weight.numpy()[0]))
    return weights


def test_constant_stays():
    assert make_schedule("constant", 0.1, 200) == 0.1


def test_cosine_gives_the_numbers_of_kerass_own_that_branches():
    keras_own = keras.optimizers.schedules.CosineDecay(
        0.1 / 6, 194, warmup_target=0.1, warmup_steps=6
    )
    expected = [float(keras_own(step)) for step in range(201)]
    np.testing.assert_allclose(rates("cosine"), expected, rtol=1e-5, atol=1e-8)


def test_cosine_is_made_again_from_its_configuration():
    schedule = make_schedule("cosine", 0.1, 200)
    again = type(schedule).from_config(schedule.get_config())
    assert [float(again(step)) for step in (0, 6, 150)] == [
        float(schedule(step)) for step in (0, 6, 150)
    ]


def test_cosine_warms_up_peaks_and_ends_at_zero():
    rate = rates("cosine")
    warmup = 6  # 3 % of 200
    assert rate[0] == pytest.approx(0.1 / warmup)
    assert (np.diff(rate[: warmup + 1]) > 0).all()
    assert rate.argmax() == warmup
    assert rate.max() == pytest.approx(0.1)
    assert (np.diff(rate[warmup:]) < 0).all()
    assert rate[-1] == pytest.approx(0.0, abs=1e-8)
    half = warmup + (200 - warmup) // 2
    assert rate[half] == pytest.approx(0.05, rel=1e-4)


def test_polynomial_falls_from_the_start_with_power_0_9():
    rate = rates("polynomial")
    np.testing.assert_allclose(rate, 0.1 * (1 - np.arange(201) / 200) ** 0.9, atol=1e-7)


@pytest.mark.parametrize("name", ["cosine", "polynomial"])
def test_a_training_of_one_step_has_a_rate(name):
    assert float(make_schedule(name, 0.1, 1)(0)) == pytest.approx(0.1)


def test_sgd_looks_ahead():
    optimizer = make_optimizer("sgd", 0.1, momentum=0.9)
    assert optimizer.nesterov
    # velocity -0.1, then the look-ahead: 0.9 * velocity - 0.1
    first, second = steps_of(optimizer, [1.0, 1.0])
    assert first == pytest.approx(1 - 0.19)
    assert second == pytest.approx(first + 0.9 * (0.9 * -0.1 - 0.1) - 0.1)


def test_momentum_can_be_switched_off():
    assert steps_of(make_optimizer("sgd", 0.1, momentum=0.0), [2.0]) == [pytest.approx(0.8)]


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_weight_decay_shrinks_a_weight_without_a_gradient(name):
    assert steps_of(make_optimizer(name, 0.1, weight_decay=0.5), [0.0]) == [pytest.approx(0.95)]


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_without_decay_a_weight_without_a_gradient_stays(name):
    assert steps_of(make_optimizer(name, 0.1), [0.0]) == [1.0]


def test_adam_steps_by_the_learning_rate_whatever_the_gradient():
    for gradient in (1e-3, 1.0, 1e3):
        after = steps_of(make_optimizer("adam", 0.01, weight_decay=0.5), [gradient])
        assert after == [pytest.approx(0.99, abs=1e-4)]


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_an_optimiser_follows_a_schedule(name):
    optimizer = make_optimizer(name, make_schedule("polynomial", 0.1, 4))
    before = float(optimizer.learning_rate)
    steps_of(optimizer, [1.0, 1.0])
    assert float(optimizer.learning_rate) < before


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="no schedule 'step'; choose from constant"):
        make_schedule("step", 0.1, 10)
    with pytest.raises(ValueError, match="no optimiser 'lion'; choose from sgd"):
        make_optimizer("lion", 0.1)
