"""The stored counts give the ejection fractions that were found without this code."""

import pytest

from study.ejection_tables import ATLAS
from study.questions import ejection_fraction as question
from study.questions.ejection_fraction import experts_table, pair_table, rules_table


def test_the_committed_model_has_the_error_that_was_found_by_another_way():
    found = rules_table().loc[("all", "all")]
    assert found["n"] == 29
    assert found[["bias", "sd", "mae"]].round(2).tolist() == [-1.92, 4.05, 3.52]
    assert found[["ed_ratio", "es_ratio"]].round(3).tolist() == [0.977, 1.041]
    assert found["bias_high"] < 0


def test_the_experts_masks_have_the_fractions_that_were_found_by_another_way():
    table = experts_table()
    assert table["patients"].tolist() == [9, 12, 12, 12]
    assert table["all"].round(1).tolist() == [61.8, 63.6, 29.5, 25.0]
    assert table["paired"].round(1).tolist() == [55.3, 60.7, 27.5, 24.4]
    assert ATLAS["ef"].round(1).tolist() == [62.9, 62.7, 33.1, 32.0]


def test_parts_of_the_committed_model_add_up_to_its_bias():
    parts = question.parts_table(question.committed_counts())
    groups = rules_table().loc["all"]
    fifths = parts[["base", "2", "middle", "4", "apex"]].sum(axis=1)
    assert parts["error"].tolist() == pytest.approx(groups["bias"].tolist())
    assert fifths.tolist() == pytest.approx(groups["bias"].tolist())


def test_a_pair_of_networks_is_compared_the_same_way_round_in_both_scores():
    there, back = pair_table(), pair_table(question.PAIR[::-1])
    assert there["difference"].tolist() == pytest.approx((-back["difference"]).tolist())
    assert there["difference"].abs().min() > 0
    assert set(there["patients"]) == {44}
