"""Batches from arrays on disk: the same pixels, without the whole set in memory."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seglib.augmentation import Augmentation
from seglib.batches.slices import SliceSequence
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import TABLE_COLUMNS, SliceSet

SIDE = 64


def on_disk(folder: Path, n: int) -> SliceSet:
    """A set of `n` slices, images and masks memory-mapped from two files."""
    rng = np.random.default_rng(0)
    for name, high in (("images", 256), ("masks", 2)):
        pixels = np.lib.format.open_memmap(
            folder / f"{name}-{n}.npy", "w+", np.uint8, (n, SIDE, SIDE, 1)
        )
        for i in range(n):
            pixels[i] = rng.integers(0, high, (SIDE, SIDE, 1))
    images, masks = (
        np.load(folder / f"{name}-{n}.npy", mmap_mode="r") for name in ("images", "masks")
    )
    return SliceSet("on disk", images, masks, pd.DataFrame("", range(n), TABLE_COLUMNS))


def peak_bytes(slices: SliceSet, augmentation: Augmentation | None) -> int:
    """The most memory that an epoch of batches takes besides the set."""
    tracemalloc.start()
    try:
        batches = SliceSequence(slices, Preprocessing(size=32), 8, augmentation, shuffle=True)
        for i in range(len(batches)):
            batches[i]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("augmentation", [None, Augmentation(rotation=20)])
def test_memory_does_not_grow_with_the_number_of_slices(tmp_path, augmentation):
    few, many = on_disk(tmp_path, 32), on_disk(tmp_path, 512)
    peak_bytes(few, augmentation)  # once for what is loaded on first use
    allowed = 64 * (len(many) - len(few))  # a few numbers a slice; a slice has 8192 bytes
    assert peak_bytes(many, augmentation) < peak_bytes(few, augmentation) + allowed


@pytest.mark.parametrize("augmentation", [None, Augmentation(rotation=20)])
def test_slices_on_disk_give_the_batches_of_slices_in_memory(tmp_path, augmentation):
    disk = on_disk(tmp_path, 20)
    memory = replace(disk, images=np.array(disk.images), masks=np.array(disk.masks))
    first, second = (
        SliceSequence(slices, Preprocessing(size=32), 8, augmentation, seed=1)
        for slices in (disk, memory)
    )
    assert len(first) == 3
    for i in range(len(first)):
        for one, other in zip(first[i], second[i], strict=True):
            np.testing.assert_array_equal(one, other)
