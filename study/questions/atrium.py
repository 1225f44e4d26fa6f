"""The left atrium: two published recipes beside the study's, and what each correction brings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seglib.datasets import msd_heart
from seglib.evaluation.references import Reference
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study import organ_tables
from study.experiment import Experiment
from study.jobs import Job, cross_validation
from study.organ_tables import Organ

#: Published Dice on the Decathlon's training volumes, five folds over all 20. The second is the
#: agreement of the two labels that one of its scans has under two names.
REFERENCES = (
    Reference("Isensee 2021, nnU-Net, all 20 subjects, about", 0.93),
    Reference("two labels of one scan", 0.927),
)
ORGAN = Organ(
    "atrium",
    "Decathlon heart",
    {
        "system2": "system 2: BCE, Adam 0.001",
        "system3": "system 3: Dice, Adam, no batch normalisation",
        "unet": "U-Net, Dice + BCE, AdamW, milder augmentation",
        "unet-bce": "U-Net, BCE",
        "unet-dice": "U-Net, Dice",
        "attention_unet": "Dice + BCE, with attention gates",
        "larger": "the U-Net with twice the filters, three times the epochs",
        "larger-poses": "that larger U-Net, mean over small poses",
        "unet_3d": "U-Net in 3-D on patches, instance normalisation, batch 1",
        "longer_3d": "U-Net in 3-D, five times the steps",
    },
    compared_with="unet",
    references=REFERENCES,
    begin=0.75,  # one network answers black
)

#: An eighth of the published filters on slices of half the side: what one processor core trains
#: in a few minutes. Bending is in pixels, so it is halved too. All atria of the 12 subjects lie
#: inside the central 112 of 256 pixels.
_HALF = Preprocessing(size=64, resize=128)
_SLIM = {"filters": 8, "epochs": 20}

#: System 3's rate carried over to an eighth of the filters, as `study.questions.tumour` does
#: it; at 1e-4 itself the slim network never leaves black.
_SYSTEM3_RATE = 8e-4


def _halved(name: str, recipe: str, **changes) -> Recipe:
    """A recipe of the atrium, slim and on slices of half the side."""
    whole = get_recipe(recipe)
    bent = replace(whole.augmentation, elastic=whole.augmentation.elastic / 2)
    half = replace(_HALF, normalisation=whole.preprocessing.normalisation)
    changes = {"augmentation": bent, "preprocessing": half, **_SLIM, **changes}
    return get_recipe(recipe, name=name, **changes)


def atrium_recipes() -> dict[str, Recipe]:
    """Systems 2 and 3 slim, then what each correction brings, then what more training brings.

    Up to ``unet_3d`` all see about as many pixels; the last two are outside that budget.
    """
    study = _halved("unet", "atrium")
    # A patch shows most of an atrium, and a case has two an epoch: as many slices as it holds.
    volumes = _halved("unet_3d", "atrium_3d", patch=(64, 64, 64), batch_size=1, patches_per_case=2)
    # The official files show 320 pixels, not 256: what ships must take them too.
    any_size = replace(_HALF, field=256)
    return {
        "system2": _halved("system2", "atrium_published_bce"),
        "system3": _halved("system3", "atrium_published_dice", learning_rate=_SYSTEM3_RATE),
        "unet": study,
        "unet-bce": replace(study, name="unet-bce", loss="bce"),
        "unet-dice": replace(study, name="unet-dice", loss="dice"),
        "attention_unet": replace(study, name="attention_unet", architecture="attention_unet"),
        "unet_3d": volumes,
        "larger": replace(study, name="larger", filters=16, epochs=60, preprocessing=any_size),
        "longer_3d": replace(
            volumes, name="longer_3d", patches_per_case=5, epochs=40, preprocessing=any_size
        ),
    }


def jobs(slices: SliceSet) -> list[Job]:
    """Five folds over the subjects; the two labels of one scan stay on one side.

    ``larger-poses`` shows the networks of ``larger`` each slice in several small poses.
    """
    recipes = atrium_recipes()
    poses = {"larger-poses": recipes["larger"]}
    return cross_validation("atrium", recipes, slices) + cross_validation(
        "atrium", poses, slices, test_time="poses"
    )


EXPERIMENTS = {"atrium": Experiment("Decathlon heart", jobs, msd_heart.load)}


def tables(folder: Path) -> None:
    """Write what each network reached."""
    organ_tables.save_networks(ORGAN, folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the networks beside the published figures."""
    organ_tables.draw_networks(ORGAN, folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"atrium": organ_tables.networks_markdown(ORGAN)}
