"""The brain's experiment: system 4 slim, and what each correction brings, on the phantom.

The OASIS slices cannot be passed on, so nothing here says how system 4 does on them. What
carries over is which correction matters when there are few optimiser steps.
"""

from __future__ import annotations

from dataclasses import replace

from seglib.datasets import oasis
from seglib.phantoms import brain as brain_phantom
from seglib.preprocessing.normalisation import fixed
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study.jobs import Job

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
    return brain_phantom.make(patients=48, slices=4)


def brain_recipes() -> dict[str, Recipe]:
    """From the published recipe to the study's, all with the same epochs.

    `study.organ_tables.NETWORKS` says what each step changes; but for a batch of another size and
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


def brain(slices: SliceSet) -> list[Job]:
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
