"""COCO files: polygons and run lengths by hand, and files that were spoilt."""

import json

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.formats.annotations.coco import decode_rle, encode_rle, read_coco

SQUARE = [1, 1, 5, 1, 5, 4, 1, 4]
#: 3 rows, 4 columns, column by column: 1 pixel outside, 3 inside, 8 outside.
RUNS = [1, 3, 8]
BY_HAND = [[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]


def content(*objects, size=(6, 8)):
    return {
        "images": [{"id": 7, "file_name": "anna/03.png", "height": size[0], "width": size[1]}],
        "categories": [{"id": 1, "name": "heart"}, {"id": 4, "name": "vessel"}],
        "annotations": [{"image_id": 7, "category_id": 1, **one} for one in objects],
    }


@pytest.fixture
def read(tmp_path):
    def read(values):
        (tmp_path / "all.json").write_text(json.dumps(values))
        return read_coco(tmp_path / "all.json", {"heart": 1, "vessel": 2})

    return read


def mask_of(read, *objects, **keywords):
    (mask,) = read(content(*objects, **keywords)).values()
    return mask


def test_polygons_are_filled_and_the_parts_of_an_object_are_put_together(read):
    parts = [SQUARE, [4, 3, 8, 3, 8, 6, 4, 6]]
    found = read(content({"segmentation": parts}))
    expected = np.zeros((6, 8), np.uint8)
    expected[1:4, 1:5] = 1
    expected[3:6, 4:8] = 1  # the shared pixel stays inside: parts are no holes
    assert list(found) == ["anna/03.png"]
    assert found["anna/03.png"].dtype == np.uint8
    np.testing.assert_array_equal(found["anna/03.png"], expected)


def test_a_category_is_a_class_and_later_objects_lie_over_earlier_ones(read):
    objects = {"segmentation": [SQUARE]}, {"segmentation": [[3, 0, 8, 0, 8, 6, 3, 6]]}
    mask = mask_of(read, objects[0], objects[1] | {"category_id": 4})
    assert (mask == 1).sum() == 3 * 2 and (mask == 2).sum() == 6 * 5


def test_an_image_without_objects_has_an_empty_mask(read):
    assert not mask_of(read).any()


def test_run_lengths_go_down_the_columns(read):
    rle = {"segmentation": {"size": [3, 4], "counts": RUNS}, "iscrowd": 1}
    np.testing.assert_array_equal(mask_of(read, rle, size=(3, 4)), BY_HAND)


def test_what_is_encoded_by_hand_and_any_mask_comes_back(rng):
    assert encode_rle(BY_HAND) == RUNS
    assert encode_rle(np.zeros((3, 4))) == [12]
    assert encode_rle(np.ones((3, 4))) == [0, 12]
    for share in (0.1, 0.5, 0.9):
        mask = rng.random((7, 5)) < share
        np.testing.assert_array_equal(decode_rle(encode_rle(mask), (7, 5), "f"), mask)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        # By hand: 5 bits a character above "0", bit 5 if more follow; from the fourth number on
        # the difference to the one before the last. "O" is 31, whose bit 4 makes it -1.
        ("138", [1, 3, 8]),
        ("0<", [0, 12]),
        ("2223", [2, 2, 2, 5]),  # 5 - 2 = 3
        ("333O2", [3, 3, 3, 2, 5]),  # 2 - 3 = -1, 5 - 3 = 2
        ("0P1", [0, 32]),  # 32 = 0 + 1 * 32, and "P" is 0 that goes on
        ("0`0", [0, 16]),  # 16 alone would be negative
    ],
)
def test_packed_run_lengths_by_hand(text, runs):
    shape = (sum(runs), 1)
    expected = np.repeat(np.arange(len(runs)) % 2, runs).reshape(shape)
    np.testing.assert_array_equal(decode_rle(text, shape, "f"), expected)
    np.testing.assert_array_equal(decode_rle(runs, shape, "f"), expected)


