import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seglib.datasets import folder
from seglib.errors import DataError

ONE_PATIENT_A_FOLDER = r"^(?P<patient>[^/]+)/(?P<slice>\d+)"


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def square(side: int = 16, value: int = 255) -> np.ndarray:
    mask = np.zeros((16, side), np.uint8)
    mask[4:9, 3:7] = value
    return mask


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """Patient anna with two slices, ben with one; 16x20 pixels."""
    rng = np.random.default_rng(0)
    for name in ("anna/10", "anna/9", "ben/1"):
        save(tmp_path / "images" / f"{name}.png", rng.integers(0, 256, (16, 20), np.uint8))
        save(tmp_path / "masks" / f"{name}.tif", square(20))
    return tmp_path / "images", tmp_path / "masks"


def load(both: tuple[Path, Path], **settings):
    return folder.load(*both, **{"patient_pattern": ONE_PATIENT_A_FOLDER, **settings})


def test_pairs_patients_and_slices(both):
    slices = load(both)
    assert slices.images.shape == (3, 16, 20, 1)
    assert slices.images.dtype == np.uint8
    assert slices.table[["case", "slice", "source"]].values.tolist() == [
        ["anna", 9, "9.png"],  # by number, not by name
        ["anna", 10, "10.png"],
        ["ben", 1, "1.png"],
    ]
    for row, image, mask in zip(
        slices.table.itertuples(), slices.images, slices.masks, strict=True
    ):
        stored = np.asarray(Image.open(both[0] / row.patient / row.source))
        np.testing.assert_array_equal(image[..., 0], stored)
        np.testing.assert_array_equal(mask[..., 0], square(20, 1))


def test_without_a_pattern_each_file_is_a_patient_and_a_warning_says_so(both):
    with pytest.warns(UserWarning, match="each of the 3 files counts as its own patient"):
        slices = folder.load(*both)
    assert slices.patients == ("anna/10", "anna/9", "ben/1")


def test_slices_are_counted_when_the_pattern_does_not_name_them(both):
    slices = load(both, patient_pattern=r"(?P<patient>anna|ben)")
    assert slices.table["slice"].tolist() == [0, 1, 0]


@pytest.mark.parametrize("ending", [".png", ".tif", ".tiff", ".jpg", ".jpeg", ".PNG", ".JPG"])
def test_image_formats(tmp_path, ending):
    images, masks = tmp_path / "images", tmp_path / "masks"
    save(images / f"p1{ending}", np.full((16, 16), 77, np.uint8))
    save(masks / "p1.png", square(value=1))
    slices = folder.load(images, masks, patient_pattern="(?P<patient>.+)")
    assert slices.images.shape == (1, 16, 16, 1)
    assert (slices.images == 77).all()
    assert slices.masks.sum() == 20


def test_masks_with_a_suffix_in_the_same_folder(tmp_path):
    save(tmp_path / "p1.tif", np.full((16, 16, 3), (1, 2, 3), np.uint8))
    save(tmp_path / "p1_mask.tif", square())
    slices = folder.load(tmp_path, tmp_path, patient_pattern="(?P<patient>.+)", mask_suffix="_mask")
    assert slices.images.shape == (1, 16, 16, 3)
    assert slices.images[0, 0, 0].tolist() == [1, 2, 3]
    with pytest.raises(DataError, match="mask_suffix"):
        folder.load(tmp_path, tmp_path)


def test_sixteen_bit_images_keep_their_values(both):
    deep = np.arange(320, dtype=np.uint16).reshape(16, 20) * 200
    save(both[0] / "ben" / "1.png", deep)
    slices = load(both)
    assert slices.images.dtype == np.float32
    np.testing.assert_array_equal(slices.images[2, ..., 0], deep)


def test_image_without_mask_and_mask_without_image(both):
    (both[1] / "ben" / "1.tif").rename(both[1] / "ben" / "2.tif")
    with pytest.raises(DataError, match=r"1\.png: has no mask; expected .*masks/ben/1"):
        load(both)
    (both[0] / "ben" / "1.png").unlink()
    with pytest.raises(DataError, match=r"2\.tif: has no image"):
        load(both)


def test_jpeg_masks_are_not_taken(both):
    (both[1] / "ben" / "1.tif").unlink()
    save(both[1] / "ben" / "1.jpg", square(20))
    with pytest.raises(DataError, match=r"1\.png: has no mask.*JPEG"):
        load(both)


def test_two_files_with_one_name(both):
    save(both[0] / "ben" / "1.jpg", np.zeros((16, 20), np.uint8))
    with pytest.raises(DataError, match=r"1\.png and 1\.jpg differ only in their ending"):
        load(both)


