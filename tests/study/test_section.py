"""What the report's tables say of a comparison: columns, lists, and how many seeds."""

import pandas as pd
import pytest

from study.questions.networks import seeds_note
from study.section import against_reference, verdicts


def compared(patients=12):
    """A reference and two variants, as `study.variants.table_of_changes` gives them."""
    return pd.DataFrame(
        {
            "difference": [float("nan"), 0.02, -0.001],
            "low": [float("nan"), 0.01, -0.004],
            "high": [float("nan"), 0.03, 0.002],
            "n": [float("nan"), patients, patients],
            "p_holm": [float("nan"), 0.0004, 1.0],
            "p_smallest": [float("nan"), 0.001, 0.001],
            "verdict": [float("nan"), "better", "not shown"],
        }
    )


def test_a_row_says_its_difference_its_p_and_its_verdict():
    columns = against_reference(compared())
    assert columns == {
        "difference": ["", "+0.020 [+0.010, +0.030]", "-0.001 [-0.004, +0.002]"],
        "p (Holm)": ["", "< 0.001", "1.000"],
        "smallest p": ["", "0.001", "0.001"],
        "verdict": ["", "better", "not shown"],
    }


@pytest.mark.parametrize(("patients", "stated"), [(19, True), (20, False)])
def test_the_smallest_p_is_stated_where_patients_are_few(patients, stated):
    assert ("smallest p" in against_reference(compared(patients))) is stated


def test_verdicts_are_listed_by_what_they_say():
    table = pd.DataFrame({"verdict": ["worse", "better", "worse"]})
    assert verdicts(pd.Series(["a", "b", "c"]), table) == "- better: b\n- worse: a; c"


def test_the_note_on_seeds_follows_the_table():
    table = pd.DataFrame({"seeds": [3, 1, 2]}, index=["a", "b", "c"])
    note = seeds_note(table, ["a", "b", "c", "d"])
    assert note.startswith("1 of 4 variants have all 3 seeds yet (`a`)")
    assert "(`b` 1, `c` 2, `d` 0)" in note  # the last has not been trained
    assert seeds_note(table.assign(seeds=3), "abc").startswith("Every variant has 3 seeds")
