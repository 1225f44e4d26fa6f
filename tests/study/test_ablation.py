"""The ablation: which changes it lists, and how they are set against the base."""

import numpy as np
import pandas as pd
import pytest
from stored_jobs import plant_job

from seglib.errors import SeglibError
from seglib.evaluation.tables import score_cases
from seglib.plotting.comparison import plot_differences
from study.questions.ablation import BASE, CHANGES, ablation_table, jobs
from study.questions.best import literature
from study.questions.heart import load

GAIN = 0.01


@pytest.fixture
def stored(phantom_set, tmp_path):
    """Two variants; the k-th patient gains k times `GAIN`."""
    cases = score_cases(phantom_set, phantom_set.masks)
    order = pd.factorize(cases["patient"])[0]
    for variant, gain in {BASE: 0.0, "affine-only": GAIN}.items():
        table = cases.assign(dice=0.7 + 0.02 * order + gain * order)
        plant_job(tmp_path, "ablation", variant, "fold1", 0, {"per_case": table})
    return tmp_path


def test_differences_are_taken_patient_by_patient(stored, phantom_set):
    table = ablation_table(stored)
    assert list(table["variant"]) == [BASE, "affine-only"]
    assert table.index[1] == CHANGES["affine-only"]
    base, affine = table.iloc[0], table.iloc[1]
    middle = (len(phantom_set.patients) - 1) / 2
    assert base["dice"] == pytest.approx(0.7 + 0.02 * middle)
    assert np.isnan(base["difference"])
    assert affine["difference"] == pytest.approx(GAIN * middle)
    assert affine["low"] < affine["difference"] < affine["high"]
    assert affine["dice_low"] < affine["dice"] < affine["dice_high"]


def test_without_the_base_there_is_nothing_to_compare_with(stored):
    (stored / "ablation" / BASE / "fold1-seed0" / "manifest.json").unlink()
    with pytest.raises(SeglibError, match="base"):
        ablation_table(stored)


@pytest.mark.slow
def test_every_variant_that_is_run_has_words(sunnybrook_dir):
    slices = load()
    listed = jobs(slices)
    assert {job.variant for job in listed} == set(CHANGES)
    assert {patient for job in listed for patient in job.split.train}.isdisjoint(
        literature(slices)[0].split.test
    )


def test_what_is_shown_can_be_seen():
    table = pd.DataFrame(
        {
            "difference": [0.02, 0.001, 0.0],
            "low": [0.01, -0.01, -0.001],
            "high": [0.03, 0.01, 0.001],
            "n": [15, 15, 14],
            "verdict": ["better", "not shown", "equivalent within 0.01"],
        },
        index=["a", "b", "c"],
    )
    fig = plot_differences(table, "base")
    axes = fig.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b", "c"]
    assert "n = 14 to 15 patients" in axes.get_xlabel()
    points = [line for line in axes.lines if line.get_marker() in ("o", "D")]
    assert len({(line.get_marker(), line.get_markerfacecolor()) for line in points}) == 3
    (legend,) = fig.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert "margin of equivalence, ±0.01" in texts
