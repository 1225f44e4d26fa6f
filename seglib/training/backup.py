"""Backups of an unfinished training: it goes on to the weights it would have had in one sitting."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from seglib.errors import DataError, SeglibError
from seglib.files import atomic_write, writing

#: The files that take turns.
FILES = ("backup-a", "backup-b")

#: What Keras' callbacks and the batches count, and would count from the start again.
_COUNTERS = ("best", "wait", "cooldown_counter", "epoch")

_DIGEST_BYTES = hashlib.sha256().digest_size


class Backup(keras.callbacks.Callback):
    """Keeps, after each epoch, all that decides how the training goes on and ends.

    Two files take turns, each written aside and renamed, with its SHA-256 at its end: whenever
    a training is killed, at least the older one is whole. Nothing else in the folder is read
    again, so nothing else can contradict it. Of random numbers there is no state to keep:
    batches are drawn from ``(seed, epoch, index)``, and seeds of layers are variables.

    It has to be the last callback: it keeps what the others did, and gives their counts back
    after they have been reset.

    Args:
        folder: The training's own folder.
        watch: Score whose highest value chooses the epoch to keep; None for the last epoch.

    Attributes:
        rows: One dictionary for each epoch done, in order; `callbacks.Log` adds to it.
        stopped: The training had stopped early.
        remembered: By name, the objects whose `_COUNTERS` are kept too.

    Raises:
        DataError: A backup is there, but the disk does not let it be read.
    """

    def __init__(self, folder: Path, watch: str | None = None):
        super().__init__()
        self.folder, self.watch = folder, watch
        self.rows: list[dict[str, float]] = []
        self.stopped = False
        self.remembered: dict[str, Any] = {}
        self.best: float | None = None
        self._best_weights: list[np.ndarray] = []
        self._kept: dict[str, np.ndarray] = {}
        self._counts: dict[str, dict] = {}
        self._turn = 0
        self._read()

    def _read(self) -> None:
        """Take the newest whole backup, if there is one."""
        with writing(self.folder):
            for aside in self.folder.glob(".*.part*"):  # of a process that was killed
                aside.unlink()
        damaged = []
        for turn, name in enumerate(FILES):
            file = self.folder / name
            try:
                content = file.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise DataError(
                    f"cannot read {file}: {error.strerror or error}. It is the backup of an "
                    f"unfinished training; mend that, or delete the folder {self.folder} to train "
                    "from the start"
                ) from error
            content, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
            if hashlib.sha256(content).digest() != digest:
                damaged.append(file)
                continue
            with np.load(io.BytesIO(content)) as arrays:
                state = json.loads(str(arrays["state"]))
                if len(state["rows"]) <= len(self.rows):
                    continue
                self._kept = {key: arrays[key] for key in arrays.files if key != "state"}
            self._turn = 1 - turn
            self.rows, self.stopped = state["rows"], state["stopped"]
            self.best, self._counts = state["best"], state["counts"]
        if damaged:
            goes_on = f"it goes on from the other, after epoch {len(self.rows)}"
            names = " and ".join(file.name for file in damaged)
            print(
                f"note: {names} of the unfinished training {self.folder.name} cannot be used, for "
                f"it is damaged; the training {goes_on if self.rows else 'begins anew'}"
            )
            with writing(self.folder):
                for file in damaged:
                    file.unlink()

    def _variables(self) -> dict[str, Any]:
        """All variables of the model and its optimiser, by a name for the file."""
        both = (("model", self.model.variables), ("optimizer", self.model.optimizer.variables))
        return {f"{part}{i}": v for part, all_ in both for i, v in enumerate(all_)}

    def on_train_begin(self, logs=None):
        """Put everything back to where it was after the last epoch that was kept."""
        if not self.rows:
            return
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        variables = self._variables()
        best = {key: value for key, value in self._kept.items() if key.startswith("best")}
        kept = {key: value for key, value in self._kept.items() if key not in best}
        shapes = {key: tuple(variable.shape) for key, variable in variables.items()}
        if shapes != {key: value.shape for key, value in kept.items()}:
            raise SeglibError(
                f"the backups in {self.folder} are of another network or optimiser; delete that "
                "folder to train from the start"
            )
        for key, value in kept.items():
            variables[key].assign(value)
        self._best_weights = [best[f"best{i}"] for i in range(len(best))]
        for name, counts in self._counts.items():
            for counter, value in counts.items():
                setattr(self.remembered[name], counter, value)
        self._kept = {}

    def on_epoch_end(self, epoch, logs=None):
        """Keep the epoch, unless the training has diverged in it.

        Raises:
            WriteError: There is no room, or no permission. The backups before are still there.
        """
        if not np.isfinite(logs["loss"]):
            return
        arrays = {
            key: keras.ops.convert_to_numpy(value) for key, value in self._variables().items()
        }
        if self.watch and (self.best is None or logs[self.watch] > self.best):
            self.best = float(logs[self.watch])
            self._best_weights = [arrays[f"model{i}"] for i in range(len(self.model.variables))]
        arrays |= {f"best{i}": value for i, value in enumerate(self._best_weights)}
        counts = {
            name: {counter: getattr(one, counter) for counter in _COUNTERS if hasattr(one, counter)}
            for name, one in self.remembered.items()
        }
        state = {"rows": self.rows, "best": self.best, "counts": counts}
        state["stopped"] = bool(self.model.stop_training)
        stream = io.BytesIO()
        np.savez(stream, state=json.dumps(state), **arrays)
        stream.write(hashlib.sha256(stream.getvalue()).digest())
        atomic_write(self.folder / FILES[self._turn], stream.getvalue())
        self._turn = 1 - self._turn

    def take_best(self) -> None:
        """Give the model the weights of the best epoch."""
        for variable, value in zip(self.model.variables, self._best_weights, strict=True):
            variable.assign(value)

    def remove(self) -> None:
        """Delete the files of a training that is finished."""
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
