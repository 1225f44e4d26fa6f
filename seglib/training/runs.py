"""`train`: from a recipe and two slice sets to a `Run` that can be cited and repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from seglib.batches.patches import PatchSequence
from seglib.batches.sampling import foreground_weight
from seglib.batches.slices import SliceSequence
from seglib.environment import environment
from seglib.errors import DataError, SeglibError, WriteError
from seglib.files import atomic_write, results_dir, write_manifest, writing
from seglib.fingerprint import fingerprint
from seglib.inference.model_files import load_model, save_model
from seglib.losses import BINARY_LOSSES, MULTICLASS_LOSSES
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet, data_hash
from seglib.training.backup import Backup
from seglib.training.callbacks import Log, Progress, Seconds, WatchPredictions
from seglib.training.compile import compile_model
from seglib.training.devices import Devices, open_devices

#: Slices of a validation batch; the scores do not depend on it.
VALIDATION_BATCH = 16

#: The highest seed that Keras takes.
MAX_SEED = 2**32 - 1


CODE = fingerprint(__name__)  # of the code as imported, not as it may be edited later


@dataclass(frozen=True)
class Run:
    """One finished training.

    Attributes:
        recipe: What was trained.
        model: The network, with the weights of the best or last epoch.
        history: One row an epoch: loss, Dice, Jaccard, ``val_...``, seconds.
        manifest: Recipe, seed, data, versions, device, duration.
        path: Folder with ``model.keras``, ``history.csv`` and ``manifest.json``.
    """

    recipe: Recipe
    model: keras.Model
    history: pd.DataFrame
    manifest: dict
    path: Path

    @property
    def id(self) -> str:
        """Name of the run's folder; figures and tables cite it."""
        return self.path.name


def _identity(
    recipe: Recipe, train_set: SliceSet, validation_set: SliceSet | None, seed: int
) -> dict:
    """All that decides a run's weights; two runs with equal identities are one run."""
    return {
        "recipe": recipe.to_dict(),
        "seed": seed,
        "train": data_hash(train_set),
        "validation": None if validation_set is None else data_hash(validation_set),
        "code": CODE,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def train(
    recipe: Recipe,
    train_set: SliceSet,
    validation_set: SliceSet | None = None,
    *,
    seed: int = 0,
    runs_dir: str | Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: str | None = None,
) -> Run:
    """Train a recipe; a run that is already there is read, one that was cut short goes on.

    With a validation set the weights of the epoch with the best validation Dice are
    kept, else those of the last epoch; a recipe with `ema` always ends on the average.

    Args:
        recipe: What to train.
        train_set: Slices the weights are fitted on.
        validation_set: Slices of other patients, which choose the epoch; None or an empty
            set for none.
        seed: Of initial weights, order and augmentation: 0 to `MAX_SEED`.
        runs_dir: Where runs live; default ``runs`` in `reporting.results_dir`.
        callbacks: Of Keras, to watch; they are not called for a run that is read, but
            `WatchPredictions` reads back what it saw. With several workers each calls them.
        strategy: How several devices train together, see `seglib.training.open_devices`;
            None for one device. It is part of the run's identity, with the number of devices:
            they change the weights by rounding. With ``"multi_worker"`` the same call is made on
            every machine; the first of ``TF_CONFIG`` keeps the run, which the others read or,
            where they do not see its disk, keep a copy of.

    Returns:
        The finished run.

    Raises:
        SeglibError: The loss became NaN or infinite, it is not one for so many classes,
            the recipe's patience or plateau schedule has no validation set to watch, that
            set holds no foreground, the seed is none, or the strategy cannot be used here.
        DataError: Images hold NaN or infinite pixels, or masks hold classes without a name.
        WriteError: There is no room for what the run keeps; called again, it goes on.
    """
    if not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise SeglibError(f"seed {seed}: expected a whole number from 0 to {MAX_SEED}")
    devices = open_devices(strategy)
    if validation_set is not None and not len(validation_set):
        validation_set = None
    if validation_set is not None and not validation_set.masks.any():
        raise SeglibError(
            "no validation slice holds foreground, so no epoch can be chosen by its Dice; hold "
            "out other patients, or none"
        )
    if validation_set is None and recipe.patience:
        raise SeglibError(
            f"recipe {recipe.name} has a patience of {recipe.patience} epochs, but there is no "
            "validation set to watch; give one, or set patience=0 and another schedule"
        )
    if recipe.ema and recipe.patience:
        raise SeglibError(
            f"recipe {recipe.name} averages its weights to the end (ema={recipe.ema}), so it "
            "cannot stop early; set patience=0 or ema=0"
        )
    if "weighted_bce:balanced" in recipe.loss:  # the manifest names the weight that was used
        weight = f"weighted_bce:{foreground_weight(train_set):.4g}"
        recipe = replace(recipe, loss=recipe.loss.replace("weighted_bce:balanced", weight))
    _check_loss(recipe, train_set)
    _check_values("training", train_set)
    if validation_set is not None:
        _check_values("validation", validation_set)
    devices.check_batch(
        recipe.batch_size if recipe.patch else min(recipe.batch_size, len(train_set))
    )
    identity = _identity(recipe, train_set, validation_set, seed) | devices.identity()
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]
    runs_dir = Path(runs_dir) if runs_dir else results_dir() / "runs"
    path = runs_dir / f"{recipe.name}-{recipe.optimizer}-{key}"
    finished = (path / "manifest.json").is_file()
    with _goes_on_later(path):
        with writing(path):
            folder = path if finished else devices.folder(path)
        for callback in callbacks:
            if isinstance(callback, WatchPredictions):
                callback.keep_in(folder)
        devices.check_agreed(f"{path.name}, {'finished' if finished else 'to be trained'}")
        if not finished:
            record = identity | {"run": path.name}
            with devices.scope():
                _fit(recipe, train_set, validation_set, seed, folder, record, devices, callbacks)
            devices.hand_in(folder, path)
    model, _, _ = load_model(path / "model.keras")
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    return Run(recipe, model, pd.read_csv(path / "history.csv"), manifest, path)


