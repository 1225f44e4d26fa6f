"""Own pictures: both folders, and a crop that meets their masks."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from seglib.commands.own_data import check_crop, own_images, with_crop
from seglib.errors import DataError
from seglib.phantoms import heart
from seglib.recipes.recipe import get_recipe
from seglib.slices import SliceSet


@pytest.fixture
def slices() -> SliceSet:
    """Two slices of 32x32 pixels; the masks are columns 0-15 of rows 8-15."""
    few = heart.make(patients=1, slices=1, size=32)
    masks = np.zeros_like(few.masks)
    masks[:, 8:16, :16] = 1
    return replace(few, masks=masks)


def folders(slices, folder):
    for kind, pixels in (("images", slices.images), ("masks", slices.masks * 255)):
        (folder / kind).mkdir()
        for number, array in enumerate(pixels):
            Image.fromarray(array[..., 0]).save(folder / kind / f"{number}.png")
    return folder / "images", folder / "masks"


def test_own_pictures_are_read_and_a_warning_names_the_option(slices, tmp_path, capsys):
    found = own_images(*folders(slices, tmp_path), patients=None, size=None)
    np.testing.assert_array_equal(found.masks, slices.masks)
    assert capsys.readouterr().out.startswith("note: no --patients was given, so each of the 2")


def test_one_folder_is_not_enough(tmp_path):
    for images, masks in ((tmp_path, None), (None, tmp_path)):
        with pytest.raises(DataError, match="both folders: --images DIR --masks DIR"):
            own_images(images, masks, None, None)


def test_a_crop_replaces_that_of_the_recipe():
    recipe = get_recipe("unet", "smoke")
    assert with_crop(recipe, None) is recipe
    assert with_crop(recipe, 0).preprocessing.size is None
    assert with_crop(recipe, 64).preprocessing.size == 64
    with pytest.raises(DataError, match="--crop 20: size 20 is not a multiple of 16"):
        with_crop(recipe, 20)


def test_what_the_crop_cuts_off_is_said(slices, capsys):
    recipe = get_recipe("unet", "smoke")
    check_crop(with_crop(recipe, 0), slices)
    check_crop(with_crop(recipe, 32), slices)
    assert capsys.readouterr().out == ""
    check_crop(with_crop(recipe, 16), slices)  # rows and columns 8 to 23
    assert "note: 50.0% of the mask pixels lie outside the central 16x16" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "crop", "message"),
    [
        (slice(0), 16, "all 2 masks are empty"),
        (slice(8, 16), 64, "central 64x64 pixels, but the images are 32x32"),
        (slice(8), 16, "no mask reaches into the central 16x16"),
    ],
)
def test_a_crop_that_shows_nothing_is_refused(rows, crop, message, slices):
    masks = np.zeros_like(slices.masks)
    masks[:, rows] = 1
    with pytest.raises(DataError, match=message):
        check_crop(with_crop(get_recipe("unet", "smoke"), crop), replace(slices, masks=masks))
