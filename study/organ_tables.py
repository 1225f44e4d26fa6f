"""What the stored experiments on atrium, brain tissue and brain tumour say. No backend.

The left ventricle has its own, in `study.questions` and `study.variants`.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib.evaluation.lesions import count_by_empty_rule
from seglib.evaluation.tables import per_patient
from study.results import STORED, read_compared, read_results
from study.variants import patients_by_variant, table_of_changes

#: What the networks of each experiment are called in tables and figures, in their order;
#: each is compared with the one named in `COMPARED_WITH`.
NETWORKS = {
    "atrium": {
        "system2": "system 2: BCE, Adam 0.001",
        "system3": "system 3: Dice, Adam, no batch normalisation",
        "unet": "U-Net, Dice + BCE, AdamW, milder augmentation",
        "unet-bce": "the same with BCE",
        "unet-dice": "the same with Dice",
        "attention_unet": "Dice + BCE, with attention gates",
        "larger": "the U-Net with twice the filters, three times the epochs",
        "larger-poses": "the same networks, mean over small poses",
        "unet_3d": "U-Net in 3-D on patches, instance normalisation, batch 1",
        "longer_3d": "the same, five times the steps",
    },
    "brain": {
        "published": "system 4, its text: rate 0.0001, batch 64",
        "batch8": "batch 8",
        "code": "batch 8, rate 0.001 and no decay: its code",
        "loss": "batch 8, Dice + cross-entropy",
        "study": "the same, AdamW to 0.002 rising and falling, less decay",
        "augmented": "the same, with augmentation",
        "corrected": "the same, batch 2, to 0.004",
    },
    "tumour": {
        "system5-ce": "system 5: weighted cross-entropy",
        "system5-dice": "system 5: Dice",
        "system5-attention": "system 5: Dice, attention gates",
        "unet": "U-Net, Dice + BCE, half the slices with tumour",
    },
}
COMPARED_WITH = {"atrium": "unet", "brain": "published", "tumour": "unet"}


def networks_table(experiment: str, stored: Path = STORED) -> pd.DataFrame:
    """What each network of an experiment reached; classes are averaged within each patient.

    Args:
        experiment: A key of `NETWORKS`.
        stored: Where results are kept.

    Returns:
        As `study.variants.table_of_changes`, and ``median``, the patients' median Dice.

    Raises:
        SeglibError: Nothing is stored, or not the network that the others are compared with.
    """
    reference = COMPARED_WITH[experiment]
    per_case = read_compared(experiment, reference, stored)
    table = table_of_changes(per_case, NETWORKS[experiment], reference)
    patients = patients_by_variant(per_case)
    median = {variant: rows["dice"].median() for variant, rows in patients.items()}
    return table.assign(median=table["variant"].map(median))


def dice_means(table: pd.DataFrame) -> pd.DataFrame:
    """Of a `networks_table`, what `seglib.plotting.plot_means` draws."""
    names = {"dice": "dice", "dice_low": "low", "dice_high": "high", "patients": "patients"}
    return table[list(names)].rename(columns=names)


def tissue_table(stored: Path = STORED) -> pd.DataFrame:
    """Mean Dice of each tissue, over patients and seeds.

    Args:
        stored: Where results are kept.

    Returns:
        Index ``change`` as `networks_table`, one column for each foreground class.

    Raises:
        SeglibError: Nothing is stored.
    """
    per_case = read_results("brain", "per_case", stored=stored)
    classes = list(dict.fromkeys(per_case["class"]))
    means = {
        name: per_patient(per_case[per_case["variant"] == variant]).groupby("class")["dice"].mean()
        for variant, name in NETWORKS["brain"].items()
        if variant in set(per_case["variant"])
    }
    return pd.DataFrame(means).T.rename_axis("change")[classes]


def empty_slices_table(stored: Path = STORED) -> pd.DataFrame:
    """What empty slices do to the tumour's figures, and what is drawn into them.

    Args:
        stored: Where results are kept.

    Returns:
        Index ``change`` as `networks_table`: mean over patients of the three rules of
        `seglib.evaluation.count_by_empty_rule`; ``false_positive_slices``, the share of slices
        without tumour where one is drawn, and ``missed_slices``, the share of slices with
        tumour where none is, both over all slices.

    Raises:
        SeglibError: Nothing is stored.
    """
    per_slice = read_results("tumour", "per_slice", stored=stored)
    rows = {}
    for variant, name in NETWORKS["tumour"].items():
        part = per_slice[per_slice["variant"] == variant]
        if part.empty:
            continue
        drawn, there = part["predicted"] > 0, part["truth"] > 0
        rows[name] = {
            **count_by_empty_rule(part).mean(),
            "false_positive_slices": drawn[~there].mean(),
            "missed_slices": (~drawn)[there].mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("change")
