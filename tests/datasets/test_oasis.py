"""The OASIS layout: what is read, every fault that a user can cause, and `fetch oasis`."""

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seglib.datasets import oasis
from seglib.errors import DataError
from seglib.preprocessing.normalisation import training_statistics

CASES = {"train": ("007", "012"), "validation": ("402",), "test": ("441",)}


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def image_path(root: Path, part: str, case: str, number: int) -> Path:
    return root / oasis.folders(part)[0] / f"case_{case}_slice_{number}.nii.png"


def mask_path(root: Path, part: str, case: str, number: int) -> Path:
    return root / oasis.folders(part)[1] / f"seg_{case}_slice_{number}.nii.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four cases of slices 0, 2 and 10, 16x16, with all four grey values in each mask."""
    rng = np.random.default_rng(0)
    for part, cases in CASES.items():
        for case in cases:
            for number in (0, 2, 10):
                mask = rng.choice([0, 85, 170, 255], (16, 16)).astype(np.uint8)
                grey = (mask // 3 + rng.integers(0, 20, (16, 16))).astype(np.uint8)
                save(image_path(tmp_path, part, case, number), grey)
                save(mask_path(tmp_path, part, case, number), mask)
    return tmp_path


def test_files_become_a_table_in_order_of_part_case_and_number(root):
    slices = oasis.load(root, size=16)
    assert slices.name == "OASIS"
    assert slices.images.shape == slices.masks.shape == (12, 16, 16, 1)
    assert slices.images.dtype == np.uint8
    expected = [(p, c, n) for p, cases in CASES.items() for c in cases for n in (0, 2, 10)]
    assert slices.table[["part", "case", "slice"]].apply(tuple, axis=1).tolist() == expected
    assert slices.table["patient"].equals(slices.table["case"])
    assert slices.table["source"].iloc[-1] == "case_441_slice_10.nii.png"
    assert slices.table["spacing"].isna().all()
    for row, image, mask in zip(expected, slices.images, slices.masks, strict=True):
        stored = np.asarray(Image.open(image_path(root, *row)))
        np.testing.assert_array_equal(image[..., 0], stored)
        stored = np.asarray(Image.open(mask_path(root, *row)))
        np.testing.assert_array_equal(mask[..., 0] * 85, stored)


def test_published_split_is_the_folders(root):
    split = oasis.published_split(oasis.load(root, size=16))
    assert split.name == "published"
    assert (split.train, split.validation, split.test) == (("007", "012"), ("402",), ("441",))


def test_a_case_in_two_parts_is_refused(root):
    pixels = np.zeros((16, 16), np.uint8)
    save(image_path(root, "test", "012", 5), pixels)
    save(mask_path(root, "test", "012", 5), pixels)
    with pytest.raises(DataError, match="case 012 stands in the parts train and test"):
        oasis.published_split(oasis.load(root, size=16))


def test_training_statistics_see_the_training_images_alone(root):
    before = training_statistics(oasis.load(root, size=16))
    save(image_path(root, "test", "441", 0), np.full((16, 16), 255, np.uint8))
    slices = oasis.load(root, size=16)
    assert training_statistics(slices) == before
    train = slices.images[:6] / 255
    np.testing.assert_allclose(before, (train.mean(), train.std()), rtol=1e-12)
    with pytest.raises(DataError, match="no slices of the part 'train'"):
        training_statistics(slices.of_patients(["441"]))


def test_sets_without_parts_are_refused(phantom_set):
    bare = phantom_set.table.drop(columns="part")
    slices = type(phantom_set)("bare", phantom_set.images, phantom_set.masks, bare)
    with pytest.raises(DataError, match="bare has no published parts"):
        oasis.published_split(slices)
    with pytest.raises(DataError, match="no slices of the part 'train'"):
        training_statistics(slices)


def test_three_equal_channels_are_grey_and_hidden_files_are_not_looked_at(root):
    path = image_path(root, "train", "007", 0)
    before = oasis.load(root, size=16)
    pixels = np.asarray(Image.open(path))
    save(path, np.repeat(pixels[..., None], 3, axis=-1))
    (path.parent / f"._{path.name}").write_bytes(b"resource fork")
    np.testing.assert_array_equal(oasis.load(root, size=16).images, before.images)


def test_missing_folders(root):
    with pytest.raises(DataError, match="no such folder"):
        oasis.load(root / "nowhere")
    (root / "keras_png_slices_seg_validate").rename(root / "elsewhere")
    with pytest.raises(DataError, match="keras_png_slices_seg_validate: no such folder; expected"):
        oasis.load(root, size=16)


def test_empty_folder(root):
    for path in (root / "keras_png_slices_test").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"_test: no files such as case_441_slice_0\.nii\.png"):
        oasis.load(root, size=16)


