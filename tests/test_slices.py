"""`SliceSet`: what it refuses, the order of its cases, and a hash that notices change."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from seglib.errors import DataError
from seglib.slices import SliceSet, data_hash


@pytest.fixture
def two_slices():
    images = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)
    table = pd.DataFrame(
        {
            "case": ["A ED", "A ES"],
            "patient": "A",
            "slice": [0, 0],
            "phase": ["ED", "ES"],
            "spacing": math.nan,
            "pathology": "N",
            "source": ["a.png", "b.png"],
        }
    )
    return SliceSet("tiny", images, (images > 100).astype(np.uint8), table)


def test_data_hash_notices_every_change_that_matters(two_slices):
    same = replace(two_slices, images=two_slices.images.copy(), name="another name")
    assert data_hash(same) == data_hash(two_slices)
    images, masks = two_slices.images.copy(), two_slices.masks.copy()
    images[1, 2, 3] += 1
    masks[0, 0, 0] = 1
    changed = [
        replace(two_slices, images=images),
        replace(two_slices, masks=masks),
        replace(two_slices, images=two_slices.images.astype(np.float32)),
        replace(two_slices, table=two_slices.table.assign(source=["a.png", "c.png"])),
        replace(two_slices, table=two_slices.table.assign(case=["A ED", "A ED"])),
        two_slices.take([1, 0]),
        two_slices.take([0]),
    ]
    hashes = {data_hash(s) for s in [two_slices, *changed]}
    assert len(hashes) == len(changed) + 1


def test_data_hash_does_not_depend_on_memory_layout(two_slices):
    turned = np.asfortranarray(two_slices.images)
    assert data_hash(replace(two_slices, images=turned)) == data_hash(two_slices)


def test_cases_come_in_the_order_of_their_slices(phantom_set):
    mixed = phantom_set.take(np.random.default_rng(0).permutation(len(phantom_set)))
    seen = list(mixed.cases())
    assert sorted(np.concatenate(seen)) == list(range(len(mixed)))
    names = [mixed.table["case"].iloc[rows].unique().tolist() for rows in seen]
    assert names == [[case] for case in mixed.table["case"].unique()]  # first come first
    for (case,), rows in zip(names, seen, strict=True):
        assert mixed.table["slice"].iloc[rows].is_monotonic_increasing
        assert mixed.rows_of(case).tolist() == rows.tolist()
    assert not len(mixed.rows_of("nobody"))


def test_a_part_outside_the_vocabulary_is_refused(phantom_set):
    table = phantom_set.table.assign(part="Part1")
    with pytest.raises(DataError, match="'part' holds 'Part1'; expected train, validation, test"):
        replace(phantom_set, table=table)