@contextmanager
def _goes_on_later(path: Path) -> Iterator[None]:
    """Say of a training that could not write that nothing of it is lost.

    Raises:
        WriteError: With these words, in place of one that was raised within.
    """
    try:
        yield
    except WriteError as error:
        raise WriteError(
            f"{error}. The training {path.name} has stopped; make room, and the same command goes "
            "on after the last epoch that was kept"
        ) from error


def _check_values(part: str, slices: SliceSet) -> None:
    """Refuse slices that would make the loss NaN, here rather than hours later.

    Raises:
        DataError: It names the first slice, and says how many there are.
    """
    images, masks = slices.images, slices.masks
    faults = {f"a class above {slices.num_classes - 1} in the mask": [], "NaN or infinity": []}
    above, endless = faults.values()
    for row in range(len(slices)):  # one by one, for they may lie on disk
        if masks[row].max() >= slices.num_classes:
            above.append(row)
        if images.dtype.kind == "f" and not np.isfinite(images[row]).all():
            endless.append(row)
    for fault, rows in faults.items():
        if rows:
            raise DataError(
                f"{len(rows)} of {len(slices)} {part} slices of {slices.name} hold {fault}, the "
                f"first of them {slices.table['source'].iloc[rows[0]]}; mend these files, or leave "
                "them out"
            )


def _check_loss(recipe: Recipe, slices: SliceSet) -> None:
    """Refuse a loss of one foreground class for several, and the other way round."""
    several = slices.num_classes > 2
    parts = {part.partition(":")[0] for part in recipe.loss.split("+")}
    wrong = parts & (BINARY_LOSSES if several else MULTICLASS_LOSSES)
    if wrong:
        raise SeglibError(
            f"recipe {recipe.name} has the loss {recipe.loss}, but {slices.name} has "
            f"{slices.num_classes - 1} foreground class(es): "
            + ("use cross_entropy instead" if several else "use bce instead")
            + f" of {', '.join(sorted(wrong))}"
        )


