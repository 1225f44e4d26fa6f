"""Training batches from files on disk that are never read as a whole: 100 to 100,000 slices.

Pictures of 64x64 in two `.npy` files, opened by `numpy.memmap`; batches of 8, augmented as the
study does it, in random order. Neither speed nor memory should depend on how many there are.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.contender import Benchmark, Contender, Ready

SIDE, BATCH, BATCHES = 64, 8, 50


def _on_disk(folder: Path, count: int):
    """A set of as many slices whose pixels lie in files; 20 different ones, repeated."""
    from seglib.phantoms import heart
    from seglib.slices import SliceSet

    few = heart.make(patients=5, slices=2, size=SIDE)
    arrays = []
    for name, source in (("images", few.images), ("masks", few.masks)):
        array = np.lib.format.open_memmap(
            folder / f"{name}.npy", "w+", np.uint8, (count, SIDE, SIDE, 1)
        )
        for start in range(0, count, len(source)):
            array[start : start + len(source)] = source[: count - start]
        array.flush()
        arrays.append(np.load(folder / f"{name}.npy", mmap_mode="r"))
    table = few.table.iloc[np.arange(count) % len(few)].reset_index(drop=True)
    numbers = pd.Series(np.arange(count)).astype(str)
    table = table.assign(patient=numbers, case=numbers, slice=0)
    return SliceSet(few.name, *arrays, table)


def batches(count: int) -> Ready:
    """Batches out of `count` slices."""
    from seglib.batches.slices import SliceSequence
    from seglib.preprocessing.steps import Preprocessing
    from seglib.recipes.heart import STUDY_AUGMENTATION

    folder = tempfile.TemporaryDirectory()
    slices = _on_disk(Path(folder.name), count)
    sequence = SliceSequence(
        slices, Preprocessing(size=48), BATCH, STUDY_AUGMENTATION, shuffle=True
    )
    number = 0

    def work() -> int:
        nonlocal number
        for _ in range(BATCHES):
            sequence[number % len(sequence)]
            number += 1
        return BATCHES * BATCH

    work.folder = folder  # which is there as long as this is
    return Ready(work)


BENCHMARK = Benchmark(
    module=__name__,
    title="Batches from files on disk",
    items="pairs",
    contenders=tuple(
        Contender(f"{count:,} slices", partial(batches, count))
        for count in (100, 1_000, 10_000, 100_000)
    ),
)
