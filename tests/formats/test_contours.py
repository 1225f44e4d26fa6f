"""Contour files: points as they stand, and masks with their border; faults are named by line."""

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.formats.contours import fill_contour, read_contour


@pytest.fixture
def file(tmp_path):
    return tmp_path / "contour.txt"


def filled(*points, shape=(6, 8)):
    return fill_contour(np.array(points, float), shape, "contour.txt")


def test_points_are_read_in_their_order_x_first(file):
    file.write_text("12.50 10\n\n  -3\t1e1  \n0 0.25\n   \n")
    points = read_contour(file)
    assert points.dtype == np.float64
    assert points.tolist() == [[12.5, 10], [-3, 10], [0, 0.25]]


def test_points_written_and_read_back_are_the_same(file, rng):
    points = rng.random((50, 2)) * 256
    file.write_text("".join(f"{x!r} {y!r}\n" for x, y in points.tolist()))
    np.testing.assert_array_equal(read_contour(file), points)


@pytest.mark.parametrize("line", ["1;2", "1 2 3", "7", "x y", "\x00", "\xff 1"])
def test_a_line_that_is_not_two_numbers_is_named(file, line):
    file.write_text(f"1 1\n\n{line}\n", encoding="latin-1")
    with pytest.raises(DataError, match=r"contour\.txt, line 3: expected two numbers \(x y\)"):
        read_contour(file)


def test_a_long_line_is_cut_in_the_message(file):
    file.write_text("a" * 1000)
    with pytest.raises(DataError, match=f"found '{'a' * 40}'$"):
        read_contour(file)


@pytest.mark.parametrize(("text", "found"), [("", 0), ("\n\n", 0), ("1 1\n2 2\n", 2)])
def test_fewer_than_three_points_enclose_nothing(file, text, found):
    file.write_text(text)
    with pytest.raises(DataError, match=rf"contour\.txt: {found} point\(s\).*at least 3"):
        read_contour(file)


@pytest.mark.parametrize("kind", ["absent", "folder"])
def test_what_cannot_be_opened_is_named_with_the_reason(file, kind):
    if kind == "folder":
        file.mkdir()
    with pytest.raises(DataError, match=r"contour\.txt: cannot be read \(.+\); replace it"):
        read_contour(file)


def test_a_triangle_is_filled_with_its_border():
    expected = [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
    mask = filled((2, 1), (5, 4), (2, 4))  # x is the column, y the row
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, expected)


def test_coordinates_are_cut_to_whole_pixels_not_rounded():
    corners = np.array([(2, 1), (5, 1), (5, 3), (2, 3)])
    np.testing.assert_array_equal(filled(*corners + 0.99), filled(*corners))
    assert filled(*corners).sum() == 4 * 3


def test_the_direction_and_the_first_point_do_not_matter(rng):
    points = rng.random((9, 2)) * (30, 20)
    mask = filled(*points, shape=(20, 30))
    assert 0 < mask.sum() < mask.size
    np.testing.assert_array_equal(filled(*points[::-1], shape=(20, 30)), mask)
    np.testing.assert_array_equal(filled(*np.roll(points, 4, axis=0), shape=(20, 30)), mask)


def test_points_on_the_last_row_and_column_are_inside():
    assert filled((0, 0), (7.9, 0), (7.9, 5.9), (0, 5.9)).all()


@pytest.mark.parametrize("point", [(8, 3), (3, 6), (-0.5, 3), (3, -0.5), (3, np.nan), (np.inf, 3)])
def test_a_point_outside_the_image_is_named(point):
    x, y = point
    message = rf"contour\.txt: the point x={x:g}, y={y:g} lies outside.* 6x8 pixels"
    with pytest.raises(DataError, match=message):
        filled((0, 0), (7, 0), (7, 5), point)