def _sequence(
    recipe: Recipe,
    slices: SliceSet,
    seed: int | None = None,
    first: int = 0,
    validation_batch: int = VALIDATION_BATCH,
) -> SliceSequence | PatchSequence:
    """Batches of slices, or of patches for a 3-D recipe.

    Args:
        recipe: What is trained.
        slices: Where from.
        seed: Of order and augmentation; None for validation, which has neither.
        first: Number of the first epoch.
        validation_batch: Slices a batch, for validation.
    """
    training = seed is not None
    augmentation = recipe.augmentation if training else None
    more = {"seed": seed or 0, "start_epoch": first}
    if recipe.patch:
        return PatchSequence(
            slices,
            recipe.preprocessing,
            recipe.patch,
            recipe.batch_size,
            augmentation,
            recipe.patches_per_case,
            **more,
        )
    if training:
        more["foreground_share"] = recipe.foreground_share
    size = recipe.batch_size if training else validation_batch
    return SliceSequence(slices, recipe.preprocessing, size, augmentation, training, **more)


def _fit(
    recipe: Recipe,
    train_set: SliceSet,
    validation_set: SliceSet | None,
    seed: int,
    path: Path,
    record: dict,
    devices: Devices,
    more_callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Train into the folder `path`; ``manifest.json`` comes last and marks it finished.

    `record`, the run's identity and name, begins the manifest. Several workers all come here,
    each with a folder of its own.
    """
    keras.utils.set_random_seed(seed)
    chooses = validation_set is not None and not recipe.ema
    backup = Backup(path, "val_dice" if chooses else None)
    first = len(backup.rows)
    devices.check_agreed(f"{first} epochs done")
    batches = _sequence(recipe, train_set, seed, first)
    validation = None
    if validation_set is not None:
        watched, size = validation_set, VALIDATION_BATCH
        if not recipe.patch:  # batches of patches are always full
            watched, size = devices.validation(watched, size)
        validation = _sequence(recipe, watched, validation_batch=size)
    channels = train_set.images.shape[-1]
    outputs = 1 if train_set.num_classes == 2 else train_set.num_classes
    steps = len(batches) * recipe.epochs
    size = recipe.patch or batches.size
    model, fitted = compile_model(recipe, (*size, channels), outputs, steps)
    seconds = backup.rows[-1]["seconds"] if first else 0.0
    callbacks: list[keras.callbacks.Callback] = [Seconds(seconds)]
    if recipe.schedule == "plateau":  # before the log, which then holds the learning rate
        plateau = keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=recipe.patience // 2)
        callbacks.append(plateau)
        backup.remembered["plateau"] = plateau
    log = path / "epochs.csv"
    callbacks.append(Log(backup.rows, log))
    if not devices.worker:  # the chief speaks for all
        callbacks.append(Progress(f"{recipe.name} {recipe.optimizer}", recipe.epochs, first))
    callbacks += [*more_callbacks, keras.callbacks.TerminateOnNaN()]
    if recipe.patience:
        stopping = keras.callbacks.EarlyStopping("val_dice", patience=recipe.patience, mode="max")
        callbacks.append(stopping)
        backup.remembered["stopping"] = stopping
    if validation is not None:  # patches of volumes are drawn anew for each validation
        backup.remembered["validation"] = validation
    callbacks.append(backup)
    with devices.joined(fitted):
        fitted.fit(
            batches,
            validation_data=validation,
            epochs=recipe.epochs,
            initial_epoch=recipe.epochs if backup.stopped else first,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,  # the order of batches is drawn already, alike on all workers
        )
    history = pd.DataFrame(backup.rows)
    if not np.isfinite(history["loss"].iloc[-1]):
        raise SeglibError(
            f"training {recipe.name} diverged: the loss is no longer a number. Lower the "
            f"recipe's learning_rate, {recipe.learning_rate}"
        )
    if chooses:
        backup.take_best()
    manifest = record | {
        "data": train_set.name,
        "train_patients": list(train_set.patients),
        "validation_patients": [] if validation_set is None else list(validation_set.patients),
        "train_slices": len(train_set),
        "parameters": model.count_params(),
        "seconds": history["seconds"].iloc[-1],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment(),
    }
    card = {
        "class_names": list(train_set.class_names),
        "run": record["run"],
        "data": train_set.name,
    }
    with writing(path / "model.keras"):
        save_model(model, path / "model.keras", recipe.preprocessing, card)
    atomic_write(path / "history.csv", history.to_csv(index=False))
    write_manifest(path / "manifest.json", manifest)
    log.unlink(missing_ok=True)
    backup.remove()
