"""One training, from the first batch to the files it leaves in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from seglib.batches.patches import PatchSequence
from seglib.batches.slices import SliceSequence
from seglib.environment import environment
from seglib.errors import SeglibError
from seglib.files import atomic_write, write_json, writing
from seglib.inference.model_files import save_model
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet
from seglib.training.backup import Backup
from seglib.training.callbacks import Log, Progress, Seconds
from seglib.training.compile import compile_model
from seglib.training.devices import Devices
from seglib.training.working_copy import copy_weights

#: Slices of a validation batch; the scores do not depend on it.
VALIDATION_BATCH = 16

#: The file that is written last: a run without it is not finished.
MANIFEST = "manifest.json"

Batches = SliceSequence | PatchSequence


@dataclass(frozen=True)
class Fit:
    """What one training is made of.

    Attributes:
        recipe: What is trained.
        train_set: Slices the weights are fitted on.
        validation_set: Slices that choose the epoch; None for none.
        seed: Of initial weights, order and augmentation.
        folder: Where it works and what it leaves lies. Each of several workers has its own.
        record: The run's identity and name; they begin the manifest.
        devices: Where it runs.
        precision: ``"float32"`` or ``"bfloat16"``.
        watchers: The caller's callbacks.
    """

    recipe: Recipe
    train_set: SliceSet
    validation_set: SliceSet | None
    seed: int
    folder: Path
    record: dict
    devices: Devices
    precision: str = "float32"
    watchers: Sequence[keras.callbacks.Callback] = ()

    @property
    def chooses_epoch(self) -> bool:
        """Whether the best epoch is kept; an average of the weights always ends last."""
        return self.validation_set is not None and not self.recipe.ema

    @property
    def log(self) -> Path:
        """The epochs so far, for whoever looks on."""
        return self.folder / "epochs.csv"


def fit(job: Fit) -> None:
    """Train into the job's folder; ``manifest.json`` comes last and marks it finished.

    Raises:
        SeglibError: The loss became NaN or infinite.
    """
    keras.utils.set_random_seed(job.seed)
    backup = Backup(job.folder, "val_dice" if job.chooses_epoch else None)
    first = len(backup.rows)
    job.devices.check_agreed(f"{first} epochs done")
    batches = training_batches(job.recipe, job.train_set, job.seed, first)
    validation = _watched_batches(job)
    model, fitted = _compiled(job, batches)
    callbacks = _callbacks(job, backup, validation)
    with job.devices.joined(fitted):
        fitted.fit(
            batches,
            validation_data=validation,
            epochs=job.recipe.epochs,
            initial_epoch=job.recipe.epochs if backup.stopped else first,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,  # the order of batches is drawn already, alike on all workers
        )
    history = pd.DataFrame(backup.rows)
    if not np.isfinite(history["loss"].iloc[-1]):
        raise SeglibError(
            f"training {job.recipe.name} diverged: the loss is no longer a number. Lower the "
            f"recipe's learning_rate, {job.recipe.learning_rate}"
        )
    if job.chooses_epoch:
        backup.take_best()
    copy_weights(fitted, model)
    _leave(job, model, history)
    job.log.unlink(missing_ok=True)
    backup.remove()


def training_batches(recipe: Recipe, slices: SliceSet, seed: int, first: int = 0) -> Batches:
    """Batches of slices, or of patches for a 3-D recipe, that change from epoch to epoch.

    Args:
        recipe: What is trained.
        slices: Where from.
        seed: Of order and augmentation.
        first: Number of the first epoch.
    """
    more = {"seed": seed, "start_epoch": first}
    if recipe.patch:
        return _patches(recipe, slices, augmentation=recipe.augmentation, **more)
    more |= {"shuffle": True, "foreground_share": recipe.foreground_share}
    size, prepared = recipe.batch_size, recipe.preprocessing
    return SliceSequence(slices, prepared, size, recipe.augmentation, **more)


def validation_batches(recipe: Recipe, slices: SliceSet, size: int = VALIDATION_BATCH) -> Batches:
    """The same for scoring: in stored order, `size` slices each, without augmentation."""
    if recipe.patch:
        return _patches(recipe, slices)
    return SliceSequence(slices, recipe.preprocessing, size)


def _patches(recipe: Recipe, slices: SliceSet, **more: Any) -> PatchSequence:
    size, prepared = recipe.batch_size, recipe.preprocessing
    more["patches_per_case"] = recipe.patches_per_case
    return PatchSequence(slices, prepared, recipe.patch, size, **more)


def _watched_batches(job: Fit) -> Batches | None:
    """The validation set's batches, shared among the workers; None without such a set."""
    if job.validation_set is None:
        return None
    watched, size = job.validation_set, VALIDATION_BATCH
    if not job.recipe.patch:  # batches of patches are always full
        watched, size = job.devices.validation(watched, size)
    return validation_batches(job.recipe, watched, size)


def _compiled(job: Fit, batches: Batches) -> tuple[keras.Model, keras.Model]:
    """The network, and the compiled model that is fitted in its place."""
    classes, channels = job.train_set.num_classes, job.train_set.images.shape[-1]
    size = job.recipe.patch or batches.size
    steps = len(batches) * job.recipe.epochs
    outputs = 1 if classes == 2 else classes
    return compile_model(job.recipe, (*size, channels), outputs, steps, job.precision)


def _callbacks(
    job: Fit, backup: Backup, validation: Batches | None
) -> list[keras.callbacks.Callback]:
    """In the order in which Keras calls them; the backup, which keeps what they did, is last."""
    recipe, first = job.recipe, len(backup.rows)
    callbacks = [Seconds(backup.rows[-1]["seconds"] if first else 0.0)]
    if recipe.schedule == "plateau":  # before the log, which then holds the learning rate
        plateau = keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=recipe.patience // 2)
        callbacks.append(plateau)
        backup.remembered["plateau"] = plateau
    callbacks.append(Log(backup.rows, job.log))
    if not job.devices.worker:  # the chief speaks for all
        callbacks.append(Progress(f"{recipe.name} {recipe.optimizer}", recipe.epochs, first))
    callbacks += [*job.watchers, keras.callbacks.TerminateOnNaN()]
    if recipe.patience:
        stopping = keras.callbacks.EarlyStopping("val_dice", patience=recipe.patience, mode="max")
        callbacks.append(stopping)
        backup.remembered["stopping"] = stopping
    if validation is not None:  # patches of volumes are drawn anew for each validation
        backup.remembered["validation"] = validation
    return [*callbacks, backup]


def _leave(job: Fit, model: keras.Model, history: pd.DataFrame) -> None:
    """Write the model file, the history, and last the manifest."""
    validation, data = job.validation_set, job.train_set.name
    manifest = job.record | {
        "data": data,
        "train_patients": list(job.train_set.patients),
        "validation_patients": [] if validation is None else list(validation.patients),
        "train_slices": len(job.train_set),
        "parameters": model.count_params(),
        "seconds": history["seconds"].iloc[-1],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment(),
    }
    names = list(job.train_set.class_names)
    card = {"class_names": names, "run": job.record["run"], "data": data}
    with writing(job.folder / "model.keras"):
        save_model(model, job.folder / "model.keras", job.recipe.preprocessing, card)
    atomic_write(job.folder / "history.csv", history.to_csv(index=False))
    write_json(job.folder / MANIFEST, manifest)
