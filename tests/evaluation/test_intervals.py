"""Bootstrap intervals: of means, and of any statistic over resampled rows."""

import math

import numpy as np
import pytest

from seglib.evaluation.intervals import bootstrap, bootstrap_interval, crossed_interval


def test_bootstrap_interval():
    values = np.random.default_rng(3).normal(0.9, 0.05, size=200)
    low, high = bootstrap_interval(values, resamples=4000)
    half = 1.96 * values.std() / math.sqrt(200)  # what the normal theory says for this n
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)
    assert bootstrap_interval(values, resamples=4000) == (low, high)
    assert bootstrap_interval(values, resamples=4000, seed=1) != (low, high)
    assert bootstrap_interval(np.full(5, 0.7)) == pytest.approx((0.7, 0.7))
    assert all(math.isnan(bound) for bound in bootstrap_interval(np.array([0.7])))


def test_rows_and_counts_of_rows_tell_the_same():
    values = np.random.default_rng(0).normal(size=(30, 2))
    by_rows = bootstrap(lambda drawn: values[drawn].mean(axis=1), 30, resamples=4000)
    by_counts = bootstrap(lambda times: times @ values / 30, 30, resamples=4000, counted=True)
    assert by_rows[0].shape == by_counts[0].shape == (2,)
    np.testing.assert_allclose(by_rows, by_counts, atol=0.03)


def test_values_that_are_not_finite_are_left_out():
    def statistic(drawn):
        values = drawn.mean(axis=1)
        return np.stack([values, np.where(values > 4, np.nan, values), np.full(2000, np.inf)], -1)

    low, high = bootstrap(statistic, 10)
    assert low[1] <= low[0] < high[1] <= 4 < high[0]
    assert np.isnan(low[2]) and np.isnan(high[2])


def test_fewer_than_two_rows_have_no_spread():
    for n in (0, 1):
        assert all(math.isnan(limit) for limit in bootstrap(lambda drawn: drawn.mean(axis=1), n))


def scores(rng, patients=44, seeds=3, *, of_patients=0.03, of_seeds=0.003, noise=0.01):
    """Scores around 0: each patient has an effect, each training has one, and chance."""
    effects = rng.normal(0, of_patients, (patients, 1)) + rng.normal(0, of_seeds, (1, seeds))
    return effects + rng.normal(0, noise, (patients, seeds))


def test_with_one_seed_the_crossed_interval_is_that_of_the_patients():
    values = np.random.default_rng(0).normal(0.9, 0.05, (20, 1))
    assert crossed_interval(values) == bootstrap_interval(values[:, 0])
    base = values[::-1] - 0.1
    assert crossed_interval(values, base) == pytest.approx(
        bootstrap_interval((values - base)[:, 0])
    )


def test_seeds_alone_give_the_interval_of_their_resampled_means():
    # No patient differs: of two seeds 0 and 1 a draw has 0, 1 or 2 ones, 1/4, 1/2, 1/4.
    assert crossed_interval(np.tile([0.0, 1.0], (5, 1))) == (0.0, 1.0)
    low, high = crossed_interval(np.tile([0.0, 1.0], (5, 1)), level=0.4)  # the middle half
    assert (low, high) == (0.5, 0.5)


def test_patients_are_drawn_for_both_networks_and_seeds_for_each():
    rng = np.random.default_rng(1)
    patients = rng.normal(0.8, 0.1, (30, 1))
    same = crossed_interval(patients + np.zeros(3), patients - 0.02)
    assert same == pytest.approx((0.02, 0.02))  # what patients share drops out
    low, high = crossed_interval(patients + [-0.01, 0, 0.01], patients + [-0.01, 0, 0.01])
    assert low < -0.005 and high > 0.005  # seed 0 of one network is no twin of the other's


def test_a_patient_without_a_seed_counts_with_the_others():
    whole = np.tile([0.5, 0.7], (6, 1))
    part = whole.copy()
    part[0, 1] = np.nan
    low, high = crossed_interval(part)
    assert (low, high) == pytest.approx((0.5, 0.7))  # all draws of one seed alone


def test_fewer_than_two_patients_have_no_crossed_interval():
    assert all(math.isnan(bound) for bound in crossed_interval(np.ones((1, 3))))


@pytest.mark.slow
def test_the_crossed_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)

    def coverage(**effects):
        hits = 0
        for number in range(400):
            low, high = crossed_interval(scores(rng, **effects), resamples=400, seed=number)
            hits += low <= 0 <= high
        return hits / 400

    assert coverage() == pytest.approx(0.95, abs=0.03)
    # Where the training matters twice as much as who is looked at, three seeds see too little.
    assert 0.8 < coverage(of_seeds=0.01) < 0.93
