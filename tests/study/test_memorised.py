"""System 1 as published: its curves from planted results, and what is said without any."""

import numpy as np
import pandas as pd
import pytest
from stored_jobs import plant_job

from study.questions import memorised


def plant(stored, variant, losses):
    """One stored job: training losses, and parts that stay 0.1 and 0.4 behind."""
    history = pd.DataFrame({"epoch": np.arange(len(losses)), "loss": losses})
    behind = {"train": 0.0, "validation": 0.1, "test": 0.4}
    parts = [
        history.assign(part=part, loss=history["loss"] + more) for part, more in behind.items()
    ]
    tables = {"history": history, "each_epoch": pd.concat(parts)}
    plant_job(stored, "memorised", variant, "fold1", 0, tables)


def test_curves_hold_every_part_of_every_epoch_as_dice(tmp_path):
    plant(tmp_path, "half-leaked", [0.5, 0.3, 0.2])
    table = memorised.curves(tmp_path)
    assert len(table) == 3 * len(memorised.PARTS)
    last = table[table["epoch"] == 3].set_index("part")["dice"]
    assert last.to_dict() == pytest.approx(
        {"batches": 0.8, "train": 0.8, "validation": 0.7, "test": 0.4}
    )


def test_without_results_the_page_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(memorised.curves, "__defaults__", (tmp_path,))
    assert memorised.blocks()["memorised"].startswith("Not trained yet: full-leaked, ")
    plant(tmp_path, "half-leaked", [0.5, 0.2])
    text = memorised.blocks()["memorised"]
    assert "| half-leaked | 2 | 0.8" in text
    assert text.endswith("Not trained yet: full-leaked, full-patients, half-patients.")


def test_the_figure_has_a_panel_a_training_and_a_line_a_part(tmp_path):
    plant(tmp_path, "half-leaked", [0.5, 0.2])
    plant(tmp_path, "half-patients", [0.5, 0.4])
    fig = memorised.plot_curves(memorised.curves(tmp_path))
    assert [axes.get_title() for axes in fig.axes] == ["half-leaked", "half-patients"]
    for axes in fig.axes:
        labels = [line.get_label() for line in axes.lines]
        assert set(memorised.PARTS.values()) <= set(labels)


@pytest.mark.slow
def test_no_part_shares_a_patient_and_the_training_ones_are_those_of_both_splits(sunnybrook):
    leaked, honest = memorised.jobs(sunnybrook)[:2]
    assert leaked.leaky and not honest.leaky and leaked.recipe == honest.recipe
    assert honest.recipe.epochs == 75 and leaked.recipe.filters == 64
    parts = (honest.split.train, honest.split.validation, honest.split.test)
    assert len(set().union(*parts)) == sum(map(len, parts)) == 44
