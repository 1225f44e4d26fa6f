"""Recipes and slices that cannot be trained are refused, before anything is written."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import TINY

from seglib.errors import DataError, SeglibError
from seglib.training.runs import train


def test_patience_needs_patients_to_watch_and_no_average(parts, tmp_path):
    with pytest.raises(SeglibError, match="validation"):
        train(replace(TINY, patience=3), parts["train"], runs_dir=tmp_path)
    with pytest.raises(SeglibError, match="ema"):
        recipe = replace(TINY, patience=3, ema=0.9)
        train(recipe, parts["train"], parts["validation"], runs_dir=tmp_path)


def test_a_loss_for_another_number_of_classes_is_refused(parts, tmp_path):
    with pytest.raises(SeglibError, match="use bce instead of cross_entropy"):
        train(replace(TINY, loss="dice+cross_entropy"), parts["train"], runs_dir=tmp_path)
    several = replace(parts["train"], class_names=("background", "pool", "wall"))
    with pytest.raises(SeglibError, match="use cross_entropy instead of bce"):
        train(replace(TINY, loss="dice+bce"), several, runs_dir=tmp_path)


@pytest.mark.parametrize("part", ["training", "validation"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [(np.nan, "NaN or infinity"), (-np.inf, "NaN or infinity"), (2, "a class above 1 in the mask")],
)
def test_slices_that_no_loss_can_be_made_of_are_named(value, fault, part, parts, tmp_path):
    which = {"training": "train", "validation": "validation"}[part]
    wrong = parts[which].take(np.arange(len(parts[which])))
    wrong = replace(wrong, images=wrong.images.astype(np.float32))
    (wrong.masks if value == 2 else wrong.images)[[3, 5], 7, 8] = value  # SliceSet checked before
    first, number = wrong.table["source"].iloc[3], len(wrong)
    message = f"2 of {number} {part} slices of .* hold {fault}, the first of them {first}; mend"
    with pytest.raises(DataError, match=message):
        mixed = {**parts, which: wrong}
        train(TINY, mixed["train"], mixed["validation"], runs_dir=tmp_path)
    assert not any(tmp_path.iterdir())
