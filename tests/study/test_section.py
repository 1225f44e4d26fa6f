"""What the report's tables say of a comparison: columns, lists, and how many seeds."""

import pandas as pd
import pytest

from study.questions.networks import NAMES, comparison_recipes, seeds_note
from study.section import against_reference, short_table


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


def test_a_column_that_is_the_same_in_all_rows_stands_below_the_table():
    table = pd.DataFrame(
        {"name": ["a", "b"], "p": ["", "0.1"], "patients": [7, 7], "seeds": [1, 3]}
    )
    text = short_table(table, "p", "patients", "seeds", "absent")
    assert text.splitlines()[0] == "| name | seeds |"
    assert text.endswith("\n\nIn all rows: p 0.1; patients 7.")
    assert "In all rows" not in short_table(table, "seeds")


def test_the_note_on_seeds_follows_the_table():
    names = ["unet", "unet-bce", "unet-dice", "attention_unet-sgd"]
    table = pd.DataFrame({"seeds": [3, 1, 2]}, index=names[:3])
    note = seeds_note(table, names)
    assert note.startswith("1 of 4 variants have all 3 seeds yet; not trained: additive gate, SGD.")
    assert "not trained" not in seeds_note(table, names[:3])
    assert seeds_note(table.assign(seeds=3), names[:3]).startswith("Every variant has 3 seeds")


def test_every_variant_of_the_comparison_has_a_name_of_its_own():
    assert set(NAMES) == set(comparison_recipes())
    assert len(set(NAMES.values())) == len(NAMES)
