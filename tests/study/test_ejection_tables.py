"""Ejection fractions by group, by place and by network, on counts worked out by hand."""

import pandas as pd
import pytest

from seglib.clinical.ejection import measure_patients
from study.ejection_tables import groups_table, network_row, parts_table

#: The expert's pixels from base to apex: ED 100 and ES 50, so 50 %.
TRUTH = {"ED": (40, 30, 20, 6, 4), "ES": (20, 15, 10, 3, 2)}


def counts(extra, patient="anna", pathology="N", seed=0):
    """Five slices a phase; `extra` pixels predicted beside the expert's, by phase and slice."""
    rows = [
        {
            "variant": "tiny",
            "fold": "fold1",
            "seed": seed,
            "case": f"{patient} {phase}",
            "patient": patient,
            "slice": number,
            "phase": phase,
            "pathology": pathology,
            "truth": pixels,
            "predicted": pixels + extra.get((phase, number), 0),
            "overlap": pixels,
        }
        for phase, stack in TRUTH.items()
        for number, pixels in enumerate(stack, start=3)
    ]
    return pd.DataFrame(rows)


def test_parts_stand_at_their_place_in_the_stack_and_add_up():
    """One of two patients has 10 pixels too many in the most basal slice at end-systole: -10."""
    wrong = counts({("ES", 3): 10})
    right = counts({}, patient="bert", pathology="HYP")
    table = parts_table(pd.concat([wrong, right], ignore_index=True))
    assert table.loc["all", ["ED", "ES", "error", "base", "apex"]].tolist() == [0, -5, -5, -5, 0]
    assert table.loc["N", ["ES", "base"]].tolist() == [-10, -10]
    assert (table.loc["HYP"] == 0).all()
    assert "HF-I" not in table.index


def test_groups_have_their_own_bias_and_volumes():
    wrong = counts({("ES", 3): 10})
    right = counts({}, patient="bert", pathology="HYP")
    patients = measure_patients(pd.concat([wrong, right])).assign(dice=[0.8, 1.0])
    table = groups_table(patients)
    assert table.index.tolist() == ["all", "N", "HYP"]
    assert table["bias"].tolist() == [-5, -10, 0]
    assert table["ef_predicted"].tolist() == [45, 40, 50]
    assert table["es_ratio"].tolist() == pytest.approx([1.1, 1.2, 1.0])
    assert table.at["all", "dice"] == pytest.approx(0.9)


def test_seeds_that_err_to_both_sides_have_no_bias_but_an_error():
    low, high = counts({("ES", 3): 10}), counts({("ES", 3): -10}, seed=1)
    both = [low, high]
    both += [part.assign(patient="bert", case="bert " + part["phase"]) for part in both]
    row = network_row(pd.concat(both, ignore_index=True))
    assert (row["bias"], row["mae"], row["patients"], row["seeds"]) == (0, 10, 2, 2)
    assert (row["sd"], row["lower"], row["upper"]) == (0, 0, 0)  # within each seed all err alike