def test_what_pycocotools_packed_is_unpacked():
    """Text that `pycocotools.mask.encode` 2.0.11 gave for a frame with a hole, 40 x 50 pixels."""
    expected = np.zeros((40, 50), bool)
    expected[5:20, 7:30] = True
    expected[8:12, 9:14] = False
    packed = "m8?i000D[O5e0K[O5e0K[O5e0K[O5e0K[O5e07000000000000000000000000000000kh0"
    np.testing.assert_array_equal(decode_rle(packed, (40, 50), "f"), expected)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([1, 3], "add up to 4, but 3x4 pixels are 12; is the file cut short"),
        ([1, 3, 9], "add up to 13"),
        ([1, -3, 14], "not whole numbers"),
        ([1.5, 10.5], "not whole numbers"),
        ([True, 11], "not whole numbers"),
        (None, "not whole numbers"),
        ("13", "add up to 4"),
        ("13P", "are cut short"),
        ("13 ", "' ' is no packed run length"),
        ("13é", "'é' is no packed run length"),
        ("P" * 20, "is no packed run length"),
    ],
)
def test_spoilt_run_lengths_are_refused(read, counts, message):
    rle = {"segmentation": {"size": [3, 4], "counts": counts}}
    with pytest.raises(DataError, match=f"all.json, annotation 1 on anna/03.png: .*{message}"):
        mask_of(read, rle, size=(3, 4))


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ({"size": [4, 3], "counts": RUNS}, "drawn on an image of 4x3 .* but the image has 6x8"),
        ({"counts": RUNS}, "have no size"),
        (None, "has no outline, only a box or key points"),
        ([], "has no outline"),
        ([[1, 1, 5]], "expected polygons as lists"),
        (["abcd"], "expected polygons as lists"),
        ([[1, 1, 5, 1]], r"has 2 point\(s\), needs 3"),
        ([[1, 1, 50, 1, 5, 4]], "the point x=50, y=1 lies outside the image of 6x8"),
    ],
)
def test_an_object_that_is_not_as_described_is_refused(read, segmentation, message):
    with pytest.raises(DataError, match=f"annotation 1 on anna/03.png: .*{message}"):
        mask_of(read, {"segmentation": segmentation})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": None}, "has no list 'images'"),
        ({"categories": {}}, "has no list 'categories'"),
        ({"images": [{"id": 1, "file_name": "a.png"}]}, "expected id, file_name, height and width"),
        ({"images": ["a.png"]}, "expected id, file_name"),
        (
            {"images": [{"id": 1, "file_name": "a.png", "height": True, "width": 8}]},
            "expected id, file_name",
        ),
        ({"images": [{"id": [1], "file_name": "a.png", "height": 6, "width": 8}]}, "expected id"),
        ({"annotations": [{"image_id": [7]}]}, "annotation 1: belongs to no image"),
        ({"annotations": [{"image_id": 7, "category_id": [1]}]}, "the label None is not expected"),
        ({"categories": [{"name": "heart"}], "annotations": [{"image_id": 7}]}, "the label None"),
        ({"annotations": [{"image_id": 8}]}, "annotation 1: belongs to no image"),
        ({"annotations": ["x"]}, "annotation 1: belongs to no image"),
        ({"annotations": [{"image_id": 7, "category_id": 9}]}, "the label None is not expected"),
    ],
)
def test_a_file_that_is_not_as_described_is_refused(read, change, message):
    with pytest.raises(DataError, match=rf"all\.json.*{message}"):
        read(content() | change)


def test_images_that_cannot_be_told_apart_are_refused(read):
    values = content()
    values["images"] *= 2
    with pytest.raises(DataError, match="two images with the id 7"):
        read(values)
    values["images"][1] = values["images"][1] | {"id": 8}
    with pytest.raises(DataError, match="two images with one name"):
        read(values)


def test_an_image_that_claims_too_many_pixels_takes_no_memory(read):
    with pytest.raises(DataError, match="says that anna/03.png has more than"):
        read(content(size=(10**6, 10**6)))