def test_image_without_mask_and_mask_without_image(root):
    mask_path(root, "test", "441", 2).unlink()
    with pytest.raises(
        DataError, match=r"case_441_slice_2.*has no mask; expected.*seg_test/seg_44"
    ):
        oasis.load(root, size=16)
    image_path(root, "test", "441", 2).unlink()
    image_path(root, "train", "007", 0).unlink()
    with pytest.raises(DataError, match=r"seg_007_slice_0.*has no image; expected.*train/case_007"):
        oasis.load(root, size=16)


@pytest.mark.parametrize(
    "name", ["case_44_slice_0.nii.png", "case_441_slice_00.nii.png", "seg_441_slice_0.nii.png"]
)
def test_misnamed_file(root, name):
    save(root / "keras_png_slices_test" / name, np.zeros((16, 16), np.uint8))
    with pytest.raises(DataError, match=rf"{name}: cannot read case and slice.*case_441_slice_0"):
        oasis.load(root, size=16)


def test_a_file_cut_short_is_named(root):
    path = mask_path(root, "validation", "402", 2)
    intact = path.read_bytes()
    for length in range(0, len(intact) - 30, 13):
        path.write_bytes(intact[:length])
        with pytest.raises(DataError, match=path.name):
            oasis.load(root, size=16)


def test_a_damaged_byte_is_named_or_changes_nothing(root):
    path = mask_path(root, "validation", "402", 2)
    intact, before = path.read_bytes(), oasis.load(root, size=16).masks
    rng = random.Random(0)
    named = 0
    for _ in range(30):
        damaged = bytearray(intact)
        damaged[rng.randrange(len(intact) - 40)] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            np.testing.assert_array_equal(oasis.load(root, size=16).masks, before)
        except DataError as error:
            assert path.name in str(error)
            named += 1
    assert named > 20


def test_wrong_size(root):
    with pytest.raises(DataError, match="is 16x16 pixels.*expected 256x256"):
        oasis.load(root)
    path = save(mask_path(root, "test", "441", 10), np.zeros((16, 15), np.uint8))
    with pytest.raises(DataError, match=rf"{path.name}: is 16x15 .*expected 16x16"):
        oasis.load(root, size=16)


def test_coloured_image(root):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[3, 4] = (1, 2, 3)
    path = save(image_path(root, "train", "012", 2), pixels)
    with pytest.raises(DataError, match=rf"{path.name}: expected a grey picture"):
        oasis.load(root, size=16)


def test_sixteen_bits(root):
    path = save(image_path(root, "train", "012", 2), np.full((16, 16), 4000, np.uint16))
    with pytest.raises(DataError, match=rf"{path.name}: expected 8 bits"):
        oasis.load(root, size=16)


def test_unknown_mask_values_are_named_with_their_file(root):
    path = mask_path(root, "train", "012", 2)
    mask = np.array(Image.open(path))
    mask[0, :2] = (3, 128)
    save(path, mask)
    with pytest.raises(
        DataError, match=rf"{path.name}: mask values \[3, 128\].*\[0, 85, 170, 255\]"
    ):
        oasis.load(root, size=16)
