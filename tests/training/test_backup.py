"""Trainings that are cut short: however they die, they end as if nothing had happened."""

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from disk import small_files

from seglib import training
from seglib.augmentation import Augmentation
from seglib.errors import DataError, SeglibError, WriteError
from seglib.files import REPOSITORY
from seglib.phantoms import heart
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.training import callbacks, fitting
from seglib.training.backup import FILES, Backup

pytestmark = pytest.mark.slow

#: With this seed its second epoch is the best, for at this rate it soon unlearns what it found.
LEARNS = Recipe(
    name="learns",
    filters=2,
    depth=1,
    loss="dice",
    learning_rate=0.4,
    schedule="constant",
    epochs=5,
    batch_size=2,
    preprocessing=Preprocessing(size=32, multiple=2),
    augmentation=Augmentation(rotation=20.0),
)

#: It learns so slowly that no epoch is better than the first: those that wait for one wait.
WAITS = replace(
    LEARNS, name="waits", norm="none", schedule="plateau", learning_rate=1e-9, epochs=8, patience=4
)

RECIPES = {
    "learns": LEARNS,
    "waits": WAITS,
    "averages": replace(LEARNS, name="averages", ema=0.9),
    "supervised": replace(LEARNS, name="supervised", deep_supervision=1, depth=2, optimizer="sgd"),
    "volumes": replace(LEARNS, name="volumes", patch=(2, 16, 16), patches_per_case=4),
}


class PowerCut(BaseException):
    """The process is gone."""


def die():
    raise PowerCut


def stop_at(owner, name, when=lambda *args: True):
    """What ends a process just before the call of a function for which `when` holds."""

    def patch(monkeypatch, end=die):
        plain = getattr(owner, name)

        def last_breath(*args, **more):
            if when(*args):
                end()
            return plain(*args, **more)

        monkeypatch.setattr(owner, name, last_breath)
        monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)  # who is dead

    return patch


