"""Paired comparison: known p-values, the correction, verdicts, and tables that do not fit."""

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.evaluation.comparison import (
    compare_paired,
    equivalence_p,
    holm,
    judge_differences,
    smallest_p,
)


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


@pytest.mark.parametrize(
    ("patients", "tests", "p"),
    [(8, 1, 2 / 256), (8, 6, 12 / 256), (5, 1, 1 / 16), (3, 9, 1.0), (1, 1, 1.0), (0, 1, 1.0)],
)
def test_the_smallest_p_is_that_of_differences_of_one_sign(patients, tests, p):
    assert smallest_p(patients, tests) == pytest.approx(p)


def test_no_table_goes_below_its_smallest_p():
    gains = {name: 0.01 * np.arange(1, 8) for name in "abc"}
    table = judge_differences(gains)
    assert table["p_holm"].tolist() == pytest.approx([3 * 2 / 2**7] * 3)
    assert table["p_smallest"].tolist() == pytest.approx([3 * 2 / 2**7] * 3)
    ties = judge_differences({"a": np.full(7, 0.02)})  # equal differences share a rank
    assert ties.at["a", "p"] == pytest.approx(2 / 2**7)


def steps(n, mean, spread=0.002):
    """Differences spread evenly about their mean."""
    return mean + np.linspace(-spread, spread, n)


def test_every_verdict():
    table = judge_differences(
        {
            "better": steps(12, 0.05),
            "worse": steps(12, -0.05),
            "better, by less than 0.01": steps(12, 0.004),
            "equivalent within 0.01": steps(12, 0.0),
            "not shown": steps(12, 0.0, spread=0.2),
        }
    )
    assert table["verdict"].tolist() == table.index.tolist()


def test_a_distance_that_grows_is_worse_and_has_no_margin():
    longer = judge_differences({"a": steps(12, 2.0)}, margin=None, less_is_better=True)
    assert longer.at["a", "verdict"] == "worse"
    base = table(steps(12, 3.0)).rename(columns={"dice": "hd95"})
    found = compare_paired({"a": base, "b": base.assign(hd95=2 * base["hd95"])}, "a", "hd95")
    assert found.at["b", "verdict"] == "worse"
    assert np.isnan(found.at["b", "p_equivalent"])


def test_a_mean_against_its_ranks_is_not_shown():
    differences = np.append(steps(14, 0.01, 0.003), -0.9)  # all gain a little, one is lost
    (verdict,) = judge_differences({"a": differences})["verdict"]
    assert differences.mean() < 0
    assert verdict == "not shown"


def test_one_failure_that_moves_the_mean_past_the_margin_forbids_equivalence():
    differences = np.append(steps(43, 0.0, 0.001), -0.6)
    assert abs(differences.mean()) > 0.01
    assert equivalence_p(differences, 0.01) > 0.05
    assert equivalence_p(differences[:-1], 0.01) < 0.001


@pytest.mark.parametrize(("patients", "p"), [(0, 1.0), (1, 1.0), (4, 1 / 16), (5, 1 / 32)])
def test_without_any_difference_the_number_of_patients_decides(patients, p):
    same = np.zeros(patients)
    assert equivalence_p(same, 0.01) == pytest.approx(p)
    (row,) = judge_differences({"a": same}).to_dict("records")
    assert row["p"] == 1.0
    assert row["verdict"] == ("equivalent within 0.01" if patients == 5 else "not shown")


def test_equivalence_is_symmetric_and_pays_for_several_tests():
    differences = np.random.default_rng(5).normal(0.002, 0.008, 15)
    once = equivalence_p(differences, 0.01)
    assert once == pytest.approx(equivalence_p(-differences, 0.01), rel=1e-9)
    twice = judge_differences({"a": differences, "b": differences})
    assert twice["p_equivalent"].tolist() == pytest.approx([min(1, 2 * once)] * 2)


def test_seeds_are_rows_of_a_patient_and_their_mean_is_tested():
    one = table([0.5, 0.6, 0.7])
    two = pd.concat([one.assign(seed=0), one.assign(seed=1, dice=one["dice"] + 0.02)])
    (row,) = compare_paired({"a": one, "b": two}, "a").to_dict("records")
    assert row["difference"] == pytest.approx(0.01)
    assert (row["seeds"], row["reference_seeds"]) == (2, 1)
    assert (row["low"], row["high"]) == pytest.approx((0.0, 0.02))  # the seeds' own means


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_promised():
    """Four rows without a difference; and networks exactly as far apart as the margin."""
    rng = np.random.default_rng(0)
    differ, alike = 0, 0
    for _ in range(500):
        null = {k: rng.normal(0, 0.02, 15) for k in range(4)}
        differ += (judge_differences(null, margin=None)["p_holm"] < 0.05).any()
        alike += equivalence_p(rng.normal(0.01, 0.004, 15), 0.01, resamples=299) < 0.05
    assert 0.025 < differ / 500 < 0.075
    assert 0.015 < alike / 500 < 0.075
