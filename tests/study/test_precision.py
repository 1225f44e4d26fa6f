"""bfloat16 against float32: crossed alike, judged by a narrow margin, shown once complete."""

import pandas as pd
import pytest
from stored_jobs import plant_job

from seglib.evaluation.tables import COUNTS, METRICS
from seglib.slices import SliceSet
from study.questions import precision
from study.questions.heart import SEEDS


def plant(stored, loss):
    """All jobs: 20 patients, of whom bfloat16 finds so many of 100 pixels fewer."""
    for variant in precision.PRECISIONS:
        for fold in range(precision.FOLDS):
            for seed in SEEDS:
                rows = []
                for patient in range(4 * fold, 4 * fold + 4):
                    missed = 10 + patient % 3 + seed + loss * (variant == precision.BFLOAT16)
                    hit = 1000 - missed
                    dice = 2 * hit / (hit + 1000)
                    rows.append(case(patient, dice))
                tables = {"per_case": pd.DataFrame(rows)}
                plant_job(stored, "precision", variant, f"fold{fold + 1}", seed, tables)


def case(patient, dice):
    """One row of scores, of which Dice alone is looked at."""
    row = {"case": f"p{patient}", "patient": f"p{patient}", "pathology": "N", "class": "heart"}
    row |= dict.fromkeys(METRICS, 0.9) | dict.fromkeys(COUNTS, 1)
    row |= {"unit": "px", "tolerance": 1.0, "dice": dice}
    return row


def test_both_precisions_have_the_same_folds_seeds_and_recipe(phantom_set: SliceSet):
    jobs = precision.jobs(phantom_set)
    assert len(jobs) == precision.WANTED
    by_variant = [[job for job in jobs if job.variant == name] for name in precision.PRECISIONS]
    for name, group in zip(precision.PRECISIONS, by_variant, strict=True):
        assert {job.precision for job in group} == {name}
    one, other = ([(job.fold, job.seed, job.split.hash) for job in group] for group in by_variant)
    assert one == other and {job.recipe for job in jobs} == {precision.recipe()}
    assert not jobs[0].networks() & jobs[-1].networks()  # so both may run at once


@pytest.mark.parametrize(("loss", "verdict"), [(0, "equivalent within 0.002"), (20, "worse")])
def test_a_hundredth_less_is_not_equivalent(tmp_path, loss, verdict):
    plant(tmp_path, loss)
    table = precision.precision_table(tmp_path)
    assert table.index.tolist() == ["float32", "bfloat16"]
    assert table.loc["bfloat16", "verdict"] == verdict
    assert table.loc["bfloat16", "difference"] == pytest.approx(-loss / 2000, rel=0.05)


def test_until_all_are_stored_their_number_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(precision.number_stored, "__defaults__", (tmp_path,))
    monkeypatch.setattr(precision.is_complete, "__defaults__", (tmp_path,))
    assert precision.blocks()["precision"].startswith("0 of 30 jobs are stored")
