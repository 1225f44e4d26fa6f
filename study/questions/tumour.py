"""The tumour's experiment: system 5's three recipes beside the corrected ones, at equal budget."""

from __future__ import annotations

from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study.jobs import Job, cross_validation

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


def tumour(slices: SliceSet) -> list[Job]:
    """Five folds over the patients."""
    return cross_validation("tumour", tumour_recipes(), slices)
