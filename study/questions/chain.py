"""The chain of `study.questions.waterfall` once more, on a copy that trains until it overfits.

Every job has a fold and a seed that are crossed: five folds of patients, three seeds each. Adam
is a side branch, so that every step stands on one that works. The copy trains at batch 8: system
1's batch of 1 costs three times as much for an epoch, and what it does is beside the older chain.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from seglib import reporting
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study.jobs import Job, cross_validation
from study.questions import heart
from study.questions.heart import SEEDS, rightly_labelled
from study.questions.waterfall import CLAIMED, PAIRS, TRAINING_PAIRS, Step
from study.questions.waterfall_pictures import PUBLISHED, plot_waterfall, steps_table
from study.questions.waterfall_tables import cited, waterfall_table
from study.results import STORED, number_stored
from study.section import not_yet

EXPERIMENT = "chain"
FOLDS = 5

#: What its figures and tables are labelled with.
LABELS = {"dataset": "Sunnybrook", "profile": "slim copy of system 1, 5 folds x 3 seeds"}

#: The published network and recipe with an eighth of its filters, on the middle of frames of half
#: the side, where every heart lies, at batch 8 (the rate grows with it, Goyal et al. 2017). So
#: many epochs lead the training score past the published one: a pilot of the first job, which
#: looked at nothing else, passed it in its fifth epoch, at about 20 s of one core each.
COPY = get_recipe(
    "lv_published",
    name="lv_published_chain",
    filters=8,
    epochs=20,
    batch_size=8,
    learning_rate=0.08,
    preprocessing=Preprocessing(
        size=64, resize=128, normalisation="255", multiple=32, smooth_masks=True
    ),
)


def chain_recipes() -> dict[str, Recipe]:
    """One change at a time, each on top of the one before; ``adam`` branches off ``head``."""
    nearest = replace(COPY, preprocessing=replace(COPY.preprocessing, smooth_masks=False))
    skips = replace(nearest, architecture="published_lv_skips")
    head = replace(skips, architecture="published_lv_repaired")
    scaled = replace(head.preprocessing, normalisation="z-score")
    return {
        "leaked": COPY,
        "patients": COPY,
        "nearest": nearest,
        "skips": skips,
        "head": head,
        "adam": replace(head, optimizer="adam", learning_rate=1e-3),
        "zscore": replace(head, preprocessing=scaled),
    }


def _step(name: str, changed: str, variant: str = "", *measure: str, **more) -> Step:
    return Step(name, changed, variant, *measure, experiment=EXPERIMENT, **more)


CHAIN = (
    _step("claimed", "system 1's published Dice", published=CLAIMED, total=True),
    _step(
        "our copy, training score",
        "its recipe on a slim network, 20 epochs; soft Dice of the last epoch's training pairs",
        "leaked",
        "training",
        total=True,
    ),
    _step(
        "pairs it did not train on",
        "scored on the held-out pairs of the same random split, siblings in training",
        "leaked",
        "soft",
    ),
    _step(
        "split by patient", "patients held out whole, no sibling in training", "patients", "soft"
    ),
    _step("hard masks", "probabilities cut at 0.5 before they are counted", "patients", "hard"),
    _step(
        "pooled by patient",
        "volumes instead of slices, against the expert's own masks on their own grid",
        "patients",
        total=True,
    ),
    _step("masks by nearest neighbour", "training masks resized without smoothing", "nearest"),
    _step("skip connections", "encoder joined to decoder at each level", "skips"),
    _step("plain head", "the 2-filter ReLU convolution before the sigmoid removed", "head"),
    _step("Adam (beside)", "Adam at 0.001 instead of SGD; not kept", "adam", aside=True),
    _step("z-score", "each image to mean 0 and spread 1, instead of divided by 255", "zscore"),
    Step(
        "the study's recipe",
        "full resolution, on-line augmentation, AdamW, U-Net, 12 epochs; all at once",
        "unet",
        experiment="comparison",
        total=True,
    ),
)


def jobs(slices: SliceSet) -> list[Job]:
    """Every variant on five folds, with three seeds each."""
    known = rightly_labelled(slices)
    recipes = chain_recipes()
    leaked = {"leaked": recipes.pop("leaked")}
    return [
        *cross_validation(EXPERIMENT, leaked, known, SEEDS, offline_pairs=PAIRS, leaky=True),
        *cross_validation(EXPERIMENT, recipes, known, SEEDS, offline_pairs=TRAINING_PAIRS),
    ]


EXPERIMENTS = {EXPERIMENT: heart.experiment(jobs)}


def progress(stored: Path = STORED) -> tuple[int, int]:
    """How many jobs are stored, and how many there are."""
    return number_stored(EXPERIMENT, stored), len(chain_recipes()) * FOLDS * len(SEEDS)


def is_complete(stored: Path = STORED) -> bool:
    """Whether all jobs are stored: before that, nothing is shown of them."""
    there, wanted = progress(stored)
    return there == wanted


def chain_table(stored: Path = STORED) -> pd.DataFrame:
    """The steps, as `study.questions.waterfall_tables.waterfall_table`."""
    return waterfall_table(stored, CHAIN, ())


def tables(folder: Path) -> None:
    """Write the steps, once all jobs are stored."""
    if is_complete():
        table = chain_table()
        reporting.save_table(table, "chain", **LABELS, runs=cited(table), folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw them, once all jobs are stored."""
    if is_complete():
        table = chain_table()
        fig = plot_waterfall(
            table,
            references=PUBLISHED,
            interval="95 % interval over patients and seeds",
            each="one seed, mean over five folds",
        )
        reporting.save_figure(fig, "chain", **LABELS, runs=cited(table), folder=folder)


def reading(table: pd.DataFrame) -> str:
    """Whether the copy overfits as the original did, in a sentence.

    Args:
        table: From `chain_table`.
    """
    trained = table["dice"].iloc[1]
    reached = "reaches" if trained >= CLAIMED else "stays below"
    return (
        f"The copy's training score, {trained:.3f}, {reached} the published {CLAIMED:.2f}. "
        "Intervals are over patients and seeds; each step is tested against the one it stands on."
    )


def blocks() -> dict[str, str]:
    """The Markdown block of the report's page: the steps, or how many jobs are there."""
    there, wanted = progress()
    if there < wanted:
        meanwhile = "the older chain above is what there is"
        return {"chain": not_yet(EXPERIMENT, there, wanted, meanwhile)}
    table = chain_table()
    picture = "![From the claimed score down and back up](figures/chain.png)"
    return {"chain": "\n\n".join((steps_table(table, "each seed"), picture, reading(table)))}
