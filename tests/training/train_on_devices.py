"""Trains tiny recipes with one strategy after another, and keeps what came out.

A run whose name ends in ``-cut`` dies in its second epoch, goes on, and is kept as well.

`test_devices` starts it, for devices have to be divided, and machines joined, before
TensorFlow or JAX starts: ``python train_on_devices.py FOLDER STRATEGY-RECIPE ...``.
"""

import contextlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from seglib.augmentation import Augmentation
from seglib.phantoms import heart
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.training.runs import train

#: One batch an epoch, for on one device Keras draws the order of several. Nothing in its step
#: depends on how the batch is divided, if the loss is the mean over all of it, and if the
#: statistics of the normalisation are: those of a share alone would be others.
NORMED = Recipe(
    name="normed",
    filters=2,
    depth=1,
    norm="batch",
    loss="dice+weighted_bce:200",  # so that it finds foreground at once, and the scores are not 0
    optimizer="sgd",
    learning_rate=0.05,
    weight_decay=1e-2,
    epochs=3,
    batch_size=8,
    preprocessing=Preprocessing(size=32, multiple=2),
    augmentation=Augmentation(rotation=20.0),
)

#: Several batches an epoch, of which all workers have to take the same one at a time.
STEPS = replace(NORMED, name="steps", batch_size=2, epochs=2)


class PowerCut(BaseException):
    """The process is gone."""


class Dies(keras.callbacks.Callback):
    """Ends the second epoch after its first step, when all workers have kept the first epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        """Note the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Die, if it is time."""
        if self.epoch == 1:
            raise PowerCut


def main(folder: Path, runs: list[str]) -> None:
    """Train each ``STRATEGY-RECIPE``, and write ``FOLDER/STRATEGY-RECIPE[-WORKER].npz``."""
    if any(run.startswith("mirrored") for run in runs):
        import tensorflow as tf

        (processor,) = tf.config.list_physical_devices("CPU")
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(processor, halves)
    hearts = heart.make(patients=3, slices=2, size=32)  # 4 slices a patient
    train_set = hearts.of_patients(hearts.patients[:2])
    validation_set = hearts.take(range(7, 12))  # 5 slices, which two devices cannot share
    index = json.loads(os.environ.get("TF_CONFIG", '{"task": {"index": ""}}'))["task"]["index"]
    for run_name in runs:
        strategy, name, *cut = run_name.split("-")
        recipe = {"normed": NORMED, "steps": STEPS}[name]
        again = {"runs_dir": folder / ("cut" if cut else "runs"), "strategy": strategy}
        if cut:
            with contextlib.suppress(PowerCut):
                train(recipe, train_set, validation_set, callbacks=[Dies()], **again)
        run = train(recipe, train_set, validation_set, **again)
        np.savez(
            folder / f"{run_name}{index}.npz",
            weights=np.concatenate([w.ravel() for w in run.model.get_weights()]),
            history=run.history.drop(columns="seconds").to_numpy(),
            manifest=json.dumps(run.manifest),
            path=str(run.path),
        )
    print("done", flush=True)


if __name__ == "__main__":
    keras.utils.disable_interactive_logging()
    main(Path(sys.argv[1]), sys.argv[2:])
