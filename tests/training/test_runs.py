"""Training: runs that can be repeated, read back, resumed and trusted."""

import json
from dataclasses import replace

import numpy as np
import pytest

from seglib.augmentation import Augmentation
from seglib.errors import DataError, SeglibError
from seglib.inference.prediction import predict_set, to_mask
from seglib.phantoms import brain, heart
from seglib.preprocessing.normalisation import fixed
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.splits.patients import literature_split
from seglib.training import runs as training

TINY = Recipe(
    name="tiny",
    filters=4,
    depth=1,
    loss="dice",
    learning_rate=5e-3,
    epochs=3,
    batch_size=4,
    preprocessing=Preprocessing(size=32, multiple=2),
    augmentation=Augmentation(rotation=20.0),
)


@pytest.fixture(scope="module")
def parts():
    hearts = heart.make(patients=6, slices=3, size=32)
    return literature_split(hearts, validation_patients=1).apply(hearts)


@pytest.fixture(scope="module")
def finished(parts, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    return training.train(TINY, parts["train"], parts["validation"], runs_dir=runs)


@pytest.fixture(scope="module")
def alone(parts, tmp_path_factory):
    """A run without validation, and what it told the file of progress."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(folder / "progress"))
        run = training.train(TINY, parts["train"], runs_dir=folder / "runs")
    return run, [json.loads(line) for line in (folder / "progress").read_text().splitlines()]


def weights(run):
    return np.concatenate([w.ravel() for w in run.model.get_weights()])


def test_the_loss_falls(finished):
    assert finished.history["loss"].iloc[-1] < finished.history["loss"].iloc[0]
    assert len(finished.history) == TINY.epochs


def test_the_manifest_says_what_was_done_and_where_nothing_lives(finished, parts):
    manifest = json.loads((finished.path / "manifest.json").read_text())
    assert manifest["recipe"]["epochs"] == 3
    assert manifest["seed"] == 0
    assert manifest["train_patients"] == list(parts["train"].patients)
    assert manifest["parameters"] == finished.model.count_params()
    assert str(finished.path.parent) not in json.dumps(manifest)


def test_a_finished_run_is_read_back_and_not_repeated(finished, parts):
    before = (finished.path / "history.csv").stat().st_mtime_ns
    again = training.train(TINY, parts["train"], parts["validation"], runs_dir=finished.path.parent)
    assert again.path == finished.path
    assert (again.path / "history.csv").stat().st_mtime_ns == before
    assert np.array_equal(weights(again), weights(finished))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_does_not(finished, parts, tmp_path):
    same = training.train(TINY, parts["train"], parts["validation"], runs_dir=tmp_path)
    other = training.train(TINY, parts["train"], parts["validation"], seed=1, runs_dir=tmp_path)
    np.testing.assert_allclose(weights(same), weights(finished), atol=1e-5)
    assert same.path.name == finished.path.name
    assert other.path.name != finished.path.name
    assert not np.allclose(weights(other), weights(finished), atol=1e-3)


@pytest.mark.slow
def test_without_progress_the_rate_falls_and_then_the_training_stops(parts, tmp_path):
    recipe = replace(TINY, schedule="plateau", norm="none", patience=4, epochs=9)
    recipe = replace(recipe, learning_rate=1e-9)  # so the first epoch stays the best
    run = training.train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert len(run.history) == 1 + recipe.patience
    rates = run.history["learning_rate"]
    assert rates.iloc[0] == pytest.approx(1e-9)
    assert rates.iloc[-1] <= 1.01e-10


def test_any_change_of_recipe_or_data_is_another_run(finished, parts):
    def name(recipe, train_set):
        identity = training._identity(recipe, train_set, None, 0)
        return json.dumps(identity, sort_keys=True)

    names = {
        name(TINY, parts["train"]),
        name(replace(TINY, learning_rate=1e-4), parts["train"]),
        name(replace(TINY, augmentation=None), parts["train"]),
        name(TINY, parts["train"].take(np.arange(4))),
    }
    assert len(names) == 4


def test_a_diverged_training_says_so_and_leaves_no_finished_run(parts, tmp_path):
    recipe = replace(TINY, optimizer="sgd", learning_rate=1e20, schedule="constant", norm="none")
    with pytest.raises(SeglibError, match="learning_rate"):
        training.train(recipe, parts["train"], runs_dir=tmp_path)
    assert not list(tmp_path.glob("*/manifest.json"))


def test_progress_goes_to_the_named_file(alone):
    _, lines = alone
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[-1]["seconds_left"] == 0


def test_without_validation_the_history_has_no_such_columns(alone):
    run, _ = alone
    assert not [column for column in run.history if column.startswith("val_")]


@pytest.mark.slow
def test_averaged_weights_lag_behind_the_last_ones(alone, parts, tmp_path):
    last = weights(alone[0])
    nearly = training.train(replace(TINY, ema=1e-7), parts["train"], runs_dir=tmp_path)
    np.testing.assert_allclose(weights(nearly), last, atol=1e-4)  # no memory, no average
    slow = training.train(replace(TINY, ema=0.9), parts["train"], runs_dir=tmp_path)
    assert np.abs(weights(slow) - last).max() > 1e-3


def test_patience_needs_patients_to_watch_and_no_average(parts, tmp_path):
    with pytest.raises(SeglibError, match="validation"):
        training.train(replace(TINY, patience=3), parts["train"], runs_dir=tmp_path)
    with pytest.raises(SeglibError, match="ema"):
        recipe = replace(TINY, patience=3, ema=0.9)
        training.train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)


@pytest.mark.slow
def test_a_network_of_volumes_trains_on_patches_and_predicts_whole_cases(parts, tmp_path):
    recipe = replace(TINY, name="patches", patch=(4, 16, 16), patches_per_case=4, epochs=2)
    recipe = replace(recipe, preprocessing=replace(TINY.preprocessing, normalisation="min-max"))
    run = training.train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert run.model.input_shape == (None, 4, 16, 16, 1)
    assert run.history["val_dice"].notna().all()
    test = parts["test"]
    mixed = test.take(np.random.default_rng(0).permutation(len(test)))
    probabilities = predict_set(run.model, mixed, recipe.preprocessing)
    assert probabilities.shape == mixed.masks.shape
    assert 0 <= probabilities.min() < probabilities.max() <= 1
    order = mixed.table.sort_values(["case", "slice"]).index
    straight = predict_set(run.model, mixed.take(order), recipe.preprocessing)
    np.testing.assert_allclose(straight, probabilities[order], atol=1e-5)


def test_a_loss_for_another_number_of_classes_is_refused(parts, tmp_path):
    with pytest.raises(SeglibError, match="use bce instead of cross_entropy"):
        training.train(replace(TINY, loss="dice+cross_entropy"), parts["train"], runs_dir=tmp_path)
    several = replace(parts["train"], class_names=("background", "pool", "wall"))
    with pytest.raises(SeglibError, match="use cross_entropy instead of bce"):
        training.train(replace(TINY, loss="dice+bce"), several, runs_dir=tmp_path)


@pytest.mark.slow
def test_several_classes_train_to_a_softmax(tmp_path):
    brains = brain.make(patients=2, slices=2, size=32)
    recipe = replace(
        TINY,
        loss="dice+cross_entropy",
        learning_rate=1e-2,
        epochs=8,
        preprocessing=Preprocessing(size=32, normalisation=fixed(0.13, 0.19), multiple=2),
    )
    run = training.train(recipe, brains, runs_dir=tmp_path)
    probabilities = predict_set(run.model, brains, recipe.preprocessing)
    assert probabilities.shape == (4, 32, 32, 4)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-4)
    assert run.history["loss"].iloc[-1] < 0.8 * run.history["loss"].iloc[0]
    assert set(np.unique(to_mask(probabilities))) <= {0, 1, 2, 3}


@pytest.mark.parametrize("part", ["training", "validation"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [(np.nan, "NaN or infinity"), (-np.inf, "NaN or infinity"), (2, "a class above 1 in the mask")],
)
def test_slices_that_no_loss_can_be_made_of_are_named(value, fault, part, parts, tmp_path):
    which = {"training": "train", "validation": "validation"}[part]
    wrong = parts[which].take(np.arange(len(parts[which])))
    wrong = replace(wrong, images=wrong.images.astype(np.float32))
    (wrong.masks if value == 2 else wrong.images)[[3, 5], 7, 8] = value  # SliceSet checked before
    first, number = wrong.table["source"].iloc[3], len(wrong)
    message = f"2 of {number} {part} slices of .* hold {fault}, the first of them {first}; mend"
    with pytest.raises(DataError, match=message):
        mixed = {**parts, which: wrong}
        training.train(TINY, mixed["train"], mixed["validation"], runs_dir=tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("seed", [2**32, -1, 1.5])
def test_a_seed_that_keras_does_not_take_is_refused_early(seed, parts, tmp_path):
    with pytest.raises(SeglibError, match=f"seed {seed}: expected a whole number from 0 to 42949"):
        training.train(TINY, parts["train"], seed=seed, runs_dir=tmp_path)
    assert not any(tmp_path.iterdir())
