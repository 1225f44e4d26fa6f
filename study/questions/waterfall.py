"""From the claimed figure to the honest one and back up: one measured step at a time.

The steps and their order are `CHAIN`. Every bar after the first is made of stored jobs
(`jobs`), so `study.questions.waterfall_tables` can be rebuilt without training. The patient is
the unit throughout: slices are averaged into their patient, seeds within a patient, and intervals
resample patients. All steps of the experiment ``waterfall`` are read on the same patients,
those that the split by patient holds out, so that a difference is one of the step and not
of who was looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from seglib.splits.patients import patient_folds
from study.jobs import Job
from study.questions import heart
from study.questions.heart import SEEDS, rightly_labelled

EXPERIMENT = "waterfall"

#: The training Dice that system 1 claims, and the validation Dice in the same row of its history.
CLAIMED, VALIDATED = 0.8036, 0.4333


@dataclass(frozen=True)
class Step:
    """One bar.

    Attributes:
        name: What figures call it.
        changed: What is different from the step before, in a sentence.
        variant: Of the stored jobs; empty for a published figure.
        measure: ``"training"``, ``"soft"``, ``"hard"`` (the last two by slice, on the
            network's grid) or ``"patient"`` (hard, native grid, volumes pooled).
        experiment: Of the stored jobs.
        published: The figure, if it is not ours.
        total: Whether it begins or ends a stretch, and is drawn from zero.
        aside: Whether it only branches off: the next step stands on the one before it.
    """

    name: str
    changed: str
    variant: str = ""
    measure: str = "patient"
    experiment: str = EXPERIMENT
    published: float | None = None
    total: bool = False
    aside: bool = False


CHAIN = (
    Step("claimed", "system 1's published Dice", published=CLAIMED, total=True),
    Step(
        "our slim copy, training score",
        "its recipe on a slim network; soft Dice of the last epoch's training pairs",
        "leaked",
        "training",
        total=True,
    ),
    Step(
        "pairs it did not train on",
        "scored on the held-out pairs of the same random split, siblings in training",
        "leaked",
        "soft",
    ),
    Step("split by patient", "patients held out whole, no sibling in training", "patients", "soft"),
    Step("hard masks", "probabilities cut at 0.5 before they are counted", "patients", "hard"),
    Step(
        "pooled by patient",
        "volumes instead of slices, against the expert's own masks on their own grid",
        "patients",
        total=True,
    ),
    Step("masks by nearest neighbour", "training masks resized without smoothing", "nearest"),
    Step("batch 8", "batch normalisation sees 8 images instead of 1; rate times 8", "batch8"),
    Step("skip connections", "encoder joined to decoder at each level", "skips"),
    Step("plain head", "the 2-filter ReLU convolution before the sigmoid removed", "head"),
    Step("Adam", "Adam at 0.001 instead of SGD", "adam"),
    Step(
        "the study's recipe",
        "crop, z-score, on-line augmentation, AdamW, U-Net; all at once",
        "unet",
        experiment="comparison",
    ),
    Step(
        "the study's best",
        "more filters and epochs, stronger augmentation; the literature's test patients",
        "lv_best",
        experiment="literature",
        total=True,
    ),
)

#: Variants beside the chain: how many images the normalisation sees, or another kind of it.
BRANCHES = ("nearest", "nearest-batch4", "batch8", "nearest-batch16", "nearest-group")

#: The published network and recipe with an eighth of its filters, on frames of half the
#: side: what two processor cores can train. 2240 pairs are 64 % of system 1's 3500.
SLIM = get_recipe(
    "lv_published",
    name="lv_published_slim",
    filters=8,
    epochs=3,
    preprocessing=Preprocessing(
        size=128, resize=128, normalisation="255", multiple=32, smooth_masks=True
    ),
)
PAIRS, TRAINING_PAIRS = 3500, 2240


def _batch(recipe: Recipe, size: int) -> Recipe:
    """The rate grows with the batch (Goyal et al. 2017), or fewer steps would learn less."""
    return replace(recipe, batch_size=size, learning_rate=0.01 * size)


def waterfall_recipes() -> dict[str, Recipe]:
    """One change at a time, each on top of the one before; branches are named ``a-b``."""
    nearest = replace(SLIM, preprocessing=replace(SLIM.preprocessing, smooth_masks=False))
    batch8 = _batch(nearest, 8)
    skips = replace(batch8, architecture="published_lv_skips")
    head = replace(skips, architecture="published_lv_repaired")
    return {
        "leaked": SLIM,
        "patients": SLIM,
        "nearest": nearest,
        "nearest-group": replace(nearest, norm="group"),
        "nearest-batch4": _batch(nearest, 4),
        "batch8": batch8,
        "nearest-batch16": _batch(nearest, 16),
        "skips": skips,
        "head": head,
        "adam": replace(head, optimizer="adam", learning_rate=1e-3),
    }


def jobs(slices: SliceSet) -> list[Job]:
    """The published recipe, slim, and what each repair is worth; seed k tests fold k."""
    folds = patient_folds(rightly_labelled(slices))
    return [
        Job(
            "waterfall",
            variant,
            fold=f"fold{seed + 1}",
            seed=seed,
            recipe=recipe,
            split=folds[seed],
            offline_pairs=PAIRS if variant == "leaked" else TRAINING_PAIRS,
            leaky=variant == "leaked",
        )
        for seed in SEEDS
        for variant, recipe in waterfall_recipes().items()
    ]


EXPERIMENTS = {EXPERIMENT: heart.experiment(jobs)}
