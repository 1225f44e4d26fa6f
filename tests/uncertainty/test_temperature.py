"""The temperature: found where it is planted, and of no use to the fold it comes from."""

import numpy as np
import pytest
from pixels import drawn

from seglib.errors import DataError
from seglib.uncertainty import temperature


@pytest.mark.parametrize("planted", [0.5, 1.0, 2.5])
def test_the_planted_temperature_is_found(planted):
    honest = np.random.default_rng(0).uniform(0.05, 0.95, 100_000)
    truth = drawn(honest)
    said = temperature.apply_temperature(honest, 1 / planted)  # sharper by the planted value
    assert temperature.fit_temperature(said, truth) == pytest.approx(planted, rel=0.02)
    mended = temperature.apply_temperature(said, planted)
    np.testing.assert_allclose(mended, honest, rtol=1e-6)


def test_a_temperature_keeps_order_half_and_its_inverse():
    p = np.linspace(0.01, 0.99, 99)
    cool = temperature.apply_temperature(p, 0.7)
    assert (np.diff(cool) > 0).all()
    assert ((cool >= 0.5) == (p >= 0.5)).all()
    np.testing.assert_allclose(temperature.apply_temperature(cool, 1 / 0.7), p, rtol=1e-9)
    ends = temperature.apply_temperature(np.array([0.0, 1.0], np.float16), 2.0)
    assert np.isfinite(ends).all()
    assert 0 < ends[0] < 0.001 < 0.95 < ends[1] < 1


def test_each_fold_is_scored_with_the_temperature_of_the_others():
    honest = np.random.default_rng(0).uniform(0.05, 0.95, 60_000)
    truth = drawn(honest)
    folds = np.repeat(["fold1", "fold2", "fold3"], 20_000)
    said = honest.copy()
    first = folds == "fold1"
    said[first] = temperature.apply_temperature(honest[first], 1 / 3)  # fold1 alone exaggerates
    fitted = temperature.cross_fit(said, truth, folds)
    assert set(fitted) == {"fold1", "fold2", "fold3"}
    assert fitted["fold1"] == pytest.approx(1, rel=0.03)
    assert fitted["fold2"] > 1.2
    other = truth.copy()
    other[first] = 1 - other[first]
    assert temperature.cross_fit(said, other, folds)["fold1"] == fitted["fold1"]


def test_a_temperature_needs_pixels_of_both_kinds_and_two_folds():
    p = np.full(10, 0.4)
    for truth in (np.zeros(10), np.ones(10)):
        with pytest.raises(DataError, match="both kinds"):
            temperature.fit_temperature(p, truth)
    with pytest.raises(DataError, match="two folds"):
        temperature.cross_fit(p, np.arange(10) % 2, np.full(10, "fold1"))
