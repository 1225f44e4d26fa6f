"""What each part of a training brings: one change at a time, on training patients alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from study.results import STORED, read_compared
from study.variants import table_of_changes

#: The variant that all others are compared with.
BASE = "base"

#: The job variants of `study.questions.heart.ablation`, and how tables and figures call them.
CHANGES = {
    BASE: "base: 8 filters, 40 epochs, crop of 96, Dice + BCE",
    "no-augmentation": "no augmentation",
    "affine-only": "no elastic, no intensity augmentation",
    "strong-augmentation": "stronger augmentation",
    "free-rotation": "rotation by any angle",
    "whole-field": "crop of 128, not 96",
    "dice-alone": "Dice loss alone",
    "deep-supervision": "deep supervision of two coarser levels",
    "averaged-weights": "moving average of the weights",
    "twice-the-filters": "16 filters",
    "three-times-the-epochs": "120 epochs",
    "poses": "small turns and scales at test time",
    "rotations": "flips and quarter turns at test time",
    "largest-piece": "largest piece of each slice",
    "ensemble-of-3": "ensemble of three seeds",
    "ensemble-and-poses": "three seeds, small turns and scales",
}


def ablation_table(stored: Path = STORED) -> pd.DataFrame:
    """What each change is worth, against the base, patient by patient.

    Args:
        stored: Where results are kept.

    Returns:
        As `study.variants.table_of_changes`, the base first.

    Raises:
        SeglibError: Nothing is stored, or not the base.
    """
    return table_of_changes(read_compared("ablation", BASE, stored), CHANGES, BASE)
