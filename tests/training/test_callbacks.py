"""Callbacks: what is kept while a network trains, and what is said when a tool is absent."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from seglib.errors import DataError, SeglibError
from seglib.inference.prediction import predict, to_mask
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.splits.patients import literature_split
from seglib.training import callbacks
from seglib.training.runs import train

TINY = Recipe(
    name="tiny",
    filters=4,
    depth=2,
    epochs=4,
    batch_size=4,
    preprocessing=Preprocessing(size=32, multiple=4),
)


@pytest.fixture(scope="module")
def parts(phantom_set):
    return literature_split(phantom_set).apply(phantom_set)


@pytest.fixture(scope="module", params=[0, 1], ids=["plain", "deep supervision"])
def watched(request, parts, tmp_path_factory):
    recipe = replace(TINY, deep_supervision=request.param)
    runs = tmp_path_factory.mktemp("runs")
    watch = callbacks.WatchPredictions(parts["test"].take([0, 3]), recipe.preprocessing, every=2)
    run = train(recipe, parts["train"], runs_dir=runs, callbacks=[watch])
    again = callbacks.WatchPredictions(watch.slices, recipe.preprocessing)
    train(recipe, parts["train"], runs_dir=runs, callbacks=[again])
    return run, watch, again


@pytest.mark.slow
def test_the_last_look_is_what_the_finished_network_says(watched, parts):
    run, watch, _ = watched
    assert list(watch.seen) == [1, 2, 4]
    final = to_mask(predict(run.model, watch.slices.images, TINY.preprocessing))
    np.testing.assert_array_equal(watch.seen[4], final)


@pytest.mark.slow
def test_watching_does_not_change_the_training(watched, parts, tmp_path):
    run, _, _ = watched
    alone = train(run.recipe, parts["train"], runs_dir=tmp_path)
    for a, b in zip(run.model.get_weights(), alone.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_a_run_that_is_read_back_brings_what_was_seen(watched):
    _, watch, again = watched
    assert list(again.seen) == list(watch.seen)
    for epoch, masks in watch.seen.items():
        np.testing.assert_array_equal(again.seen[epoch], masks)


@pytest.mark.parametrize("content", [b"", b"PK garbage", b"no archive"])
def test_what_was_watched_in_a_damaged_file_is_named(content, parts, tmp_path):
    watch = callbacks.WatchPredictions(parts["test"].take([0]), TINY.preprocessing)
    watch.keep_in(tmp_path)
    watch.file.write_bytes(content)
    with pytest.raises(DataError, match=f"cannot read .*{watch.file.name}.*delete this file"):
        watch.keep_in(tmp_path)


def test_a_training_names_itself_and_its_epochs_in_words_and_leaves_one_line(monkeypatch, capsys):
    monkeypatch.delenv("SEGLIB_PROGRESS_FILE", raising=False)
    monkeypatch.setattr(callbacks.progress, "in_notebook", lambda: True)
    told = callbacks.Progress("attention_unet adamw", epochs=3, first=1)
    told.on_train_begin()
    said = []
    for epoch in (1, 2):
        told.on_epoch_begin(epoch)
        said.append(told.bar.desc)
        told.on_epoch_end(epoch, {"dice": 0.5})
    told.on_train_end()
    name = "attention U-Net AdamW"
    assert said == [f"Training {name}, epoch {n} of 3: " for n in (2, 3)]
    assert f"Trained {name}, 2 epochs: 0 s\n" in capsys.readouterr().out


def test_an_absent_tensorboard_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SeglibError, match="pip install tensorboard"):
        callbacks.tensorboard(tmp_path)


@pytest.mark.slow
def test_tensorboard_writes_its_log(parts, tmp_path):
    pytest.importorskip("tensorboard")
    log = callbacks.tensorboard(tmp_path / "log")
    train(replace(TINY, epochs=1), parts["train"], runs_dir=tmp_path, callbacks=[log])
    assert list((tmp_path / "log").rglob("events.out.tfevents.*"))