def test_hidden_files_and_other_files_do_not_disturb(both):
    (both[0] / "._1.png").write_bytes(b"resource fork")
    (both[0] / "notes.txt").write_text("scanned in May")
    assert len(load(both)) == 3


def test_corrupt_image_and_several_pages(both):
    path = both[0] / "ben" / "1.png"
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(DataError, match=r"1\.png: not a readable picture"):
        load(both)
    path.unlink()
    pages = [Image.fromarray(square(20))] * 2
    pages[0].save(path.with_suffix(".tif"), save_all=True, append_images=pages[1:])
    with pytest.raises(DataError, match=r"1\.tif: holds 2 pages"):
        load(both)


@pytest.mark.parametrize("values", [(0, 128), (0, 1, 255), (0, 2), (7, 255)])
def test_grey_mask(both, values):
    mask = np.resize(np.array(values, np.uint8), (16, 20))
    save(both[1] / "ben" / "1.tif", mask)
    with pytest.raises(DataError, match=r"1\.tif: a mask must hold only 0 and 255") as caught:
        load(both)
    stray = next(value for value in values if value not in (0, 255))
    assert f" {stray}" in str(caught.value)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_empty_and_full_masks_are_fine(both, value):
    save(both[1] / "ben" / "1.tif", np.full((16, 20), value, np.uint8))
    assert load(both).masks[2].mean() == (value > 0)


def test_mask_of_another_size(both):
    save(both[1] / "ben" / "1.tif", square(16))
    with pytest.raises(DataError, match=r"1\.tif: the mask is 16x16.*1\.png is 16x20"):
        load(both)


def test_differing_sizes_need_the_size_argument(both):
    save(both[0] / "ben" / "1.png", np.full((16, 30), 9, np.uint8))
    save(both[1] / "ben" / "1.tif", square(30))
    with pytest.raises(DataError, match=r"1\.png: the image is 16x30.*pass size"):
        load(both)
    slices = load(both, size=(32, 40))
    assert slices.images.shape == (3, 32, 40, 1)
    assert set(np.unique(slices.masks)) == {0, 1}
    assert load(both, size=24).images.shape == (3, 24, 24, 1)


def test_grey_and_colour_mixed(both):
    colour = np.full((16, 20, 3), (9, 5, 1), np.uint8)
    save(both[0] / "ben" / "1.png", colour)
    with pytest.raises(DataError, match=r"10\.png is grey, but 1\.png is in colour"):
        load(both)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "patient_pattern"),
        (r"(\w+)", "no group named patient"),
        (r"^(?P<patient>anna)", "finds no patient in 'ben/1'"),
        (r"(?P<slice>\w+)/(?P<patient>\d+)", "the slice in 'anna/10' is 'anna'"),
    ],
)
def test_bad_patterns(both, pattern, words):
    with pytest.raises(DataError, match=words):
        load(both, patient_pattern=pattern)


def test_palette_images_are_read_as_they_look(both):
    # A black and white mask whose palette counts white first.
    mask = Image.fromarray(1 - square(20, 1))
    mask.putpalette([255, 255, 255, 0, 0, 0])
    mask.save(both[1] / "ben" / "1.tif")
    assert Image.open(both[1] / "ben" / "1.tif").mode == "P"
    np.testing.assert_array_equal(load(both).masks[2, ..., 0], square(20, 1))


def test_linked_folders_are_read_and_broken_links_are_named(both, tmp_path):
    (both[0] / "ben").rename(tmp_path / "elsewhere")
    (both[0] / "ben").symlink_to(tmp_path / "elsewhere")
    assert len(load(both)) == 3
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    with pytest.raises(DataError, match="ben: is a link that leads nowhere"):
        load(both)


def test_images_that_are_not_finite(both):
    save((both[0] / "ben" / "1.tif"), np.full((16, 20), np.nan, np.float32))
    (both[0] / "ben" / "1.png").unlink()
    with pytest.raises(DataError, match=r"1\.tif: holds values that are not finite"):
        load(both)


def test_missing_and_empty_folder(tmp_path, both):
    with pytest.raises(DataError, match="no such folder"):
        load((tmp_path / "nowhere", both[1]))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images found"):
        load((tmp_path / "empty", both[1]))


def test_names_that_are_no_utf_8_can_be_printed_and_drawn(tmp_path):
    latin = os.fsdecode(b"h\xe9rz")
    images, masks = tmp_path / latin, tmp_path / "masks"
    try:
        for directory in (images, masks):
            save(directory / latin / "1.png", square())
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    slices = load((images, masks), patient_pattern="(?P<patient>.*)/")
    assert slices.name == r"h\xe9rz"
    assert slices.table[["case", "patient", "source"]].to_numpy().tolist() == [
        [r"h\xe9rz", r"h\xe9rz", "1.png"]
    ]
