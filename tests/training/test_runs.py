"""Runs: named by what decides them, read back, repeated."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny import TINY, weights

from seglib.errors import SeglibError
from seglib.training import runs
from seglib.training.runs import train


@pytest.fixture(scope="module")
def finished(parts, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    return train(TINY, parts["train"], parts["validation"], runs_dir=runs)


@pytest.mark.slow
def test_the_manifest_says_what_was_done_and_where_nothing_lives(finished, parts):
    manifest = json.loads((finished.path / "manifest.json").read_text())
    assert manifest["recipe"]["epochs"] == 3
    assert manifest["seed"] == 0
    assert manifest["train_patients"] == list(parts["train"].patients)
    assert manifest["parameters"] == finished.model.count_params()
    assert str(finished.path.parent) not in json.dumps(manifest)


@pytest.mark.slow
def test_a_finished_run_is_read_back_and_not_repeated(finished, parts):
    before = (finished.path / "history.csv").stat().st_mtime_ns
    again = train(TINY, parts["train"], parts["validation"], runs_dir=finished.path.parent)
    assert again.path == finished.path
    assert (again.path / "history.csv").stat().st_mtime_ns == before
    assert np.array_equal(weights(again), weights(finished))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_does_not(finished, parts, tmp_path):
    same = train(TINY, parts["train"], parts["validation"], runs_dir=tmp_path)
    other = train(TINY, parts["train"], parts["validation"], seed=1, runs_dir=tmp_path)
    np.testing.assert_allclose(weights(same), weights(finished), atol=1e-5)
    assert same.path.name == finished.path.name
    assert other.path.name != finished.path.name
    assert not np.allclose(weights(other), weights(finished), atol=1e-3)


@pytest.mark.slow
def test_without_progress_the_rate_falls_and_then_the_training_stops(parts, tmp_path):
    recipe = replace(TINY, schedule="plateau", norm="none", patience=4, epochs=9)
    recipe = replace(recipe, learning_rate=1e-9)  # so the first epoch stays the best
    run = train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert len(run.history) == 1 + recipe.patience
    rates = run.history["learning_rate"]
    assert rates.iloc[0] == pytest.approx(1e-9)
    assert rates.iloc[-1] <= 1.01e-10


@pytest.mark.slow
def test_any_change_of_recipe_or_data_is_another_run(finished, parts):
    def name(recipe, train_set):
        identity = runs._identity(recipe, train_set, None, 0)
        return json.dumps(identity, sort_keys=True)

    names = {
        name(TINY, parts["train"]),
        name(replace(TINY, learning_rate=1e-4), parts["train"]),
        name(replace(TINY, augmentation=None), parts["train"]),
        name(TINY, parts["train"].take(np.arange(4))),
    }
    assert len(names) == 4


@pytest.mark.parametrize("seed", [2**32, -1, 1.5])
def test_a_seed_that_keras_does_not_take_is_refused_early(seed, parts, tmp_path):
    with pytest.raises(SeglibError, match=f"seed {seed}: expected a whole number from 0 to 42949"):
        train(TINY, parts["train"], seed=seed, runs_dir=tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_run_in_bfloat16_says_so_and_keeps_a_network_of_float32(parts, tmp_path):
    both = [
        train(replace(TINY, epochs=1), parts["train"], runs_dir=tmp_path, precision=precision)
        for precision in ("float32", "bfloat16")
    ]
    assert [run.manifest.get("precision") for run in both] == [None, "bfloat16"]
    assert both[0].id != both[1].id
    assert {layer.compute_dtype for layer in both[1].model.layers} == {"float32"}
    assert both[1].model.count_params() == both[0].model.count_params()
