"""The parts of an error, by hand and in general."""

import numpy as np
import pandas as pd
import pytest

from seglib.clinical.contributions import error_parts
from seglib.clinical.ejection import measure_patients

COLUMNS = ["patient", "phase", "slice", "truth", "predicted"]


def test_parts_worked_out_by_hand():
    """Expert 100 and 40, so 60 %; network 80 and 50, so 37.5 %: 22.5 points are missing."""
    rows = [
        ("anna", "ED", 0, 60, 60),
        ("anna", "ED", 1, 40, 20),
        ("anna", "ES", 0, 30, 30),
        ("anna", "ES", 1, 10, 20),
    ]
    parts = error_parts(pd.DataFrame(rows, columns=COLUMNS))
    assert parts.tolist() == pytest.approx([0, -100 * 0.4 * 20 / 80, 0, -100 * 10 / 80])
    assert parts.sum() == pytest.approx(-22.5)


def test_parts_add_up_to_the_error_whatever_the_masks():
    rng = np.random.default_rng(0)
    rows = [
        (patient, phase, number, *rng.integers(1, 500, 2))
        for patient in ("anna", "bert", "cleo")
        for phase in ("ED", "ES")
        for number in range(7)
    ]
    counts = pd.DataFrame(rows, columns=COLUMNS).sample(frac=1, random_state=0)
    total = error_parts(counts).groupby(counts["patient"]).sum()
    error = measure_patients(counts)["error"]
    assert error.abs().max() > 1
    np.testing.assert_allclose(total, error)


def test_two_wrong_volumes_can_make_one_right_fraction():
    rows = [("anna", "ED", 0, 100, 80), ("anna", "ES", 0, 50, 40)]
    parts = error_parts(pd.DataFrame(rows, columns=COLUMNS))
    assert parts.tolist() == pytest.approx([-12.5, 12.5])


def test_a_patient_without_a_fraction_has_no_parts():
    rows = [
        ("anna", "ED", 0, 100, 0),
        ("anna", "ES", 0, 50, 40),
        ("bert", "ED", 0, 100, 90),
    ]
    assert error_parts(pd.DataFrame(rows, columns=COLUMNS)).isna().all()
