"""Brain tissue: system 4 slim, and what each correction brings, on the phantom.

The OASIS slices cannot be passed on, so nothing here says how system 4 does on them. What
carries over is which correction matters when there are few optimiser steps.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from seglib import reporting
from seglib.datasets import oasis
from seglib.evaluation.references import Reference
from seglib.evaluation.tables import per_patient
from seglib.phantoms import brain as phantom
from seglib.preprocessing.normalisation import fixed
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study import organ_tables
from study.experiment import Experiment
from study.jobs import Job
from study.organ_tables import Organ
from study.results import STORED, read_results

#: What system 4 asked of every label on OASIS.
REFERENCES = (Reference("goal of system 4, for each label", 0.9),)
#: Without `REFERENCES`: they are of OASIS, and these networks saw simulated pictures.
ORGAN = Organ(
    "brain",
    "brain phantom",
    {
        "published": "system 4, its text: rate 0.0001, batch 64",
        "batch8": "batch 8",
        "code": "batch 8, rate 0.001 and no decay: its code",
        "loss": "batch 8, Dice + cross-entropy",
        "study": "Dice + cross-entropy, AdamW to 0.002 and down again",
        "augmented": "that with augmentation",
        "corrected": "AdamW to 0.004 and down again, augmentation, batch 2",
    },
    compared_with="published",
)

#: The tissues of the phantom lie inside the central 224 pixels, but for 0.002 %.
_CROP = Preprocessing(
    size=224, normalisation=fixed(oasis.PUBLISHED_MEAN, oasis.PUBLISHED_DEVIATION)
)
_SLIM = {"filters": 8, "epochs": 12, "preprocessing": _CROP}
SEEDS = (0, 1, 2)
#: Both ends of the chain are trained with all seeds, the steps between them with the first.
_ENDS = ("published", "corrected")


def load() -> SliceSet:
    """The brain phantom with more patients than the notebook's, and fewer slices of each.

    As many slices train (128), but 8 patients are tested instead of 4.
    """
    return phantom.make(patients=48, slices=4)


def brain_recipes() -> dict[str, Recipe]:
    """From the published recipe to the study's, all with the same epochs.

    `ORGAN` says what each step changes; but for a batch of another size and
    its rate, or a rate and its schedule, that is one thing.
    """
    published = get_recipe("brain_tissue_published", name="published", **_SLIM)
    batch8 = replace(published, name="batch8", batch_size=8)
    augmented = get_recipe("brain_tissue", name="augmented", **_SLIM)
    return {
        "published": published,
        "batch8": batch8,
        # What the code of system 4 has, other than its text.
        "code": replace(batch8, name="code", learning_rate=1e-3, weight_decay=0.0),
        "loss": replace(batch8, name="loss", loss=augmented.loss),
        # A rate that rises to 20 times the published one and falls, and less decay.
        "study": replace(augmented, name="study", augmentation=None),
        "augmented": augmented,
        # Four times the steps.
        "corrected": replace(augmented, name="corrected", batch_size=2, learning_rate=4e-3),
    }


def jobs(slices: SliceSet) -> list[Job]:
    """The parts in which the slices are published, and three seeds for both ends.

    Args:
        slices: From `load`.
    """
    split = oasis.published_split(slices)
    return [
        Job("brain", variant, "published", seed, recipe, split)
        for variant, recipe in brain_recipes().items()
        for seed in (SEEDS if variant in _ENDS else SEEDS[:1])
    ]


EXPERIMENTS = {"brain": Experiment("brain phantom", jobs, load)}


def tissue_table(stored: Path = STORED) -> pd.DataFrame:
    """Mean Dice of each tissue, over patients and seeds.

    Args:
        stored: Where results are kept.

    Returns:
        Index ``change`` as `study.organ_tables.networks_table`, one column for each foreground
        class.

    Raises:
        SeglibError: Nothing is stored.
    """
    per_case = read_results("brain", "per_case", stored=stored)
    classes = list(dict.fromkeys(per_case["class"]))
    means = {
        name: per_patient(per_case[per_case["variant"] == variant]).groupby("class")["dice"].mean()
        for variant, name in ORGAN.networks.items()
        if variant in set(per_case["variant"])
    }
    return pd.DataFrame(means).T.rename_axis("change")[classes]


def tables(folder: Path) -> None:
    """Write what each network reached, and tissue by tissue."""
    organ_tables.save_networks(ORGAN, folder)
    reporting.save_table(tissue_table(), "brain_tissues", **ORGAN.labels(), folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the networks beside the published figures."""
    organ_tables.draw_networks(ORGAN, folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    tissues = tissue_table().reset_index(names="network")
    return {
        "brain": organ_tables.networks_markdown(ORGAN),
        "tissues": reporting.to_markdown(tissues).strip(),
    }
