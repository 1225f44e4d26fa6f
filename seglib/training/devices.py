"""One training on several devices, with the result of one device.

A recipe's `batch_size` is that of a whole step, whatever the number of devices. Each device
gets an equal share of the same seeded batch; the loss is the mean over the whole batch, batch
normalisation takes the mean and variance of the whole batch, metrics count the pixels of all
devices, and the learning rate stays. So more devices change how long a step takes, and
the weights by rounding alone.

More devices than a batch can feed need another recipe: k times the `batch_size` with k times
the `learning_rate` after a warm-up (Goyal et al. 2017, arXiv:1706.02677, for SGD; for Adam
rather its square root, Malladi et al. 2022, arXiv:2205.10287). That is a choice with other
results, so nothing here makes it by itself.

What it costs: TensorFlow compiles no step that spans devices with XLA, batch normalisation
waits for the other devices at each layer, and each worker prepares the whole batch to take
its share.
"""

from __future__ import annotations

import functools
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seglib.errors import SeglibError

if TYPE_CHECKING:  # the command line's help needs the names of strategies alone
    from seglib.slices import SliceSet

#: The strategies, and the backend of Keras that each needs.
BACKENDS = {"mirrored": "tensorflow", "multi_worker": "tensorflow", "data_parallel": "jax"}

#: Characters of a worker's state that the others see.
_STATE_LENGTH = 160


@dataclass(frozen=True)
class Devices:
    """Where a training runs; without arguments: on one device, as if this module were not there.

    Attributes:
        strategy: A key of `BACKENDS`, or None for one device.
        replicas: Devices that share a batch, those of all machines together.
        worker: Name of this process among several, empty for the chief, who keeps the run.
        engine: The strategy's own object, of TensorFlow or Keras.
    """

    strategy: str | None = None
    replicas: int = 1
    worker: str = ""
    engine: Any = None

    def identity(self) -> dict:
        """What a run's identity says of its devices; one device leaves it as it always was."""
        if self.strategy is None:
            return {}
        return {"strategy": self.strategy, "replicas": self.replicas}

    def scope(self) -> AbstractContextManager:
        """Where the model is built, compiled and fitted."""
        return self.engine.scope() if self.engine else nullcontext()

    def check_batch(self, batch_size: int) -> None:
        """Refuse a training batch that cannot be shared.

        Raises:
            SeglibError: The replicas do not divide it.
        """
        if batch_size % self.replicas:
            raise SeglibError(
                f"a training batch of {batch_size} cannot be shared evenly by {self.replicas} "
                f"devices (strategy {self.strategy}); use a recipe whose batch_size is a multiple "
                f"of {self.replicas}, and at least as many training slices"
            )

    def validation(self, slices: SliceSet, batch_size: int) -> tuple[SliceSet, int]:
        """What to validate on, so that each batch gives every replica as much.

        A smaller last batch could not be shared by JAX (Keras issue 21167), and a replica
        without any image fails in TensorFlow on a CPU. So each slice is taken as often as makes
        equal shares, which leaves the overlap of all pixels and the mean loss as they are.

        Args:
            slices: The validation slices.
            batch_size: Of validation on one device.

        Returns:
            The slices, each at most `replicas` times, and the size of their batches.
        """
        if self.replicas == 1:
            return slices, batch_size
        repeats = self.replicas // math.gcd(len(slices), self.replicas)
        rows = [row for row in range(len(slices)) for _ in range(repeats)]
        return slices.take(rows), max(batch_size // self.replicas, 1) * self.replicas

    @contextmanager
    def joined(self, model) -> Iterator[None]:
        """Make what the devices do in a step of `model.fit` one step of one batch.

        JAX sees one batch already, wherever its rows lie. TensorFlow runs the step once for
        each replica, and Keras adds up their gradients and their metrics.

        Args:
            model: A compiled Keras model, built in `scope`.
        """
        if BACKENDS.get(self.strategy) != "tensorflow":
            yield
            return
        import keras

        model.jit_compile = False  # XLA hangs or fails where replicas wait for each other
        norms = [
            layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)
        ]
        for layer in norms:
            layer.synchronized = True
        try:
            yield
        finally:
            for layer in norms:  # no part of the model: other backends would refuse to load it
                layer.synchronized = False

    def folder(self, path: Path) -> Path:
        """Where this process writes while it trains: the run's folder, if it is the chief.

        Another worker gets a folder of its own beside it, with what an earlier sitting left in
        the run's folder, if it can see that.

        Raises:
            DataError: It cannot be made.
        """
        from seglib.files import make_folder  # here: the command line's help needs no NumPy

        if not self.worker:
            return make_folder(path)
        own = path.with_name(f"{path.name}-{self.worker}")
        shutil.rmtree(own, ignore_errors=True)
        make_folder(own)
        if path.is_dir():
            half = shutil.ignore_patterns(".*.part*")  # what a killed process left
            shutil.copytree(path, own, ignore=half, dirs_exist_ok=True)
        return own

    def check_agreed(self, state: str) -> None:
        """Wait for all workers, and refuse to go on if they are about to do different things.

        Args:
            state: What this worker is about to do, in words.

        Raises:
            SeglibError: Another worker is about to do something else.
        """
        if self.strategy != "multi_worker":
            return
        states = self._gather(state)
        if len(set(states)) > 1:
            raise SeglibError(
                "the workers do not agree on what is to be trained: "
                + "; ".join(sorted(set(states)))
                + ". Give all the same recipe, seed, data and version of seglib, and a folder for "
                "runs on a disk they share, or remove the unfinished run everywhere"
            )

    def hand_in(self, folder: Path, path: Path) -> None:
        """Wait for all workers; then what a worker wrote becomes the run, where there is none.

        Args:
            folder: From `folder`.
            path: The run's folder.
        """
        self.check_agreed("finished")
        if folder == path:
            return
        if path.exists():  # on a disk that the chief writes to as well
            shutil.rmtree(folder)
        else:
            folder.rename(path)

    def _gather(self, text: str) -> list[str]:
        """The texts of all replicas, as numbers, for devices exchange nothing else."""
        import tensorflow as tf

        codes = [float(code) for code in text.encode()[:_STATE_LENGTH].ljust(_STATE_LENGTH)]
        mine = self.engine.experimental_distribute_values_from_function(
            lambda _: tf.constant([codes])
        )
        rows = self.engine.gather(mine, axis=0)
        return [bytes(row).decode(errors="replace").strip() for row in rows.numpy().astype("uint8")]


