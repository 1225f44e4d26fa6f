"""What each part of a training brings: one change at a time, on training patients alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from seglib import plotting, reporting
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.heart import STRONG_AUGMENTATION, STUDY_AUGMENTATION
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study.jobs import Job, cross_validation
from study.questions import heart
from study.questions.heart import CROP
from study.results import STORED, read_compared, stored_names
from study.section import against_reference, short_table, with_interval
from study.variants import table_of_changes

#: What its figures and tables are labelled with.
LABELS = {"dataset": "Sunnybrook", "profile": "slim networks, 5 folds of 15 patients"}

#: The variant that all others are compared with.
BASE = "base"

#: The job variants of `jobs`, and how tables and figures call them.
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


def ablation_recipes() -> dict[str, Recipe]:
    """The U-Net of the study with one thing changed at a time, slim (8 filters)."""
    base = get_recipe("unet", "quick", name="base", epochs=40, preprocessing=CROP)
    plain = replace(STUDY_AUGMENTATION, elastic=0.0, gamma=(1.0, 1.0), noise=0.0)
    changes = {
        "base": {},
        "no-augmentation": {"augmentation": None},
        "affine-only": {"augmentation": plain},
        "strong-augmentation": {"augmentation": STRONG_AUGMENTATION},
        "free-rotation": {"augmentation": replace(STUDY_AUGMENTATION, rotation=180.0)},
        "whole-field": {"preprocessing": Preprocessing(size=128)},
        "dice-alone": {"loss": "dice"},
        "deep-supervision": {"deep_supervision": 2},
        "averaged-weights": {"ema": 0.99},
        "twice-the-filters": {"filters": 16},
        "three-times-the-epochs": {"epochs": 120},
    }
    return {name: replace(base, name=name, **change) for name, change in changes.items()}


def jobs(slices: SliceSet) -> list[Job]:
    """What each part brings, on five folds of the 15 *training* patients alone.

    The parts of the selected recipe are chosen here, so no test patient has a say. What
    is done at test time, and ensembles of three, use the networks of ``base``.
    """
    training = slices.take((slices.table["part"] == "train").to_numpy())
    recipes = ablation_recipes()
    listed = cross_validation("ablation", recipes, training)
    after = {
        "poses": {"test_time": "poses"},
        "rotations": {"test_time": "rotations"},
        "largest-piece": {"test_time": "largest"},
        "ensemble-of-3": {"members": 3},
        "ensemble-and-poses": {"members": 3, "test_time": "poses"},
    }
    for variant, change in after.items():
        listed += cross_validation("ablation", {variant: recipes["base"]}, training, **change)
    return listed


EXPERIMENTS = {"ablation": heart.experiment(jobs)}


def ablation_table(stored: Path = STORED) -> pd.DataFrame:
    """What each change is worth, against the base, patient by patient.

    Args:
        stored: Where results are kept.

    Returns:
        As `study.variants.table_of_changes`, the base first.

    Raises:
        SeglibError: Nothing is stored, or not the base.
    """
    return table_of_changes(read_compared("ablation", BASE, stored), CHANGES, BASE)


def tables(folder: Path) -> None:
    """Write what each part of a training brings."""
    table = ablation_table()
    reporting.save_table(table, "ablation", **LABELS, runs=stored_names("ablation"), folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw what each part brings."""
    table = ablation_table()
    base = CHANGES[BASE]
    fig = plotting.plot_differences(table.drop(index=base), "base")
    reporting.save_figure(fig, "ablation", **LABELS, runs=stored_names("ablation"), folder=folder)


def changes_table() -> str:
    """What each part brings as a short Markdown table."""
    table = ablation_table().reset_index()
    shown = pd.DataFrame(
        {
            "what changed": table["change"],
            "Dice": with_interval(table, "dice", "dice_low", "dice_high"),
            **against_reference(table),
            "patients": table["patients"],
            "seeds": table["seeds"],
        }
    )
    return short_table(shown, "smallest p", "patients", "seeds")


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"ablation": changes_table()}
