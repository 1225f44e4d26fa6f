"""What all annotation files share: JSON, labels, points and sizes, and what is said of bad ones."""

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.formats.annotations import painting


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not a readable JSON file"),
        (b"", "not a readable JSON file"),
        (b"\xff\xfe", "not a readable JSON file"),
        (b"[" * 100_000, "not a readable JSON file"),
        (b"[1]", "holds a JSON list, expected an object as Painter writes"),
    ],
)
def test_a_file_that_is_no_json_object_is_named(tmp_path, content, message):
    file = tmp_path / "drawn.json"
    file.write_bytes(content)
    with pytest.raises(DataError, match=rf"drawn\.json: {message}"):
        painting.read_json(file, "Painter")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.json: cannot be read"):
        painting.read_json(tmp_path / "gone.json", "Painter")


def test_labels_have_the_class_they_were_given():
    classes = {"heart": 1, "hole": 0}
    assert [painting.class_of(label, classes, "f") for label in classes] == [1, 0]
    for label in ("Heart", None, 1, ["heart"]):
        with pytest.raises(DataError, match="f: the label .* only 'heart', 'hole'"):
            painting.class_of(label, classes, "f")


def test_points_may_slip_one_pixel_over_the_edge_and_no_further():
    points = [(-1, -1), (9, 0), (9, 7), (0, 7)]
    assert painting.points_of(points, (6, 8), "f").shape == (4, 2)
    for x, y in ((-1.1, 0), (9.1, 0), (0, -1.1), (0, 7.1), (float("nan"), 0), (float("inf"), 0)):
        with pytest.raises(DataError, match=rf"f: the point x={x:g}, y={y:g} lies outside.* 6x8 "):
            painting.points_of([*points, (x, y)], (6, 8), "f")


@pytest.mark.parametrize("values", [None, 3, "abc", [1, 2, 3], [[1, 2, 3]] * 3, [[1], [2, 3]], {}])
def test_what_is_no_list_of_points_is_refused(values):
    with pytest.raises(DataError, match="f: expected a list of points"):
        painting.points_of(values, (6, 8), "f")


def test_too_few_points_enclose_nothing():
    with pytest.raises(DataError, match=r"f: has 2 point\(s\), needs 3"):
        painting.points_of(np.zeros((2, 2)), (6, 8), "f")


def test_another_size_is_said_with_both_sizes():
    painting.check_size((6, 8), (6, 8), "f")
    for size in ((8, 6), (None, None), ("6", "8")):
        with pytest.raises(DataError, match="f: was drawn on an image of .* but the image has 6x8"):
            painting.check_size(size, (6, 8), "f")
