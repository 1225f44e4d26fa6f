"""Keras callbacks that say how a training goes, in a bar, a log, or pictures."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from seglib import progress
from seglib.errors import DataError, SeglibError
from seglib.files import atomic_write, writing
from seglib.inference.prediction import to_mask
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import SliceSet, data_hash

#: How names of networks and optimisers are spelt for a reader.
SPELT = {"unet": "U-Net", "adamw": "AdamW", "adam": "Adam", "sgd": "SGD"}


class Progress(keras.callbacks.Callback):
    """Says which epoch, and how long is left; and in the end how long it took.

    A bar where somebody watches it (`seglib.progress.bar`), or one JSON line an epoch in the file
    that ``SEGLIB_PROGRESS_FILE`` names: whoever runs notebooks shows it on the console.
    """

    def __init__(self, name: str, epochs: int, first: int):
        super().__init__()
        words = [SPELT.get(word, word) for word in name.replace("_", " ").split()]
        self.name, self.epochs, self.first = " ".join(words), epochs, first
        self.file = os.environ.get(progress.VARIABLE)

    def on_train_begin(self, logs=None):
        """Open the bar."""
        self.start, self.done = time.monotonic(), self.first
        self.bar = progress.bar(f"Training {self.name}", self.epochs, "epoch", first=self.first)

    def on_epoch_begin(self, epoch, logs=None):
        """Name the epoch."""
        self.bar.set_description(f"Training {self.name}, epoch {epoch + 1} of {self.epochs}")

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch's Dice."""
        dice = round(float(logs["dice"]), 4)
        self.bar.set_postfix({"Dice": dice})
        self.bar.update()
        self.done = epoch + 1
        if not self.file:
            return
        done = epoch + 1 - self.first
        left = (time.monotonic() - self.start) / done * (self.epochs - epoch - 1)
        line = {"run": self.name, "epoch": epoch + 1, "epochs": self.epochs}
        line |= {"seconds_left": round(left, 1), "dice": dice}
        with writing(self.file), open(self.file, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def on_train_end(self, logs=None):
        """Close the bar, and leave a line."""
        self.bar.close()
        epochs = f"{self.done - self.first} epoch{'s' * (self.done - self.first != 1)}"
        progress.leave_line(f"Trained {self.name}, {epochs}", time.monotonic() - self.start)


class Seconds(keras.callbacks.Callback):
    """Adds the seconds spent so far, earlier sittings included, to the log of each epoch."""

    def __init__(self, before: float):
        super().__init__()
        self.before = before

    def on_train_begin(self, logs=None):
        """Start the clock."""
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        """Add the column ``seconds``."""
        logs["seconds"] = round(self.before + time.monotonic() - self.start, 2)


class Log(keras.callbacks.Callback):
    """Adds each epoch to the rows of the history, and shows them in a file while it trains.

    Args:
        rows: What earlier sittings kept; a row is added in place after each epoch.
        file: A CSV file, written as a whole each time and never read.
    """

    def __init__(self, rows: list[dict[str, float]], file: Path):
        super().__init__()
        self.rows, self.file = rows, file

    def on_epoch_end(self, epoch, logs=None):
        """Add the row."""
        self.rows.append({"epoch": epoch} | {name: float(logs[name]) for name in sorted(logs)})
        atomic_write(self.file, pd.DataFrame(self.rows).to_csv(index=False))


class WatchPredictions(keras.callbacks.Callback):
    """Keeps what the network says of a few slices while it trains.

    Afterwards `seglib.lessons.show_training` draws them, a row an epoch: one sees the
    outline find the organ. Choose slices of validation patients; the network learns
    nothing from them. What was seen is kept with the run, and read back with it.

    Args:
        slices: A few slices.
        preprocessing: What the network is trained with.
        every: Epochs between two looks; the first epoch is always looked at.
    """

    def __init__(self, slices: SliceSet, preprocessing: Preprocessing, every: int = 5):
        super().__init__()
        self.slices, self.preprocessing, self.every = slices, preprocessing, every
        #: Epoch, counted from 1, and the hard masks ``(N, H, W, 1)`` after it.
        self.seen: dict[int, np.ndarray] = {}
        self.file: Path | None = None

    def keep_in(self, folder: Path) -> None:
        """Keep what is seen in a run's folder, and read what an earlier sitting kept there.

        Raises:
            DataError: What was kept there cannot be read.
        """
        self.file = folder / f"watched-{data_hash(self.slices)[:8]}.npz"
        if self.file.is_file():
            try:
                with np.load(self.file) as kept:
                    self.seen = {int(epoch): kept[epoch] for epoch in kept.files}
            except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
                raise DataError(
                    f"cannot read what was watched from {self.file}: {error}; delete this file to "
                    "go on without the epochs in it"
                ) from error

    def on_epoch_end(self, epoch, logs=None):
        """Look, if it is time."""
        if epoch and (epoch + 1) % self.every:
            return
        outputs = self.model(self.preprocessing.images(self.slices.images), training=False)
        if isinstance(outputs, list | tuple):  # deep supervision: the finest level
            outputs = outputs[0]
        outputs = keras.ops.convert_to_numpy(outputs)
        size = self.slices.images.shape[1:3]
        self.seen[epoch + 1] = to_mask(self.preprocessing.restore(outputs, size))
        if self.file:
            kept = {str(epoch): masks for epoch, masks in self.seen.items()}
            packed = io.BytesIO()
            np.savez_compressed(packed, **kept)
            atomic_write(self.file, packed.getvalue())


def tensorboard(folder: str | Path) -> keras.callbacks.Callback:
    """Keras' TensorBoard callback: curves that a browser draws while the training runs.

    Show them with ``%load_ext tensorboard`` and ``%tensorboard --logdir FOLDER`` in a
    notebook, or ``tensorboard --logdir FOLDER`` in a terminal.

    Args:
        folder: Where the logs go.

    Raises:
        SeglibError: TensorBoard is not installed; TensorFlow no longer brings it.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise SeglibError(
            "TensorBoard is not installed, and TensorFlow no longer brings it; "
            "run: pip install tensorboard"
        )
    return keras.callbacks.TensorBoard(log_dir=str(folder))
