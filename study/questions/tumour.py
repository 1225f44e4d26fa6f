"""Brain tumour: system 5's three recipes beside the corrected ones, at equal budget."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib import reporting
from seglib.datasets import lgg
from seglib.evaluation.lesions import count_by_empty_rule
from seglib.evaluation.references import Reference
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study import organ_tables
from study.experiment import Experiment
from study.jobs import Job, cross_validation
from study.organ_tables import Organ
from study.results import STORED, read_results

#: Published Dice on the LGG slices, pooled by patient. Buda et al. 2019.
REFERENCES = (
    Reference("Buda 2019, mean of 110 patients", 0.836),
    Reference("Buda 2019, median of 110 patients", 0.873),
    Reference("two experts (mean; SD 0.02)", 0.84),
)
ORGAN = Organ(
    "tumour",
    "LGG",
    {
        "system5-ce": "system 5: weighted cross-entropy",
        "system5-dice": "system 5: Dice",
        "system5-attention": "system 5: Dice, attention gates",
        "unet": "U-Net, Dice + BCE, half the slices with tumour",
    },
    compared_with="unet",
    references=REFERENCES,
)

#: An eighth of the published filters and a seventh of its pixels: what one processor core
#: trains in about four minutes. The epochs are the published ones.
_SLIM = {"filters": 8, "epochs": 25}
_SIDE = 96

#: System 5's rate and batch, 1e-4 and 32, carried over: for Adam the best rate goes with one
#: over the width (Yang et al. 2022, arXiv:2203.03466), and a fifth of the slices in batches
#: of 32 would make a fifth of the steps.
SCALED = {"learning_rate": 8e-4, "batch_size": 8}


def tumour_recipes() -> dict[str, Recipe]:
    """System 5 slim, each loss from scratch, then the corrected network.

    No fold has validation patients, so the published learning rate stays as it is and no
    run stops early: every network has the same number of epochs.
    """
    published = {
        "system5-ce": "tumour_published_ce",
        "system5-dice": "tumour_published",
        "system5-attention": "tumour_published_attention",
    }
    recipes = {
        name: get_recipe(
            recipe,
            name=name,
            schedule="constant",
            patience=0,
            preprocessing=Preprocessing(size=_SIDE, resize=_SIDE, normalisation="255"),
            **_SLIM,
            **SCALED,
        )
        for name, recipe in published.items()
    }
    corrected = get_recipe(
        "tumour", name="unet", preprocessing=Preprocessing(size=_SIDE, resize=_SIDE), **_SLIM
    )
    return recipes | {"unet": corrected}


def jobs(slices: SliceSet) -> list[Job]:
    """Five folds over the patients."""
    return cross_validation("tumour", tumour_recipes(), slices)


EXPERIMENTS = {"tumour": Experiment("LGG", jobs, lgg.load)}


def empty_slices_table(stored: Path = STORED) -> pd.DataFrame:
    """What empty slices do to the tumour's figures, and what is drawn into them.

    Args:
        stored: Where results are kept.

    Returns:
        Index ``change`` as `study.organ_tables.networks_table`: mean over patients of the three
        rules of `seglib.evaluation.count_by_empty_rule`; ``false_positive_slices``, the share of
        slices without tumour where one is drawn, and ``missed_slices``, the share of slices with
        tumour where none is, both over all slices.

    Raises:
        SeglibError: Nothing is stored.
    """
    per_slice = read_results("tumour", "per_slice", stored=stored)
    rows = {}
    for variant, name in ORGAN.networks.items():
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


def tables(folder: Path) -> None:
    """Write what each network reached, and by the rule for empty slices."""
    organ_tables.save_networks(ORGAN, folder)
    reporting.save_table(
        empty_slices_table(), "tumour_empty_slices", **ORGAN.labels(), folder=folder
    )


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the networks beside the published figures."""
    organ_tables.draw_networks(ORGAN, folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    rules = empty_slices_table().reset_index(names="network")
    return {
        "tumour": organ_tables.networks_markdown(ORGAN),
        "empty": reporting.to_markdown(rules).strip(),
    }
