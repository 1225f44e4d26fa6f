"""Own pictures for `train` and `audit`: read, and held against the recipe's crop."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from seglib.commands.wording import in_options
from seglib.datasets import folder
from seglib.errors import DataError
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet


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
