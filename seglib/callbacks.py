"""Keras callbacks that say how a training goes."""

from __future__ import annotations

import json
import os
import time

import keras
from tqdm.auto import tqdm


class Progress(keras.callbacks.Callback):
    """Says which epoch, and how long is left.

    A bar, or one JSON line an epoch in the file that ``SEGLIB_PROGRESS_FILE`` names:
    whoever runs notebooks shows it on the console, and no output is left in the cells.
    """

    def __init__(self, name: str, epochs: int, first: int):
        super().__init__()
        self.name, self.epochs, self.first = name, epochs, first
        self.file = os.environ.get("SEGLIB_PROGRESS_FILE")

    def on_train_begin(self, logs=None):
        """Open the bar."""
        self.start = time.monotonic()
        if not self.file:
            self.bar = tqdm(
                total=self.epochs, initial=self.first, desc=self.name, unit="epoch", leave=False
            )

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch and its Dice."""
        dice = round(float(logs["dice"]), 4)
        if not self.file:
            self.bar.set_postfix(dice=dice)
            self.bar.update()
            return
        done = epoch + 1 - self.first
        left = (time.monotonic() - self.start) / done * (self.epochs - epoch - 1)
        line = {"run": self.name, "epoch": epoch + 1, "epochs": self.epochs}
        line |= {"seconds_left": round(left, 1), "dice": dice}
        with open(self.file, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def on_train_end(self, logs=None):
        """Close the bar."""
        if not self.file:
            self.bar.close()


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
