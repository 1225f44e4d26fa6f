"""LabelMe files: each kind of shape by hand, holes, and files that were spoilt."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from seglib.errors import DataError
from seglib.formats.annotations.labelme import labelme_text, read_labelme

SHAPE = (6, 8)
CLASSES = {"heart": 1, "vessel": 2, "hole": 0}


def drawn(label, points, kind="polygon", **more):
    return {"label": label, "points": points, "shape_type": kind, **more}


@pytest.fixture
def read(tmp_path):
    def read(*shapes, **changes):
        content = {"shapes": list(shapes), "imageHeight": 6, "imageWidth": 8} | changes
        (tmp_path / "03.json").write_text(json.dumps(content))
        return read_labelme(tmp_path / "03.json", CLASSES, SHAPE)

    return read


def box(top, bottom, left, right, index=1):
    mask = np.zeros(SHAPE, np.uint8)
    mask[top:bottom, left:right] = index
    return mask


SQUARE = [[1, 1], [5, 1], [5, 4], [1, 4]]


def test_a_polygon_fills_the_pixels_whose_centres_it_encloses(read):
    mask = read(drawn("heart", SQUARE))
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, box(1, 4, 1, 5))


def test_a_shape_without_a_type_is_a_polygon_as_in_old_files(read):
    shape = drawn("heart", SQUARE)
    del shape["shape_type"]
    np.testing.assert_array_equal(read(shape), box(1, 4, 1, 5))


@pytest.mark.parametrize("corners", [[[1, 1], [5, 4]], [[5, 4], [1, 1]], [[1, 4], [5, 1]]])
def test_a_rectangle_is_the_same_from_any_of_its_corners(read, corners):
    np.testing.assert_array_equal(read(drawn("heart", corners, "rectangle")), box(1, 4, 1, 5))


def test_a_circle_is_a_centre_and_a_point_on_it(read):
    mask = read(drawn("heart", [[3.5, 2.5], [4.5, 2.5]], "circle"))
    assert np.argwhere(mask).tolist() == [[1, 3], [2, 2], [2, 3], [2, 4], [3, 3]]


def png(values):
    stream = io.BytesIO()
    Image.fromarray(np.uint8(values)).save(stream, format="png")
    return base64.b64encode(stream.getvalue()).decode()


def test_a_mask_is_pasted_at_its_corner(read):
    shape = drawn("vessel", [[2, 3], [3, 4]], "mask", mask=png([[1, 0], [0, 255]]))
    assert np.argwhere(read(shape)).tolist() == [[3, 2], [4, 3]]
    assert read(shape).max() == 2


@pytest.mark.parametrize("text", ["", "%%%", None, base64.b64encode(b"no picture").decode()])
def test_a_mask_that_is_no_picture_is_refused(read, text):
    with pytest.raises(DataError, match=r"03\.json, shape 1: its mask is no readable PNG"):
        read(drawn("heart", [[2, 3], [3, 4]], "mask", mask=text))


def test_a_mask_that_does_not_fit_is_refused(read):
    with pytest.raises(DataError, match="reaches outside the image of 6x8"):
        read(drawn("heart", [[7, 5], [8, 6]], "mask", mask=png(np.ones((2, 2)))))
    with pytest.raises(DataError, match="reaches outside the image of 6x8"):
        read(drawn("heart", [[0, 0], [1, 1]], "mask", mask=png(np.ones((9, 9)))))


def test_later_shapes_lie_over_earlier_ones_and_class_0_cuts_a_hole(read):
    hole = drawn("hole", [[2, 2], [3, 2], [3, 3], [2, 3]])
    expected = box(1, 4, 1, 5)
    expected[2, 2] = 0
    np.testing.assert_array_equal(read(drawn("heart", SQUARE), hole), expected)
    np.testing.assert_array_equal(read(hole, drawn("heart", SQUARE)), box(1, 4, 1, 5))
    both = read(drawn("heart", SQUARE), drawn("vessel", [[4, 0], [8, 6]], "rectangle"))
    np.testing.assert_array_equal(both, np.maximum(box(1, 4, 1, 5), box(0, 6, 4, 8, index=2)))


def test_no_shapes_are_an_empty_mask(read):
    assert not read().any()


@pytest.mark.parametrize("kind", ["line", "linestrip", "point", "points"])
def test_shapes_that_enclose_nothing_are_refused(read, kind):
    with pytest.raises(DataError, match=rf"shape 1: is a {kind}, which encloses no pixels"):
        read(drawn("heart", SQUARE, kind))


def test_the_shape_with_a_fault_is_named_by_its_number(read):
    with pytest.raises(DataError, match="03.json, shape 2: the label 'liver' is not expected"):
        read(drawn("heart", SQUARE), drawn("liver", SQUARE))
    with pytest.raises(DataError, match="03.json, shape 2: the point x=80, y=1 lies outside"):
        read(drawn("heart", SQUARE), drawn("heart", [[1, 1], [80, 1], [5, 4]]))
    with pytest.raises(DataError, match="03.json, shape 1: expected an object"):
        read("polygon")


def test_a_file_of_another_image_or_kind_is_refused(read):
    with pytest.raises(DataError, match="drawn on an image of 8x6 .* but the image has 6x8"):
        read(imageHeight=8, imageWidth=6)
    with pytest.raises(DataError, match="has no list 'shapes', so it is no LabelMe file"):
        read(shapes=None)


def test_what_is_written_is_read_back(tmp_path):
    points = np.array([(1.25, 0.75), (6.5, 1.125), (4.0, 5.5)])
    text = labelme_text("03.png", SHAPE, [("heart", points), ("hole", points / 2 + 1)])
    (tmp_path / "03.json").write_text(text)
    content = json.loads(text)
    assert content["imagePath"] == "03.png" and content["imageData"] is None
    assert content["shapes"][0]["points"] == points.tolist()
    mask = read_labelme(tmp_path / "03.json", CLASSES, SHAPE)
    assert mask.max() == 1 and 0 < mask.sum() < 20
