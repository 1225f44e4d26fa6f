"""What a simulated scanner does: means of pixels, smooth shading, and noise of a known law."""

import numpy as np
import pytest

from seglib.phantoms.scanner import bias_field, reduced, with_rician_noise


def test_a_pixel_is_the_mean_of_its_points():
    fine = np.array(
        [[0, 4, 1, 1], [8, 4, 1, 1], [0, 0, 9, 0], [0, 2, 0, 0]],
        np.float32,
    )
    small = reduced(fine, 2)
    assert small.dtype == np.float32
    np.testing.assert_allclose(small, [[4, 1], [0.5, 2.25]])


def test_shares_of_tissues_still_add_up_to_one(rng):
    tissue = rng.integers(0, 3, (120, 120))
    shares = [reduced((tissue == k).astype(np.float32), 40) for k in range(3)]
    np.testing.assert_allclose(sum(shares), 1, atol=1e-6)
    assert shares[0].mean() == pytest.approx((tissue == 0).mean(), abs=1e-6)


def coarse(one, other=0.0):
    """A field and its change upwards, each the same everywhere, ``(2, 4, 4)``."""
    return np.stack([np.full((4, 4), value, np.float32) for value in (one, other)])


def test_an_even_field_is_one_factor_that_changes_with_height():
    field = bias_field(coarse(0.5, 2.0), z=0, strength=0.2, size=16)
    assert field.shape == (16, 16)
    np.testing.assert_allclose(field, np.exp(0.1), rtol=1e-5)
    above = bias_field(coarse(0.5, 2.0), z=10, strength=0.2, size=16)  # 0.5 + 2 * 10 / 40 = 1
    np.testing.assert_allclose(above, np.exp(0.2), rtol=1e-5)


def test_no_field_and_no_strength_leave_an_image_alone(rng):
    np.testing.assert_array_equal(bias_field(coarse(0), 30, 0.1, 8), 1)
    values = rng.standard_normal((2, 5, 5)).astype(np.float32)
    np.testing.assert_array_equal(bias_field(values, 30, 0, 8), 1)


def test_one_side_is_brighter_and_the_way_there_is_smooth():
    values = coarse(0)
    values[0, :, 2:] = 1
    field = bias_field(values, 0, 0.5, 64)
    assert field[:, 0].max() < 1.05 < 1.5 < field[:, -1].min()
    assert np.abs(np.diff(field, axis=1)).max() < 0.1  # and not one step of exp(0.5) - 1 = 0.65
    np.testing.assert_allclose(field, np.repeat(field[:1], 64, axis=0), rtol=1e-5)


def test_without_deviation_the_signal_is_what_is_measured(rng):
    signal = rng.random((20, 20))
    np.testing.assert_allclose(with_rician_noise(signal, 0, rng), signal)


@pytest.mark.parametrize("signal", [0.0, 1.0, 5.0])
def test_the_mean_square_of_a_magnitude_is_that_of_signal_and_noise(signal, rng):
    """E[m^2] = A^2 + 2 s^2, whatever the signal A; s is the deviation of either part."""
    found = with_rician_noise(np.full((400, 400), signal), 0.5, rng)
    assert found.min() >= 0
    assert (found**2).mean() == pytest.approx(signal**2 + 2 * 0.5**2, rel=0.01)


def test_noise_alone_is_rayleigh_and_on_a_strong_signal_gaussian(rng):
    air = with_rician_noise(np.zeros((400, 400)), 2.0, rng)
    assert air.mean() == pytest.approx(2 * np.sqrt(np.pi / 2), rel=0.01)
    assert air.std() == pytest.approx(2 * np.sqrt(2 - np.pi / 2), rel=0.01)
    bright = with_rician_noise(np.full((400, 400), 100.0), 2.0, rng)
    assert bright.mean() == pytest.approx(100 + 2**2 / 200, abs=0.03)
    assert bright.std() == pytest.approx(2, rel=0.01)


def test_the_noise_is_that_of_the_generator_and_the_signal_is_left_alone():
    signal = np.full((8, 8), 3.0)
    first, again, other = (
        with_rician_noise(signal, 1, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()
    assert (signal == 3).all()
