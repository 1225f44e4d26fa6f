"""Bland and Altman's analysis: by hand, and on the data of their own paper."""

import numpy as np
import pytest

from seglib.clinical.bland_altman import agreement
from seglib.errors import DataError

REFERENCE, MEASURED = [10, 20, 30, 40], [11, 19, 32, 42]  # differences 1, -1, 2, 2


def test_four_pairs_worked_out_by_hand():
    found = agreement(REFERENCE, MEASURED)
    assert (found["n"], found["left_out"]) == (4, 0)
    assert found["bias"] == 1
    assert found["sd"] == pytest.approx(np.sqrt(2))
    assert found["mae"] == 1.5
    assert (found["lower"], found["upper"]) == pytest.approx((1 - 2.77186, 1 + 2.77186), abs=1e-5)
    # Student's t with 3 degrees of freedom is 3.18245; sqrt(1/4 + 1.96^2 / 6) is 0.94354.
    assert found["bias_high"] - 1 == pytest.approx(3.18245 * np.sqrt(2) / 2, abs=1e-4)
    assert found["upper_high"] - found["upper"] == pytest.approx(4.24654, abs=1e-4)
    assert found["lower"] - found["lower_low"] == pytest.approx(4.24654, abs=1e-4)
    # Means 10.5, 19.5, 31, 41 about 25.5: sums 33 of products and 531.5 of squares.
    assert found["slope"] == pytest.approx(33 / 531.5)


def test_the_peak_flow_meters_of_the_paper():
    """Bland and Altman 1986, first readings in l/min: bias -2.1 (-22.0 to 17.8), SD 38.8."""
    large = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    small = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    found = agreement(small, large)
    assert found["bias"] == pytest.approx(-2.1, abs=0.05)
    assert found["sd"] == pytest.approx(38.8, abs=0.05)
    assert (found["bias_low"], found["bias_high"]) == pytest.approx((-22.0, 17.8), abs=0.1)


def test_a_method_that_is_wrong_in_proportion_has_a_slope():
    reference = np.linspace(10, 70, 20)
    found = agreement(reference, 0.8 * reference)
    assert found["slope"] == pytest.approx(-0.2 / 0.9)
    assert found["slope_high"] < 0
    assert agreement(reference, reference - 3)["slope"] == pytest.approx(0)


def test_pairs_that_are_not_complete_are_left_out_and_counted():
    found = agreement([*REFERENCE, np.nan, 5], [*MEASURED, 7, np.nan])
    assert (found["n"], found["left_out"], found["bias"]) == (4, 2, 1)


@pytest.mark.parametrize("n, known", [(0, set()), (1, {"bias", "mae"})])
def test_too_few_pairs_give_nan_and_no_warning(n, known):
    found = agreement(REFERENCE[:n], MEASURED[:n])
    numbers = {name for name, value in found.items() if np.isfinite(value)}
    assert numbers - {"n", "left_out"} == known
    assert found["n"] == n


def test_measurements_of_other_patients_are_refused():
    with pytest.raises(DataError, match=r"\(4,\) and \(3,\)"):
        agreement(REFERENCE, MEASURED[:3])
