"""The atrium's experiment: the two published recipes beside the study's."""

from __future__ import annotations

from dataclasses import replace

from seglib.datasets.slice_set import SliceSet
from seglib.jobs import Job, cross_validation
from seglib.preprocessing import Preprocessing
from seglib.recipes import Recipe, get_recipe

#: All atria of the 12 subjects lie inside the central 112 pixels.
_CROP = Preprocessing(size=128)
_SLIM = {"filters": 8, "epochs": 10}


def atrium_recipes() -> dict[str, Recipe]:
    """Systems 2 and 3 slim, then what each correction brings; all but the last at equal budget."""
    study = get_recipe("atrium", name="unet", preprocessing=_CROP, **_SLIM)
    # Eight such patches a subject hold about as many voxels as its slices do.
    volumes = get_recipe(
        "atrium_3d",
        name="unet_3d",
        preprocessing=_CROP,
        patch=(16, 96, 96),
        patches_per_case=8,
        **_SLIM,
    )
    published = {
        "system2": get_recipe("atrium_published_bce", name="system2", preprocessing=_CROP, **_SLIM),
        "system3": get_recipe(
            "atrium_published_dice",
            name="system3",
            preprocessing=Preprocessing(size=128, normalisation="none"),
            **_SLIM,
        ),
    }
    return published | {
        "unet": study,
        "unet-bce": replace(study, name="unet-bce", loss="bce"),
        "unet-dice": replace(study, name="unet-dice", loss="dice"),
        "attention_unet": replace(study, name="attention_unet", architecture="attention_unet"),
        "unet_3d": volumes,
        # What ships: twice the filters and epochs, outside the equal budget.
        "larger": replace(study, name="larger", filters=16, epochs=20),
    }


def atrium(slices: SliceSet) -> list[Job]:
    """Five folds over the subjects; the two labels of one scan stay on one side."""
    return cross_validation("atrium", atrium_recipes(), slices)
