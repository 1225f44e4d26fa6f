"""`train`: from a recipe and two slice sets to a `Run` that can be cited and repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import pandas as pd

from seglib.batches.sampling import foreground_weight
from seglib.errors import SeglibError, WriteError
from seglib.files import results_dir, writing
from seglib.fingerprint import fingerprint
from seglib.inference.model_files import load_model
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet, data_hash
from seglib.staging import made_once
from seglib.training.callbacks import WatchPredictions
from seglib.training.checks import check_recipe
from seglib.training.devices import open_devices
from seglib.training.fitting import MANIFEST, Fit, fit
from seglib.training.precision import FLOAT32, choose_precision

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
    precision: str | None = None,
) -> Run:
    """Train a recipe; a run that is already there is read, one that was cut short goes on.

    One that another process trains at this moment is waited for, and read.

    With a validation set the weights of the epoch with the best validation Dice are
    kept, else those of the last epoch; a recipe with `ema` always ends on the average.

    Args:
        recipe: What to train.
        train_set: Slices the weights are fitted on.
        validation_set: Slices of other patients, which choose the epoch; None or an empty
            set for none.
        seed: Of initial weights, order and augmentation: 0 to `MAX_SEED`.
        runs_dir: Where runs live; default ``runs`` in `seglib.files.results_dir`.
        callbacks: Of Keras, to watch; they are not called for a run that is read, but
            `WatchPredictions` reads back what it saw. With several workers each calls them.
        strategy: How several devices train together, see `seglib.training.open_devices`;
            None for one device. It is part of the run's identity, with the number of devices:
            they change the weights by rounding. With ``"multi_worker"`` the same call is made on
            every machine; the first of ``TF_CONFIG`` keeps the run, which the others read or,
            where they do not see its disk, keep a copy of.
        precision: ``"float32"``, ``"bfloat16"`` or ``"auto"``, see
            `seglib.training.precision.choose_precision`. bfloat16 is part of the run's identity.

    Returns:
        The finished run.

    Raises:
        SeglibError: The loss became NaN or infinite, it is not one for so many classes,
            the recipe's patience or plateau schedule has no validation set to watch, that
            set holds no foreground, the seed or the precision is none, or the strategy cannot
            be used here.
        DataError: Images hold NaN or infinite pixels, or masks hold classes without a name.
        WriteError: There is no room for what the run keeps; called again, it goes on.
    """
    if not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise SeglibError(f"seed {seed}: expected a whole number from 0 to {MAX_SEED}")
    devices = open_devices(strategy)
    if validation_set is not None and not len(validation_set):
        validation_set = None
    if "weighted_bce:balanced" in recipe.loss:  # the manifest names the weight that was used
        weight = f"weighted_bce:{foreground_weight(train_set):.4g}"
        recipe = replace(recipe, loss=recipe.loss.replace("weighted_bce:balanced", weight))
    check_recipe(recipe, train_set, validation_set)
    devices.check_batch(
        recipe.batch_size if recipe.patch else min(recipe.batch_size, len(train_set))
    )
    precision = choose_precision(precision, recipe.filters)
    identity = _identity(recipe, train_set, validation_set, seed) | devices.identity()
    if precision != FLOAT32:  # which leaves the identity as it always was
        identity["precision"] = precision
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]
    runs_dir = Path(runs_dir) if runs_dir else results_dir() / "runs"
    path = runs_dir / f"{recipe.name}-{recipe.optimizer}-{key}"
    # Of several workers that train together, the first holds the folder for all.
    held = nullcontext((path / MANIFEST).is_file()) if devices.worker else made_once(path, MANIFEST)
    with _goes_on_later(path), held as finished:
        with writing(path):
            folder = path if finished else devices.folder(path)
        for callback in callbacks:
            if isinstance(callback, WatchPredictions):
                callback.keep_in(folder)
        devices.check_agreed(f"{path.name}, {'finished' if finished else 'to be trained'}")
        if not finished:
            record, sets = identity | {"run": path.name}, (train_set, validation_set)
            with devices.scope():
                fit(Fit(recipe, *sets, seed, folder, record, devices, precision, callbacks))
            devices.hand_in(folder, path)
    model, _, _ = load_model(path / "model.keras")
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
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
