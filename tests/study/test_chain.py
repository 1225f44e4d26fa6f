"""The chain with crossed folds and seeds: its order, its jobs, and tables worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from stored_jobs import plant_job

from seglib.files import write_json
from study.questions import chain, waterfall_pictures
from study.questions.waterfall_tables import complete_jobs

#: Planted Dice of a variant, for seed 0; each further seed has 0.02 more.
DICE = {"patients": 0.4, "nearest": 0.5, "skips": 0.5, "head": 0.6, "adam": 0.2, "zscore": 0.7}


def flat(recipe):
    """Fields of a recipe, those of the preprocessing among them."""
    fields = recipe.to_dict()
    return fields | {f"preprocessing.{k}": v for k, v in fields.pop("preprocessing").items()}


def changed(one, other):
    return {name for name, value in flat(one).items() if flat(other)[name] != value}


def test_each_step_changes_one_thing_of_the_step_it_stands_on():
    recipes = chain.chain_recipes()
    assert recipes["leaked"] == recipes["patients"]
    one = {
        ("patients", "nearest"): {"preprocessing.smooth_masks"},
        ("nearest", "skips"): {"architecture"},
        ("skips", "head"): {"architecture"},
        ("head", "adam"): {"optimizer", "learning_rate"},
        ("head", "zscore"): {"preprocessing.normalisation"},
    }
    for (before, after), fields in one.items():
        assert changed(recipes[before], recipes[after]) == fields
    order = [step.variant for step in chain.CHAIN if step.variant]
    assert list(dict.fromkeys(order)) == [*recipes, "unet"]
    assert [step.variant for step in chain.CHAIN if step.aside] == ["adam"]


@pytest.fixture(scope="module")
def listed(phantom_set):
    return chain.jobs(phantom_set)


def test_seeds_are_crossed_with_folds_in_every_variant(listed):
    rows = pd.DataFrame([(job.variant, job.fold, job.seed) for job in listed])
    assert len(rows) == len(rows.drop_duplicates()) == chain.progress()[1]
    crossed = rows.groupby(0).apply(lambda part: pd.crosstab(part[1], part[2]).to_numpy().tolist())
    assert all(counts == [[1] * 3] * 5 for counts in crossed)
    tested = {(job.variant, job.fold): job.split.test for job in listed}
    for variant in chain.chain_recipes():
        patients = [p for (name, _), test in tested.items() if name == variant for p in test]
        assert len(patients) == len(set(patients))


def test_a_fold_of_the_leaking_split_is_one_cut_for_all_its_seeds(listed, phantom_set):
    small = replace(chain.COPY.preprocessing, size=32, resize=32)
    cuts = {}
    for job in listed:
        if job.leaky:
            recipe = replace(job.recipe, preprocessing=small)
            tiny = replace(job, recipe=recipe, offline_pairs=2 * len(phantom_set))
            rows = tiny.data(phantom_set)["test"].table[["source", "variant"]]
            cuts.setdefault(job.fold, []).append(rows.to_numpy().tolist())
    assert all(first == second == third for first, second, third in cuts.values())
    assert len({str(rows[0]) for rows in cuts.values()}) == 5


def test_a_stored_job_is_not_run_again_unless_something_of_it_changed(listed, tmp_path):
    job = listed[-1]
    assert not job.is_done(tmp_path)
    write_json(tmp_path / job.name / "manifest.json", {**job.identity(), "source": "here"})
    assert job.is_done(tmp_path) and job.is_done(tmp_path, "here")
    assert chain.progress(tmp_path) == (1, len(listed))
    longer = replace(job, recipe=replace(job.recipe, epochs=job.recipe.epochs + 1))
    assert not longer.is_done(tmp_path) and not job.is_done(tmp_path, "other data")


def plant(stored, experiment, variant, fold, seed, dice):
    """A job with two patients of its fold; every slice has 100 pixels of truth, `dice` found."""
    number = int(fold.removeprefix("fold"))
    patients = [f"P{number}a", f"P{number}b"]
    if variant == "leaked":  # knows everyone; the patients of other folds shall not count
        patients += [f"P{number % 5 + 1}a"]
    found = np.round(100 * (dice + 0.02 * seed + np.array([0, 0.1, 0.5])[: len(patients)]))
    slices = pd.DataFrame({"patient": patients, "slice": 0, "network_truth": 100.0})
    slices = slices.assign(network_predicted=100.0, network_overlap=found)
    slices = slices.assign(soft_predicted=100.0, soft_overlap=found)
    history = pd.DataFrame({"epoch": [0, 1], "loss": [0.9, 0.1 + 0.05 * seed]})
    cases = pd.DataFrame({"patient": patients, "dice": found / 100})
    tables = {"per_slice": slices, "history": history, "per_case": cases}
    plant_job(stored, experiment, variant, fold, seed, tables)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    for seed in range(3):
        for fold in (f"fold{number}" for number in range(1, 6)):
            for variant in chain.chain_recipes():
                plant(folder, "chain", variant, fold, seed, DICE.get(variant, 0.4))
            plant(folder, "comparison", "unet", fold, seed, 0.8)
    return folder


@pytest.fixture(scope="module")
def table(stored):
    return chain.chain_table(stored)


@pytest.mark.slow
def test_every_step_has_the_score_worked_out_by_hand(table):
    # Seeds add 0.02 in the mean, patient b 0.1 to half of them.
    dice = {name: value + 0.07 for name, value in DICE.items()}
    soft = (2 * 47 + 2) / 202
    expected = [0.8036, 0.85, soft, soft, 0.47, 0.47, *list(dice.values())[1:], 0.87]
    assert table["dice"].tolist() == pytest.approx(expected)
    assert table["patients"].tolist() == [0, 0, *[10] * 10]
    assert table["seeds"].tolist() == [0, *[3] * 11]
    assert len(table.loc["z-score", "runs"].split()) == 15


@pytest.mark.slow
def test_adam_stands_beside_and_the_next_step_on_the_plain_head(table):
    assert table.loc["Adam (beside)", "against"] == table.loc["z-score", "against"] == "plain head"
    assert table.loc["Adam (beside)", "difference"] == pytest.approx(-0.4)
    assert table.loc["z-score", "difference"] == pytest.approx(0.1)
    assert table.loc["the study's recipe", "against"] == "z-score"
    axes = waterfall_pictures.plot_waterfall(table).axes[0]
    starts = {bar.get_y() + bar.get_height() / 2: bar.get_x() for bar in axes.patches}
    row = table.index.get_loc("z-score")
    assert starts[row] == pytest.approx(table.loc["plain head", "dice"])


@pytest.mark.slow
def test_intervals_hold_the_seeds_too(table):
    step = table.loc["z-score"]
    low, high = 0.7, 0.7 + 0.04 + 0.1
    assert low < step["low"] < step["dice"] < step["high"] < high
    # All patients gain 0.1, but a seed drawn for one side need not be drawn for the other.
    assert step["difference_low"] < step["difference"] < step["difference_high"]


@pytest.mark.slow
def test_nothing_is_shown_before_all_jobs_are_there(stored, table, tmp_path, monkeypatch):
    monkeypatch.setattr(chain.progress, "__defaults__", (tmp_path,))
    monkeypatch.setattr(chain.is_complete, "__defaults__", (tmp_path,))
    assert chain.blocks()["chain"].startswith("0 of 105 jobs")
    chain.tables(tmp_path / "reports")
    assert not (tmp_path / "reports").exists()
    monkeypatch.setattr(chain.progress, "__defaults__", (stored,))
    monkeypatch.setattr(chain, "chain_table", lambda: table)
    text = chain.blocks()["chain"]
    assert "| z-score | " in text and "training score, 0.850, reaches" in text
    assert "(figures/chain.png)" in text


def test_a_fold_and_seed_that_lacks_a_variant_is_left_out(tmp_path):
    for variant in chain.chain_recipes():
        plant(tmp_path, "chain", variant, "fold1", 0, 0.5)
    plant(tmp_path, "chain", "leaked", "fold2", 0, 0.5)
    assert complete_jobs(chain.CHAIN, (), tmp_path) == [("fold1", 0)]
