"""What the notebooks share: the order of the parts, pictures to show, a table of results."""

import numpy as np
import pandas as pd
import pytest

from seglib.evaluation import score_cases
from seglib.recipes import get_recipe
from seglib.study import Scored, middle_slices, open_study, results_table
from seglib.training import Run


@pytest.fixture(autouse=True)
def results_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(tmp_path))


def test_the_parts_of_a_study_share_no_patient():
    study = open_study("quick", "phantom")
    parts = [set(part.patients) for part in (study.train, study.validation, study.test)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(study.slices.patients)
    assert study.labels == {"dataset": "phantom", "profile": "quick"}


def test_the_split_does_not_depend_on_the_seed():
    assert open_study("quick", "phantom", 0).split == open_study("quick", "phantom", 7).split


def test_middle_slices_give_one_picture_a_patient(phantom_set):
    rows = middle_slices(phantom_set)
    shown = phantom_set.table.iloc[rows]
    assert shown["patient"].tolist() == list(phantom_set.patients)
    for _, row in shown.iterrows():
        of_case = phantom_set.table[phantom_set.table["case"] == row["case"]]
        assert of_case["slice"].min() < row["slice"] < of_case["slice"].max()


def test_the_results_table_holds_scores_and_costs(phantom_set, tmp_path):
    manifest = {"parameters": 1234, "seconds": 90.0}
    run = Run(get_recipe("unet"), None, pd.DataFrame(), manifest, tmp_path)
    perfect, black = phantom_set.masks, np.zeros_like(phantom_set.masks)
    scored = {
        name: Scored(phantom_set, masks, score_cases(phantom_set, masks))
        for name, masks in (("perfect", perfect), ("black", black))
    }
    table = results_table({"perfect": run, "black": run}, scored)
    assert table.loc["perfect", ["dice", "low", "high", "jaccard"]].tolist() == [1.0] * 4
    assert table.at["perfect", "hd95"] == 0.0
    assert table.at["perfect", "unit"] == "mm"
    assert table.at["black", "dice"] == 0.0
    assert table.at["black", "missed"] == phantom_set.table["case"].nunique()
    assert table["patients"].tolist() == [len(phantom_set.patients)] * 2
    assert table["parameters"].tolist() == [1234] * 2
    assert table["minutes"].tolist() == [1.5] * 2
