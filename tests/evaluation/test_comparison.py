"""Paired comparison: known p-values, the correction, and tables that do not fit."""

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.evaluation.comparison import compare_paired, holm


def table(values, patients=None):
    patients = patients or [f"P{i}" for i in range(len(values))]
    return pd.DataFrame({"patient": patients, "dice": values})


def test_holm_gives_the_textbook_answer():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_never_exceeds_one_and_leaves_a_single_test_alone():
    assert holm([0.7, 0.9]).tolist() == [1.0, 1.0]
    assert holm([0.04]).tolist() == [0.04]


def test_eight_gains_in_eight_patients_have_the_exact_p_value():
    base = np.linspace(0.5, 0.8, 8)
    gains = 0.01 * np.arange(1, 9)
    result = compare_paired({"a": table(base), "b": table(base + gains)}, "a")
    assert result.at["b", "p"] == pytest.approx(2 / 2**8)  # all signs equal, two sides
    assert result.at["b", "difference"] == pytest.approx(gains.mean())
    assert 0 < result.at["b", "low"] < gains.mean() < result.at["b", "high"]
    assert result.at["b", "n"] == 8


def test_the_order_of_the_rows_does_not_matter():
    a, b = table([0.5, 0.6, 0.9]), table([0.6, 0.9, 0.7])
    straight = compare_paired({"a": a, "b": b}, "a")
    turned = compare_paired({"a": a, "b": b.iloc[::-1]}, "a")
    pd.testing.assert_frame_equal(straight, turned)


def test_correction_counts_the_networks_that_are_compared():
    base = np.linspace(0.5, 0.8, 8)
    gains = 0.01 * np.arange(1, 9)
    tables = {"a": table(base), "b": table(base + gains), "c": table(base + gains)}
    result = compare_paired(tables, "a")
    np.testing.assert_allclose(result["p_holm"], 2 * result["p"])


def test_a_network_against_itself_shows_nothing():
    result = compare_paired({"a": table([0.5, 0.6]), "b": table([0.5, 0.6])}, "a")
    assert result.at["b", "p"] == 1.0
    assert result.at["b", "difference"] == 0.0


def test_a_patient_without_a_score_is_left_out_and_counted():
    result = compare_paired({"a": table([0.5, np.nan, 0.7]), "b": table([0.6, 0.6, 0.9])}, "a")
    assert result.at["b", "n"] == 2


def test_tables_that_do_not_fit_are_refused():
    a = table([0.5, 0.6])
    with pytest.raises(DataError, match="different patients.*P9"):
        compare_paired({"a": a, "b": table([0.5, 0.6], ["P0", "P9"])}, "a")
    with pytest.raises(DataError, match="several rows for P0"):
        compare_paired({"a": a, "b": table([0.5, 0.6], ["P0", "P0"])}, "a")
    with pytest.raises(DataError, match="cannot compare with 'c'"):
        compare_paired({"a": a, "b": a}, "c")
    with pytest.raises(DataError, match="at least one other"):
        compare_paired({"a": a}, "a")
