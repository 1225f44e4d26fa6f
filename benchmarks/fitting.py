"""Keras models that are fitted as a portion of work."""

from __future__ import annotations

from benchmarks.contender import Ready


def repeated(pair: tuple, steps: int):
    """A `keras.utils.PyDataset` that gives one batch so many times, fed as `SliceSequence` is.

    Args:
        pair: The batch: images and masks.
        steps: Batches an epoch.
    """
    import keras

    from seglib.batches.slices import WORKERS

    class Repeated(keras.utils.PyDataset):
        def __len__(self):
            return steps

        def __getitem__(self, index):
            return pair

    return Repeated(workers=WORKERS)


def fitting(fitted, batches, images: int, facts: dict | None = None) -> Ready:
    """A compiled Keras model, warm; a portion of work is an epoch.

    Args:
        fitted: The model.
        batches: What `keras.Model.fit` takes.
        images: That an epoch has.
        facts: What the results say of it besides its speed.
    """

    def work() -> int:
        fitted.fit(batches, verbose=0)
        return images

    work()
    return Ready(work, facts or {})