@functools.cache  # TensorFlow joins a cluster of machines once in a process
def open_devices(strategy: str | None = None) -> Devices:
    """The devices that a strategy finds.

    Args:
        strategy: ``"mirrored"``: all GPUs of this machine (`tf.distribute.MirroredStrategy`), or
            without a GPU its logical CPUs. ``"multi_worker"``: the devices of all machines of
            ``TF_CONFIG`` (`tf.distribute.MultiWorkerMirroredStrategy`); it has to be opened before
            anything else is done with TensorFlow. ``"data_parallel"``: all devices of this machine
            that JAX sees (`keras.distribution.DataParallel`). None or ``"none"``: one device.

    Raises:
        SeglibError: There is no such strategy, Keras runs on another backend than it needs, or
            ``TF_CONFIG`` does not say which machines take part.
    """
    if strategy in (None, "none"):
        return Devices()
    if strategy not in BACKENDS:
        raise SeglibError(f"no strategy {strategy!r}; choose from none, {', '.join(BACKENDS)}")
    import keras

    backend = keras.backend.backend()
    if backend != BACKENDS[strategy]:
        fitting = [name for name, needed in BACKENDS.items() if needed == backend]
        raise SeglibError(
            f"strategy {strategy} needs Keras on {BACKENDS[strategy]}, found {backend}; set "
            f"KERAS_BACKEND={BACKENDS[strategy]}, or choose from {', '.join(['none', *fitting])}"
        )
    return {"mirrored": _mirrored, "multi_worker": _multi_worker, "data_parallel": _data_parallel}[
        strategy
    ]()


def _mirrored() -> Devices:
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    engine = tf.distribute.MirroredStrategy([device.name for device in found])
    return Devices("mirrored", engine.num_replicas_in_sync, engine=engine)


def _multi_worker() -> Devices:
    example = '{"cluster": {"worker": ["HOST1:PORT", "HOST2:PORT"]}, '
    example += '"task": {"type": "worker", "index": 0}}'
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        task = f"{config['task']['type']}{config['task']['index']}"
        cluster = config["cluster"]
    except (ValueError, KeyError, TypeError) as error:
        raise SeglibError(
            f"strategy multi_worker needs the environment variable TF_CONFIG, found {text!r}; "
            f"expected on each machine, with its own index: {example}"
        ) from error
    import tensorflow as tf

    class Strategy(tf.distribute.MultiWorkerMirroredStrategy):
        """Takes what Keras 3 hands to `reduce`, where its `fit` fails otherwise (issue 20585)."""

        def reduce(self, reduce_op, value, axis):
            if isinstance(value, tuple):  # the first batch, whose shapes Keras wants to know
                return tuple(self.experimental_local_results(part)[0] for part in value)
            if not self.experimental_local_results(value)[0].shape.rank:
                axis = None  # a number, as a step's loss: it has no axis 0 to reduce over
            return super().reduce(reduce_op, value, axis)

    try:
        engine = Strategy()
    except (RuntimeError, ValueError) as error:
        raise SeglibError(
            f"cannot join the machines {cluster} as {task}: {error} (The training must be the "
            "first thing that a program does with TensorFlow.)"
        ) from error
    chief = engine.extended.should_checkpoint
    return Devices("multi_worker", engine.num_replicas_in_sync, "" if chief else task, engine)


def _data_parallel() -> Devices:
    import keras

    found = keras.distribution.list_devices()
    return Devices(
        "data_parallel", len(found), engine=keras.distribution.DataParallel(devices=found)
    )
