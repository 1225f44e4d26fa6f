"""What a network scores on several sets after each epoch of a training, and when to stop it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import pandas as pd

from seglib.files import atomic_write
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet
from seglib.training.fitting import validation_batches


class ScoreEachEpoch(keras.callbacks.Callback):
    """Scores sets after each epoch, as validation data are: with the moving averages.

    The rows are kept in a file, so that a training which goes on later keeps them.

    Args:
        file: A CSV file with the columns ``epoch`` (from 0), ``part``, and those that Keras
            evaluates: ``loss``, and the hard scores ``dice`` and ``jaccard``.
        recipe: What is trained; its loss and metrics are those of the scores.
        sets: By name of the part. Nothing is learned from them.
        until: Stop once the training figure, 1 - loss, has reached this.
    """

    def __init__(self, file: Path, recipe: Recipe, sets: Mapping[str, SliceSet], until: float):
        super().__init__()
        self.file, self.until = file, until
        self.batches = {part: validation_batches(recipe, one) for part, one in sets.items()}

    def on_epoch_end(self, epoch, logs=None):
        """Add a row for each set; an epoch that is repeated replaces its rows."""
        rows = pd.read_csv(self.file) if self.file.is_file() else pd.DataFrame({"epoch": []})
        rows = rows[rows["epoch"] < epoch]
        scores = [
            {"epoch": epoch, "part": part}
            | {
                name: float(value)
                for name, value in self.model.evaluate(batches, verbose=0, return_dict=True).items()
            }
            for part, batches in self.batches.items()
        ]
        rows = pd.concat([rows, pd.DataFrame(scores)], ignore_index=True)
        atomic_write(self.file, rows.astype({"epoch": int}).to_csv(index=False))
        if 1 - logs["loss"] >= self.until:
            self.model.stop_training = True
