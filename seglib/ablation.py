"""What each part of a training brings: one change at a time, on training patients alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib.comparison import compare_variants, compare_with
from seglib.results import STORED, read_results

#: The variant that all others are compared with.
BASE = "base"

#: The job variants of `seglib.experiments.ablation`, and how tables and figures call them.
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
        Index ``change`` in the order of `CHANGES`, the base first: ``variant``, ``dice``,
        ``dice_low``, ``dice_high`` (its 95 % bootstrap interval over patients), ``hd95``
        in ``unit``, ``patients``; ``difference`` to the base, with ``low``, ``high``,
        and ``p_holm`` of `seglib.statistics.compare_paired` (NaN for the base).

    Raises:
        SeglibError: Nothing is stored, or not the base.
    """
    read_results("ablation", "per_case", [BASE], stored)  # an absent base gets its own error
    per_case = read_results("ablation", "per_case", stored=stored)
    reached = compare_variants(per_case).rename(columns={"low": "dice_low", "high": "dice_high"})
    columns = ["dice", "dice_low", "dice_high", "hd95", "unit", "patients"]
    paired = compare_with(per_case, BASE)[["difference", "low", "high", "p_holm"]]
    table = reached[columns].join(paired)
    order = [variant for variant in CHANGES if variant in table.index]
    table = table.loc[order].rename_axis("variant").reset_index()
    return table.set_index(table["variant"].map(CHANGES).rename("change"))
