"""Bootstrap intervals: of means, and of any statistic over resampled rows."""

import math

import numpy as np
import pytest

from seglib.evaluation.intervals import bootstrap, bootstrap_interval


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
