"""Recipes: everything a training needs to know, by name, in one frozen record.

`smoke`, `quick` and `full` are profiles of one recipe: how much of it to spend, not
copies of it.
"""

from __future__ import annotations

import functools
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from importlib import import_module

from seglib.augmentation import Augmentation
from seglib.errors import SeglibError
from seglib.preprocessing.steps import Preprocessing


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    Attributes:
        name: What runs, figures and manifests call it.
        architecture: A key of `seglib.models.ARCHITECTURES`.
        filters: Filters of the first level.
        depth: Number of poolings.
        norm: ``"batch"``, ``"group"``, ``"instance"`` or ``"none"``.
        loss: As `seglib.losses.make_loss`; ``"weighted_bce:balanced"`` takes the weight
            from the training masks, see `seglib.batches.foreground_weight`.
        optimizer: As `seglib.optimizers.make_optimizer`.
        learning_rate: The highest one.
        schedule: As `seglib.optimizers.make_schedule`; ``"plateau"`` instead divides the
            rate by 10 when the validation loss has not fallen for `patience` / 2 epochs, so
            it needs a patience of 2 or more, and a validation set.
        momentum: Of SGD, with Nesterov's look-ahead.
        weight_decay: Of AdamW and SGD.
        batch_size: Slices an optimiser step.
        epochs: Passes over the training slices.
        ema: Momentum of a moving average of the weights over the optimiser steps, which
            replaces them at the end of training; 0 for none.
        deep_supervision: Coarser decoder levels that the loss sees too, see
            `seglib.models.deep_supervision`.
        foreground_share: Share of slices with foreground that an epoch draws, see
            `seglib.batches.sampling`; None takes every slice once.
        patch: ``(D, h, w)`` voxels of the patches that a 3-D network trains on, see
            `seglib.batches.patches`; None trains on slices.
        patches_per_case: Patches that an epoch draws for each case.
        patience: Stop after so many epochs without a better validation Dice; 0 never stops.
        preprocessing: From file to network input.
        augmentation: On-line variants, or None.
        source: Where the recipe comes from.

    Raises:
        SeglibError: The schedule is ``"plateau"`` and the patience is below 2.
    """

    name: str
    architecture: str = "unet"
    filters: int = 16
    depth: int = 4
    norm: str = "batch"
    loss: str = "dice+bce"
    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    momentum: float = 0.9
    weight_decay: float = 1e-4
    batch_size: int = 8
    epochs: int = 60
    ema: float = 0.0
    deep_supervision: int = 0
    foreground_share: float | None = None
    patch: tuple[int, int, int] | None = None
    patches_per_case: int = 16
    patience: int = 0
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    augmentation: Augmentation | None = None
    source: str = "this project"

    def __post_init__(self) -> None:
        if self.schedule == "plateau" and self.patience < 2:
            raise SeglibError(
                f"recipe {self.name}: the schedule 'plateau' needs a patience of 2 or more epochs, "
                f"found {self.patience}"
            )

    def __repr__(self) -> str:
        return brief(self)

    def to_dict(self) -> dict:
        """Plain nested values, as stored in a manifest."""
        return asdict(self)


def brief(record: object) -> str:
    """A dataclass as Python writes it, without the fields that are as by default."""
    text = []
    for item in fields(record):
        value = getattr(record, item.name)
        usual = item.default if item.default_factory is MISSING else item.default_factory()
        if value != usual:
            text.append(f"{item.name}={brief(value) if is_dataclass(value) else repr(value)}")
    return f"{type(record).__name__}({', '.join(text)})"


#: What a profile changes in every recipe it is applied to. `smoke` shows only that all
#: parts run; `quick` fits a lesson on a laptop; `full` is the recipe as written.
PROFILES: dict[str, dict] = {
    "smoke": {"filters": 4, "depth": 2, "epochs": 1},
    "quick": {"filters": 8, "epochs": 12},
    "full": {},
}


#: The modules that hold recipes, one an organ. A new organ is a line here.
ORGANS = ("heart", "atrium", "brain", "tumour")


@functools.cache
def all_recipes() -> dict[str, Recipe]:
    """Every recipe by its name, organ by organ."""
    modules = [import_module(f"seglib.recipes.{organ}") for organ in ORGANS]
    return {recipe.name: recipe for module in modules for recipe in module.RECIPES}


def get_recipe(name: str, profile: str = "full", /, **changes) -> Recipe:
    """A recipe by name, under a profile, with any field replaced.

    Args:
        name: A key of `all_recipes`.
        profile: A key of `PROFILES`.
        **changes: Fields of `Recipe` to set after the profile has been applied; give a
            changed recipe a ``name`` of its own if its runs are to be told apart.

    Raises:
        SeglibError: The name or the profile is unknown.
    """
    if name not in all_recipes():
        raise SeglibError(f"no recipe {name!r}; choose from {', '.join(all_recipes())}")
    if profile not in PROFILES:
        raise SeglibError(f"no profile {profile!r}; choose from {', '.join(PROFILES)}")
    return replace(all_recipes()[name], **{**PROFILES[profile], **changes})