def half_a_backup(monkeypatch, end=die):
    """What ends a process in the third epoch, when half the backup has been written."""
    plain = Path.write_bytes

    def last_breath(self, content):
        if self.name.startswith(".backup-a") and (self.parent / "backup-a").exists():
            plain(self, content[: len(content) // 2])
            end()
        return plain(self, content)

    monkeypatch.setattr(Path, "write_bytes", last_breath)
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)


def third(self, epoch, logs=None):
    return epoch == 2


between_log_and_backup = stop_at(Backup, "on_epoch_end", third)

POINTS = {
    "in the first epoch": stop_at(Backup, "on_epoch_end", lambda self, epoch, logs=None: not epoch),
    "in an epoch": stop_at(
        keras.callbacks.TerminateOnNaN,
        "on_train_batch_end",
        lambda self, batch, logs=None: int(self.model.optimizer.iterations) == 10,
    ),
    "before the log": stop_at(callbacks.Log, "on_epoch_end", third),
    "between log and backup": between_log_and_backup,
    "half a backup": half_a_backup,
    "backup not in place": stop_at(
        os, "replace", lambda aside, path: Path(path).name == "backup-a" and Path(path).exists()
    ),
    "before the model": stop_at(fitting, "save_model"),
    "before the manifest": stop_at(fitting, "write_json"),
    "after the manifest": stop_at(Backup, "remove"),
}


@pytest.fixture(scope="module")
def parts():
    hearts = heart.make(patients=3, slices=2, size=32)  # 4 slices a patient
    return hearts.of_patients(hearts.patients[:2]), hearts.of_patients(hearts.patients[2:])


def train(recipe, parts, runs_dir, **more):
    # An average chooses no epoch, so it is tried without validation.
    validation = None if recipe.ema else parts[1]
    return training.train(recipe, parts[0], validation, seed=1, runs_dir=runs_dir, **more)


@pytest.fixture(scope="module")
def uncut(parts, tmp_path_factory):
    """Each recipe as it is trained in one sitting."""
    runs = tmp_path_factory.mktemp("uncut")
    done = {}

    def get(recipe):
        if recipe not in done:
            done[recipe] = train(recipe, parts, runs)
        return done[recipe]

    return get


def cut(patch, recipe, parts, runs_dir):
    """Train until the process ends; the folder that it leaves."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        patch(monkeypatch)
        with pytest.raises(PowerCut):
            train(recipe, parts, runs_dir)
    (folder,) = runs_dir.iterdir()
    return folder


@pytest.fixture(scope="module")
def unfinished(parts, tmp_path_factory):
    """The folder of a training of three epochs that died in the third, after its log."""
    return cut(between_log_and_backup, LEARNS, parts, tmp_path_factory.mktemp("unfinished"))


@pytest.fixture
def again(unfinished, tmp_path):
    """A copy of `unfinished` to be damaged."""
    return shutil.copytree(unfinished, tmp_path / "runs" / unfinished.name)


def check_same(run, other):
    """Bit for bit the same weights and history."""
    for a, b in zip(run.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    pd.testing.assert_frame_equal(
        run.history.drop(columns="seconds"), other.history.drop(columns="seconds"), check_exact=True
    )
    assert run.history["seconds"].is_monotonic_increasing


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="another backend starts from other weights"
)
def test_the_recipes_test_what_they_are_for(uncut):
    history = uncut(LEARNS).history
    assert history["val_dice"].idxmax() == 1
    history = uncut(WAITS).history
    assert len(history) == WAITS.patience + 1
    assert history["learning_rate"].nunique() > 1


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="another backend starts from other weights"
)
def test_the_best_epoch_is_kept_not_the_last(uncut, parts):
    run = uncut(LEARNS)
    scores = run.history["val_dice"]
    assert scores.max() > scores.iloc[-1] + 0.01  # or the test could not fail
    truth = LEARNS.preprocessing.masks(parts[1].masks)
    found = run.model.predict_on_batch(LEARNS.preprocessing.images(parts[1].images)) >= 0.5
    dice = 2 * (found & (truth > 0)).sum() / (found.sum() + (truth > 0).sum())
    assert dice == pytest.approx(scores.max(), abs=2e-3)


@pytest.mark.parametrize(
    ("recipe", "points"),
    [
        ("learns", ["in the first epoch", "half a backup", "before the model"]),
        ("learns", ["in an epoch", "backup not in place", "before the manifest"]),
        ("learns", ["before the log", "between log and backup", "after the manifest"]),
        ("waits", ["between log and backup", "before the model"]),  # it had stopped early
        ("averages", ["between log and backup"]),
        ("supervised", ["between log and backup"]),
        ("volumes", ["between log and backup"]),
    ],
)
def test_a_training_that_dies_ends_as_if_it_had_not(recipe, points, uncut, parts, tmp_path):
    for point in points:
        folder = cut(POINTS[point], RECIPES[recipe], parts, tmp_path)
    run = train(RECIPES[recipe], parts, tmp_path)
    check_same(run, uncut(RECIPES[recipe]))
    assert run.path == folder
    if points[-1] != "after the manifest":
        files = {file.name for file in folder.iterdir()}
        assert files == {"model.keras", "history.csv", "manifest.json"}


def test_a_killed_process_is_survived(uncut, parts, tmp_path):
    here = Path(__file__).parent
    path = [str(here), str(here.parent / "helpers"), str(REPOSITORY)]
    path.append(os.environ.get("PYTHONPATH", ""))
    done = subprocess.run(
        [sys.executable, "-c", f"import test_backup; test_backup.end({str(tmp_path)!r})"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 9, done.stderr
    check_same(train(LEARNS, parts, tmp_path), uncut(LEARNS))


def end(runs_dir):
    """Train in a process that ends without any farewell when half a backup is written."""
    hearts = heart.make(patients=3, slices=2, size=32)
    half_a_backup(pytest.MonkeyPatch(), lambda: os._exit(9))
    train(LEARNS, (hearts.take(range(8)), hearts.take(range(8, 12))), Path(runs_dir))


def test_log_and_progress_tell_each_epoch_once(again, parts, tmp_path, monkeypatch):
    assert pd.read_csv(again / "epochs.csv")["epoch"].tolist() == [0, 1, 2]
    file = tmp_path / "progress"
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(file))
    cut(POINTS["before the model"], LEARNS, parts, again.parent)
    assert pd.read_csv(again / "epochs.csv")["epoch"].tolist() == [0, 1, 2, 3, 4]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [3, 4, 5]
    assert min(line["seconds_left"] for line in lines) == lines[-1]["seconds_left"] == 0


def empty(content):
    return b""


def half(content):
    return content[: len(content) // 2]


def garbage(content):
    return np.random.default_rng(0).bytes(len(content))


def one_bit(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [empty, half, garbage, one_bit])
@pytest.mark.parametrize(("files", "epochs"), [("a", 2), ("b", 1), ("ab", 0)])
def test_a_damaged_backup_is_left_for_the_other(damage, files, epochs, again, capsys):
    """Epoch 1 is in ``backup-a``, epoch 2 in ``backup-b``."""
    for which in files:
        file = again / f"backup-{which}"
        file.write_bytes(damage(file.read_bytes()))
    assert len(Backup(again).rows) == epochs
    said = capsys.readouterr().out
    assert f"backup-{files[0]}" in said and again.name in said
    assert (f"goes on from the other, after epoch {epochs}" if epochs else "begins anew") in said
    assert len(Backup(again).rows) == epochs
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("damage", "files"),
    [
        (half, ["backup-b", "epochs.csv"]),
        (garbage, ["backup-a", "backup-b", "epochs.csv"]),
        (empty, ["epochs.csv"]),
    ],
)
def test_a_training_with_damaged_files_ends_as_without(damage, files, again, uncut, parts):
    for name in files:
        (again / name).write_bytes(damage((again / name).read_bytes()))
    check_same(train(LEARNS, parts, again.parent), uncut(LEARNS))


def test_a_backup_that_the_disk_does_not_give_is_no_reason_to_begin_anew(again, parts):
    (again / "backup-a").unlink()
    (again / "backup-a").mkdir()
    with pytest.raises(
        DataError, match=f"cannot read .*backup-a.*delete the folder .*{again.name}"
    ):
        train(LEARNS, parts, again.parent)
    assert (again / "backup-b").is_file()


def test_the_backup_of_another_network_is_refused(again, parts):
    other = replace(LEARNS, filters=4)
    name = cut(between_log_and_backup, other, parts, again.parent.parent / "other").name
    (again.parent / name).mkdir()
    for file in FILES:
        shutil.copy(again / file, again.parent / name / file)
    with pytest.raises(SeglibError, match=f"{name} are of another network.*delete"):
        train(other, parts, again.parent)


def no_room(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_named_and_with_room_the_training_goes_on(again, uncut, parts):
    """It is full four times, ever later: twice there is no room at all, twice for a part."""
    plain = Path.write_bytes

    def no_room_for(name):
        return lambda self, content: no_room() if name in self.name else plain(self, content)

    def cramped(function):
        def call(*args, **more):
            with small_files():
                return function(*args, **more)

        return call

    for file, said, owner, name, broken in (
        ("epochs.csv", "No space left", Path, "write_bytes", no_room_for("epochs.csv")),
        ("backup-a", "File too large", Backup, "on_epoch_end", cramped(Backup.on_epoch_end)),
        ("model.keras", "File too large", fitting, "save_model", cramped(fitting.save_model)),
        ("manifest.json", "No space left", Path, "write_bytes", no_room_for("manifest.json")),
    ):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(owner, name, broken)
            with pytest.raises(WriteError, match=f"cannot write .*{file}: {said}.*goes on"):
                train(LEARNS, parts, again.parent)
        assert not (again / "manifest.json").exists()
    check_same(train(LEARNS, parts, again.parent), uncut(LEARNS))


def test_a_progress_file_that_cannot_be_written_is_named(again, parts, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "absent" / "progress"))
    with pytest.raises(WriteError, match="cannot write .*progress: No such file.*goes on"):
        train(LEARNS, parts, again.parent)


def test_a_folder_that_cannot_be_made_is_named(parts, tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(WriteError, match="cannot write .*learns.*: Not a directory"):
        train(LEARNS, parts, tmp_path / "runs")


def test_a_training_that_diverged_keeps_no_backup_of_it(parts, tmp_path):
    recipe = replace(LEARNS, optimizer="sgd", learning_rate=1e20, schedule="constant", norm="none")
    for _ in range(2):
        with pytest.raises(SeglibError, match="learning_rate"):
            train(recipe, parts, tmp_path)
        (folder,) = tmp_path.iterdir()
        assert all(np.isfinite(row["loss"]) for row in Backup(folder).rows)
