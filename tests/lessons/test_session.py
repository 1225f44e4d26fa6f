"""What the notebooks share: the order of the parts, pictures to show, a table of results."""

import numpy as np
import pandas as pd
import pytest

from seglib.datasets import oasis
from seglib.evaluation.tables import score_cases
from seglib.lessons.session import (
    Scored,
    describe_environment,
    excerpt,
    middle_slices,
    open_study,
    results_table,
    study_of,
)
from seglib.phantoms import brain, heart
from seglib.recipes.recipe import get_recipe
from seglib.splits.patients import literature_split
from seglib.training.runs import Run


@pytest.fixture(autouse=True)
def results_elsewhere(reports):
    return reports


def test_on_colab_the_first_line_is_followed_by_where_results_go(reports, monkeypatch, capsys):
    describe_environment()
    (line,) = capsys.readouterr().out.splitlines()
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    describe_environment()
    first, *more = capsys.readouterr().out.splitlines()
    assert first == line and f"Results go to {reports}" in "\n".join(more)


@pytest.mark.slow
def test_the_parts_of_a_study_share_no_patient():
    study = open_study("quick", "phantom")
    parts = [set(part.patients) for part in (study.train, study.validation, study.test)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(study.slices.patients)
    assert study.labels == {"dataset": "phantom", "profile": "quick"}


@pytest.mark.slow
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


def test_a_smoke_study_has_few_patients_and_all_slices_of_each():
    hearts = heart.make(patients=12, slices=12, size=32)
    study = study_of(hearts, literature_split(hearts, validation_patients=1), "smoke")
    assert study.slices is hearts
    for part, patients in ((study.train, 3), (study.validation, 1), (study.test, 3)):
        assert len(part.patients) == patients
        assert (part.table.groupby("case")["slice"].size() == 12).all()


@pytest.mark.slow
def test_an_excerpt_keeps_some_patients_of_each_part_and_slices_from_both_ends():
    brains = brain.make(patients=12, slices=7, size=64)
    whole = oasis.published_split(brains)
    few, split = excerpt(brains, whole, patients=(3, 1, 9), per_case=3)
    assert (split.train, split.validation) == (whole.train[:3], whole.validation[:1])
    assert split.test == whole.test
    assert set(few.patients) == {*split.train, *split.validation, *split.test}
    assert few.table.groupby("case")["slice"].apply(list).tolist() == [[0, 3, 6]] * 6
    row = brains.table.query("case == @split.test[0] and slice == 3").index[0]
    place = few.table.query("case == @split.test[0] and slice == 3").index[0]
    np.testing.assert_array_equal(few.masks[place], brains.masks[row])


@pytest.mark.slow
def test_an_excerpt_of_no_more_than_there_is_changes_nothing():
    brains = brain.make(patients=6, slices=4, size=64)
    whole = oasis.published_split(brains)
    same, split = excerpt(brains, whole, patients=(16, 4, 4), per_case=8)
    assert split == whole
    pd.testing.assert_frame_equal(same.table, brains.table)
    np.testing.assert_array_equal(same.images, brains.images)


def test_the_results_table_of_several_classes_names_each_and_leaves_background_out():
    brains = brain.make(patients=3, slices=2, size=64)
    run = Run(get_recipe("brain_tissue"), None, pd.DataFrame(), {"parameters": 1, "seconds": 0}, "")
    without_fluid = np.where(brains.masks == 1, 0, brains.masks).astype(np.uint8)
    scored = {"": Scored(brains, without_fluid, score_cases(brains, without_fluid))}
    row = results_table({"": run}, scored).loc[""]
    fluid, *others = brains.class_names[1:]
    assert row[fluid] == 0.0
    assert row[others].tolist() == [1.0, 1.0]
    assert row["dice"] == row["recall"] == pytest.approx(2 / 3)
    assert row["missed"] == len(brains.patients)
    assert row["unit"] == "px"
    assert "background" not in row
