"""Which files a folder holds for `predict` and `evaluate`, and their pixels."""

import nibabel
import numpy as np
import pytest
from command_line import picture
from PIL import Image

from seglib.commands.reading import (
    find_files,
    fit_channels,
    grey_values,
    read_class_mask,
    read_slices,
)
from seglib.errors import DataError


def test_keys_are_paths_without_the_ending_and_other_files_are_told(tmp_path):
    for name in ("b.png", "d/a.png", ".hidden.png"):
        picture(tmp_path / name, slice(2), slice(2))
    (tmp_path / "notes.txt").write_text("mine")
    files = find_files(tmp_path)
    assert files.kind == "picture"
    assert files.paths == {"b": tmp_path / "b.png", "d/a": tmp_path / "d" / "a.png"}
    assert files.others == (tmp_path / "notes.txt",)


def test_of_a_pair_in_one_folder_images_or_masks_are_listed(tmp_path):
    for name in ("a", "a_mask", "b"):
        picture(tmp_path / f"{name}.png", slice(2), slice(2))
    assert list(find_files(tmp_path).paths) == ["a", "b"]
    assert find_files(tmp_path, masks=True).paths == {"a": tmp_path / "a_mask.png"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "no images in this folder"),
        (("a.png", "a.tif"), "differ only in their ending"),
        (("a.png", "b.nii"), "keep each kind of file in a folder of its own"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(names, message, tmp_path):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=message) as error:
        find_files(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_every_kind_becomes_a_stack_of_slices(tmp_path):
    picture(tmp_path / "a.png", slice(2), slice(2), (5, 7))
    Image.fromarray(np.eye(3, dtype=np.uint8).repeat(3).reshape(3, 3, 3) * 9).save(
        tmp_path / "grey.png"
    )
    colour = np.zeros((4, 6, 3), np.uint8)
    colour[..., 1] = 7
    Image.fromarray(colour).save(tmp_path / "colour.png")
    volume = nibabel.Nifti1Image(np.zeros((5, 6, 3), np.uint8), np.diag([1, 1, 4, 1]))
    nibabel.save(volume, tmp_path / "v.nii")
    assert read_slices(tmp_path / "a.png", "picture").shape == (1, 5, 7, 1)
    assert read_slices(tmp_path / "grey.png", "picture").shape == (1, 3, 3, 1)
    assert read_slices(tmp_path / "colour.png", "picture").shape == (1, 4, 6, 3)
    assert read_slices(tmp_path / "v.nii", "volume").shape == (3, 6, 5, 1)


def test_channels_are_fitted_where_there_is_a_sensible_way(tmp_path):
    grey = np.full((1, 2, 2, 1), 90, np.uint8)
    assert fit_channels(grey, 1, tmp_path) == (grey, "")
    assert fit_channels(grey, 3, tmp_path)[0].shape == (1, 2, 2, 3)
    green = np.zeros((1, 2, 2, 3), np.uint8)
    green[..., 1] = 255
    brightness, change = fit_channels(green, 1, tmp_path)
    assert np.all(brightness == 150) and "brightness" in change
    with pytest.raises(DataError, match=r"has 1 channel\(s\), but the model takes 2"):
        fit_channels(grey, 2, tmp_path)


def test_class_masks_hold_numbers_or_grey_values(tmp_path):
    classes = np.array([[0, 1, 2, 3]], np.uint8)
    assert grey_values(4) == [0, 85, 170, 255]
    for name, pixels in (("numbers", classes), ("greys", classes * 85)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        np.testing.assert_array_equal(read_class_mask(tmp_path / f"{name}.png", 4), classes)
    with pytest.raises(DataError, match="at most 16 classes apart"):
        read_class_mask(tmp_path / "numbers.png", 17)


def test_one_bit_masks_hold_class_1_whatever_the_number_of_classes(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "a.png")
    assert read_class_mask(tmp_path / "a.png", 4).tolist() == [[0, 1]]
