"""Fitting: which weights are kept, and what a training leaves."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny import TINY, weights

from seglib.batches.slices import SliceSequence
from seglib.errors import SeglibError
from seglib.inference.prediction import predict_set, to_mask
from seglib.phantoms import brain
from seglib.preprocessing.normalisation import fixed
from seglib.preprocessing.steps import Preprocessing
from seglib.training import callbacks
from seglib.training.runs import train


@pytest.mark.slow
def test_the_loss_falls(parts, tmp_path):
    run = train(TINY, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert run.history["loss"].iloc[-1] < run.history["loss"].iloc[0]
    assert len(run.history) == TINY.epochs


@pytest.mark.slow
def test_the_best_epoch_is_kept_not_the_last(parts, tmp_path):
    # A learning rate this high wrecks the network again after a good epoch, sooner or later.
    recipe = replace(TINY, learning_rate=0.05, schedule="constant", epochs=6)
    run = train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    batches = SliceSequence(parts["validation"], recipe.preprocessing, 16)
    truth = np.concatenate([batches[i][1] for i in range(len(batches))]) > 0
    outputs = np.concatenate(
        [run.model.predict_on_batch(batches[i][0]) for i in range(len(batches))]
    )
    predicted = outputs >= 0.5
    dice = 2 * (truth & predicted).sum() / (truth.sum() + predicted.sum())
    assert dice == pytest.approx(run.history["val_dice"].max(), abs=2e-3)


@pytest.mark.slow
def test_training_stops_early_when_nothing_gets_better(parts, tmp_path):
    recipe = replace(TINY, learning_rate=0.0, schedule="constant", norm="none", patience=2)
    recipe = replace(recipe, epochs=6)
    run = train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert len(run.history) == 3  # the first epoch is the best, then two without a better one


@pytest.mark.slow
def test_the_plateau_schedule_lowers_the_rate_when_the_loss_stays(parts, tmp_path, monkeypatch):
    rates = []
    plain = callbacks.Progress.on_epoch_end

    def notes_the_rate(self, epoch, logs=None):
        rates.append(float(self.model.optimizer.learning_rate))
        plain(self, epoch, logs)

    monkeypatch.setattr(callbacks.Progress, "on_epoch_end", notes_the_rate)
    recipe = replace(TINY, learning_rate=1e-9, schedule="plateau", norm="none", patience=2)
    recipe = replace(recipe, epochs=4)
    train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert rates[0] == pytest.approx(1e-9)
    assert rates[-1] <= 1.01e-10


@pytest.mark.slow
def test_a_diverged_training_says_so_and_leaves_no_finished_run(parts, tmp_path):
    recipe = replace(TINY, optimizer="sgd", learning_rate=1e20, schedule="constant", norm="none")
    with pytest.raises(SeglibError, match="learning_rate"):
        train(recipe, parts["train"], runs_dir=tmp_path)
    assert not list(tmp_path.glob("*/manifest.json"))


@pytest.mark.slow
def test_progress_goes_to_the_named_file(parts, tmp_path, monkeypatch):
    file = tmp_path / "progress"
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(file))
    train(TINY, parts["train"], runs_dir=tmp_path / "runs")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[-1]["seconds_left"] == 0


@pytest.mark.slow
def test_averaged_weights_lag_behind_the_last_ones(parts, tmp_path):
    last = weights(train(TINY, parts["train"], runs_dir=tmp_path))
    nearly = train(replace(TINY, ema=1e-7), parts["train"], runs_dir=tmp_path)
    np.testing.assert_allclose(weights(nearly), last, atol=1e-4)  # no memory, no average
    slow = train(replace(TINY, ema=0.9), parts["train"], runs_dir=tmp_path)
    assert np.abs(weights(slow) - last).max() > 1e-3


@pytest.mark.slow
def test_the_plateau_schedules_rate_is_in_the_history(parts, tmp_path):
    recipe = replace(TINY, schedule="plateau", patience=2, epochs=1)
    run = train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert run.history["learning_rate"].iloc[0] == pytest.approx(5e-3)


@pytest.mark.slow
def test_without_validation_the_history_has_no_such_columns(parts, tmp_path):
    run = train(TINY, parts["train"], runs_dir=tmp_path)
    assert not [column for column in run.history if column.startswith("val_")]


@pytest.mark.slow
def test_a_network_of_volumes_trains_on_patches_and_predicts_whole_cases(parts, tmp_path):
    recipe = replace(TINY, name="patches", patch=(4, 32, 32), patches_per_case=4, epochs=2)
    recipe = replace(recipe, preprocessing=replace(TINY.preprocessing, normalisation="min-max"))
    run = train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)
    assert run.model.input_shape == (None, 4, 32, 32, 1)
    assert run.history["val_dice"].notna().all()
    test = parts["test"]
    mixed = test.take(np.random.default_rng(0).permutation(len(test)))
    probabilities = predict_set(run.model, mixed, recipe.preprocessing)
    assert probabilities.shape == mixed.masks.shape
    assert 0 <= probabilities.min() < probabilities.max() <= 1
    order = mixed.table.sort_values(["case", "slice"]).index
    straight = predict_set(run.model, mixed.take(order), recipe.preprocessing)
    np.testing.assert_allclose(straight, probabilities[order], atol=1e-5)


@pytest.mark.slow
def test_several_classes_train_to_a_softmax(tmp_path):
    brains = brain.make(patients=2, slices=2, size=64)
    recipe = replace(
        TINY,
        loss="dice+cross_entropy",
        learning_rate=1e-2,
        epochs=8,
        preprocessing=Preprocessing(size=64, normalisation=fixed(0.13, 0.19), multiple=4),
    )
    run = train(recipe, brains, runs_dir=tmp_path)
    probabilities = predict_set(run.model, brains, recipe.preprocessing)
    assert probabilities.shape == (4, 64, 64, 4)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-4)
    assert run.history["loss"].iloc[-1] < 0.8 * run.history["loss"].iloc[0]
    assert set(np.unique(to_mask(probabilities))) <= {0, 1, 2, 3}
