"""`python -m seglib train`: a model file from a recipe and data."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from seglib import datasets
from seglib.commands.console import in_options
from seglib.datasets import folder
from seglib.errors import DataError
from seglib.evaluation.tables import summarise
from seglib.files import atomic_write
from seglib.lessons.session import score
from seglib.preprocessing.volumes import normalised_for
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from seglib.splits.patients import Split, patient_folds
from seglib.staging import check_output, check_results
from seglib.training.devices import open_devices
from seglib.training.runs import Run
from seglib.training.runs import train as train_recipe

#: One patient in so many is held out to choose the epoch, if there are that many.
FOLDS = 5


def train(
    recipe: str,
    output: Path,
    dataset: str = "sunnybrook",
    images: Path | None = None,
    masks: Path | None = None,
    patients: str | None = None,
    size: int | None = None,
    crop: int | None = None,
    profile: str = "full",
    validation: bool = True,
    seed: int = 0,
    strategy: str = "none",
) -> None:
    """Train a recipe and write one model file that `predict` takes.

    Args:
        recipe: A key of `seglib.recipes.all_recipes`.
        output: The model file, ending in ``.keras``.
        dataset: A key of `seglib.datasets.load`; not used with own images. Of a set with
            published parts only the training patients are taken.
        images: Folder of own images, see `seglib.datasets.folder.load`.
        masks: Folder of their masks.
        patients: ``patient_pattern`` of own images.
        size: Side in pixels that own pairs are resized to.
        crop: Side in pixels of the central square the network sees, 0 for the whole
            image; default the recipe's.
        profile: A key of `seglib.recipes.PROFILES`.
        validation: Hold out every fifth patient to choose the epoch.
        seed: Of weights, order, augmentation, and who is held out.
        strategy: How several devices train together, see
            `seglib.training.open_devices`.

    Raises:
        SeglibError: The recipe, the data or the output cannot be used.
    """
    check_output(output, ending=".keras")
    check_results()
    chosen = with_crop(get_recipe(recipe, profile), crop)
    open_devices(strategy)  # before TensorFlow does anything, and before data are fetched in vain
    if not images and (patients or size):
        raise DataError("--patients and --size are for your own --images and --masks")
    slices = (
        own_images(images, masks, patients, size) if images or masks else _training_part(dataset)
    )
    check_crop(chosen, slices)
    slices = normalised_for(chosen.preprocessing, slices)
    split = _hold_out(slices, seed) if validation else None
    parts = split.apply(slices) if split else {"train": slices, "validation": None}
    if not parts["train"].masks.any():
        raise DataError(
            f"the masks of all {len(parts['train'].patients)} patients left to train with are "
            f"empty: the others, {', '.join(split.validation)}, are held out; use --no-validation, "
            "another --seed, or more patients with the structure"
        )
    print(
        f"{chosen.name} on {slices.name}: {len(parts['train'].patients)} patients "
        f"({len(parts['train'])} slices) train, "
        f"{len(split.validation) if split else 0} validate, {chosen.epochs} epochs"
    )
    run = train_recipe(chosen, parts["train"], parts["validation"], seed=seed, strategy=strategy)
    atomic_write(output, (run.path / "model.keras").read_bytes())
    if split:
        print(f"validation, mean over patients: {_validation_score(run, parts['validation'])}")
    print(f"model in {output}, record of the training in {run.path}")


def _training_part(dataset: str) -> SliceSet:
    """A known set without the patients that its publishers keep for testing."""
    slices = datasets.load(dataset)
    if "part" not in slices.table:
        return slices
    return slices.take(slices.table["part"].eq("train").to_numpy())


def with_crop(recipe: Recipe, crop: int | None) -> Recipe:
    """The recipe with another crop, 0 for none; as it is without.

    Raises:
        DataError: The network cannot take such a crop.
    """
    if crop is None:
        return recipe
    try:
        preprocessing = replace(recipe.preprocessing, size=crop or None)
    except DataError as error:
        raise DataError(f"--crop {crop}: {error}") from error
    return replace(recipe, preprocessing=preprocessing)


def own_images(
    images: Path | None, masks: Path | None, patients: str | None, size: int | None
) -> SliceSet:
    """Read own pictures; the library's warnings are printed in the words of the command line.

    Raises:
        DataError: A folder is not given, or the files in it cannot be used.
    """
    if not (images and masks):
        raise DataError("own data need both folders: --images DIR --masks DIR")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        slices = folder.load(images, masks, patient_pattern=patients, size=size)
    for warning in caught:
        print(f"note: {in_options(str(warning.message))}")
    return slices


def check_crop(recipe: Recipe, slices: SliceSet) -> None:
    """Compare what the network will see with the images and masks.

    Raises:
        DataError: All masks are empty, or the crop is larger than the images, or cuts
            everything off.
    """
    total = int(np.count_nonzero(slices.masks))
    if not total:
        raise DataError(
            f"all {len(slices)} masks are empty, so there is nothing to learn; check that --masks "
            "names the folder of the masks, and that the structure's pixels are not 0"
        )
    crop = recipe.preprocessing.size
    height, width = slices.images.shape[1:3]
    if crop is None:
        return
    if crop > max(height, width):
        raise DataError(
            f"the recipe {recipe.name} shows the network the central {crop}x{crop} pixels, but the "
            f"images are {height}x{width} (height x width); use --crop 0 for the whole image, or "
            "a smaller --crop"
        )
    seen = int(np.count_nonzero(recipe.preprocessing.masks(slices.masks)))
    if not seen:
        raise DataError(
            f"no mask reaches into the central {crop}x{crop} pixels that the network sees of "
            f"{height}x{width}; use --crop 0 for the whole image, or a larger --crop"
        )
    if seen < total:
        print(
            f"note: {1 - seen / total:.1%} of the mask pixels lie outside the central "
            f"{crop}x{crop} pixels that the network sees of {height}x{width}; --crop 0 shows it "
            "the whole image"
        )


def _hold_out(slices: SliceSet, seed: int) -> Split | None:
    """A fifth of the patients for validation, evenly over the pathologies."""
    if len(slices.patients) < FOLDS:
        print(
            f"note: {len(slices.patients)} patient(s) are too few to hold one out, so the weights "
            "of the last epoch are taken, unchecked"
        )
        return None
    fold = patient_folds(slices, FOLDS, seed)[0]
    return Split("validation", fold.train, fold.test, ())


def _validation_score(run: Run, slices: SliceSet) -> str:
    """Hard Dice of the held-out patients, on the images' own grid; a line for each class."""
    summary = summarise(score(run, slices).per_case)
    if summary.index.nlevels == 1:
        return _interval(summary.loc["dice"])
    rows = summary.xs("dice", level="metric").iterrows()
    return "".join(f"\n  {name}: {_interval(dice)}" for name, dice in rows)


def _interval(dice: pd.Series) -> str:
    return f"Dice {dice['mean']:.4f} [{dice['low']:.4f}, {dice['high']:.4f}], n = {dice['n']}"
