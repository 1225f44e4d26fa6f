"""Contour files: points as they stand, and masks with their border; faults are named by line."""

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.formats.contours import fill_contour, fill_rings, read_contour


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


SQUARE = np.array([(1, 1), (5, 1), (5, 4), (1, 4)], float)  # 4 wide, 3 high


def test_a_ring_keeps_its_area_where_a_contour_takes_its_border_too():
    expected = np.zeros((6, 8), np.uint8)
    expected[1:4, 1:5] = 1
    mask = fill_rings([SQUARE], (6, 8))
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, expected)
    assert filled(*SQUARE).sum() == 5 * 4


def test_a_pixel_counts_if_its_centre_is_inside():
    # The triangle's slanted side runs through (4, 0) and (0, 4): centres with x + y < 4.
    mask = fill_rings([np.array([(0, 0), (4.01, 0), (0, 4.01)])], (5, 5))
    rows, columns = np.indices((5, 5))
    np.testing.assert_array_equal(mask, rows + columns + 1 < 4.01)


def test_a_centre_on_a_side_is_out_at_the_left_and_above_and_in_at_the_right_and_below():
    half = np.array([(1.5, 0.5), (4.5, 0.5), (4.5, 3.5), (1.5, 3.5)])
    expected = np.zeros((6, 8), np.uint8)
    expected[1:4, 2:5] = 1
    np.testing.assert_array_equal(fill_rings([half], (6, 8)), expected)


def test_a_ring_in_a_ring_is_a_hole_and_one_in_the_hole_is_not():
    outer, hole, island = (
        np.array([(a, a), (b, a), (b, b), (a, b)]) for a, b in ((0, 9), (2, 7), (4, 5))
    )
    assert fill_rings([outer, hole], (9, 9)).sum() == 81 - 25
    mask = fill_rings([outer, hole, island], (9, 9))
    assert mask.sum() == 81 - 25 + 1
    assert mask[4, 4] == 1 and mask[3, 3] == 0


def test_direction_first_point_and_repeated_points_of_a_ring_do_not_matter(rng):
    points = rng.random((9, 2)) * (30, 20)
    mask = fill_rings([points], (20, 30))
    assert 0 < mask.sum() < mask.size
    for same in (points[::-1], np.roll(points, 4, axis=0), np.repeat(points, 2, axis=0)):
        np.testing.assert_array_equal(fill_rings([same], (20, 30)), mask)


def test_what_lies_outside_the_image_is_left_out_on_every_side():
    inside = fill_rings([SQUARE + (10, 10)], (30, 30))
    for shift in ((-12, 0), (17, 0), (0, -12), (0, 18), (-100, -100), (100, 100)):
        moved = fill_rings([SQUARE + (10, 10) + shift], (30, 30))
        expected = np.zeros_like(inside)
        rows, columns = np.nonzero(inside)
        rows, columns = rows + shift[1], columns + shift[0]
        kept = (rows >= 0) & (rows < 30) & (columns >= 0) & (columns < 30)
        expected[rows[kept], columns[kept]] = 1
        np.testing.assert_array_equal(moved, expected)


def test_the_area_is_that_of_the_shoelace_formula(rng):
    angles = np.sort(rng.random(14)) * 2 * np.pi
    points = 100 + np.stack([70 * np.cos(angles), 50 * np.sin(angles)], axis=1)
    x, y = points.T
    area = abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
    assert fill_rings([points], (200, 200)).sum() == pytest.approx(area, rel=0.005)
