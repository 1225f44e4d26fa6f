"""What a recipe asks of the slices it is given, checked before the first hour is spent."""

from __future__ import annotations

import numpy as np

from seglib.errors import DataError, SeglibError
from seglib.losses import BINARY_LOSSES, MULTICLASS_LOSSES
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet


def check_recipe(recipe: Recipe, train_set: SliceSet, validation_set: SliceSet | None) -> None:
    """Refuse a recipe that cannot be trained on these slices.

    Args:
        recipe: What to train.
        train_set: Slices the weights are fitted on.
        validation_set: Slices that choose the epoch; None for none.

    Raises:
        SeglibError: The validation set holds no foreground, the recipe's patience has none
            to watch or contradicts its average, or the loss is not one for so many classes.
        DataError: Images hold NaN or infinite pixels, or masks hold classes without a name.
    """
    if validation_set is not None and not validation_set.masks.any():
        raise SeglibError(
            "no validation slice holds foreground, so no epoch can be chosen by its Dice; hold "
            "out other patients, or none"
        )
    if validation_set is None and recipe.patience:
        raise SeglibError(
            f"recipe {recipe.name} has a patience of {recipe.patience} epochs, but there is no "
            "validation set to watch; give one, or set patience=0 and another schedule"
        )
    if recipe.ema and recipe.patience:
        raise SeglibError(
            f"recipe {recipe.name} averages its weights to the end (ema={recipe.ema}), so it "
            "cannot stop early; set patience=0 or ema=0"
        )
    _check_loss(recipe, train_set)
    _check_values("training", train_set)
    if validation_set is not None:
        _check_values("validation", validation_set)


def _check_loss(recipe: Recipe, slices: SliceSet) -> None:
    """Refuse a loss of one foreground class for several, and the other way round."""
    several = slices.num_classes > 2
    parts = {part.partition(":")[0] for part in recipe.loss.split("+")}
    wrong = parts & (BINARY_LOSSES if several else MULTICLASS_LOSSES)
    if wrong:
        raise SeglibError(
            f"recipe {recipe.name} has the loss {recipe.loss}, but {slices.name} has "
            f"{slices.num_classes - 1} foreground class(es): "
            + ("use cross_entropy instead" if several else "use bce instead")
            + f" of {', '.join(sorted(wrong))}"
        )


def _check_values(part: str, slices: SliceSet) -> None:
    """Refuse slices that would make the loss NaN, here rather than hours later.

    Raises:
        DataError: It names the first slice, and says how many there are.
    """
    images, masks = slices.images, slices.masks
    faults = {f"a class above {slices.num_classes - 1} in the mask": [], "NaN or infinity": []}
    above, endless = faults.values()
    for row in range(len(slices)):  # one by one, for they may lie on disk
        if masks[row].max() >= slices.num_classes:
            above.append(row)
        if images.dtype.kind == "f" and not np.isfinite(images[row]).all():
            endless.append(row)
    for fault, rows in faults.items():
        if rows:
            raise DataError(
                f"{len(rows)} of {len(slices)} {part} slices of {slices.name} hold {fault}, the "
                f"first of them {slices.table['source'].iloc[rows[0]]}; mend these files, or leave "
                "them out"
            )
