"""ROI files built byte by byte as ImageJ's decoder describes them, whole, cut and spoilt."""

import struct
import zipfile

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.formats.annotations.imagej_roi import read_rois

SHAPE = (6, 8)
HEART = {"heart": 1}
SQUARE = [(1, 1), (5, 1), (5, 4), (1, 4)]


def roi(points=(), kind=0, box=None, name="", options=0, exact=None, path=None, **more):
    """The bytes of an ROI; `box` is left, top, right, bottom, and points count from its corner."""
    left, top, right, bottom = box or (*np.min(points, axis=0), *np.max(points, axis=0))
    head = bytearray(64)
    struct.pack_into(">4shB", head, 0, b"Iout", more.get("version", 227), kind)
    struct.pack_into(">4hH", head, 8, top, left, bottom, right, len(points))
    if exact is not None and kind in (1, 2):
        struct.pack_into(">4f", head, 18, *exact)
    struct.pack_into(">i", head, 36, len(path or ()))
    struct.pack_into(">2h", head, 48, more.get("subtype", 0), options)
    struct.pack_into(">h", head, 54, more.get("arc", 0))
    body = b"".join(struct.pack(">h", x - left) for x, _ in points)
    body += b"".join(struct.pack(">h", y - top) for _, y in points)
    if exact is not None and kind not in (1, 2):
        body += np.array(exact, ">f4").T.tobytes()
    if path:
        body += np.array(path, ">f4").tobytes()
    at = 64 + len(body)
    struct.pack_into(">2i", head, 56, more.get("position", 0), at)
    second = bytearray(64)
    struct.pack_into(">3i", second, 4, 0, more.get("slice", 0), more.get("frame", 0))
    struct.pack_into(">2i", second, 16, at + 64, len(name))
    return bytes(head) + body + bytes(second) + name.encode("utf-16-be")


@pytest.fixture
def read(tmp_path):
    def read(content, classes=HEART):
        (tmp_path / "03.roi").write_bytes(content)
        return read_rois(tmp_path / "03.roi", classes, SHAPE)

    return read


@pytest.fixture
def read_zip(tmp_path):
    def read_zip(classes=HEART, **rois):
        with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in rois.items():
                archive.writestr(f"{name}.roi", content)
        return read_rois(tmp_path / "set.zip", classes, SHAPE)

    return read_zip


def box(top, bottom, left, right, index=1):
    mask = np.zeros(SHAPE, np.uint8)
    mask[top:bottom, left:right] = index
    return mask


#: A square of 4 x 3 pixels named "heart-2", as `roifile` 2026.2 writes it.
FROM_ROIFILE = bytes.fromhex(
    "496f757400e507000001000100050006000400000000000000000000000000000000000000000000000000000000"
    "00000000002800000000000000000000005000000004000400000000000000030003000000000000000000000000"
    "00000000000000900000000700000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000680065006100720074002d0032"
)


@pytest.mark.parametrize(
    "content",
    [roi(SQUARE), roi(SQUARE, kind=7), FROM_ROIFILE],
    ids=["polygon", "freehand", "of another writer"],
)
def test_whole_coordinates_are_the_corners_of_pixels(read, content):
    mask = read(content)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, box(1, 4, 1, 5))


def test_exact_coordinates_count_where_the_file_has_them(read):
    exact = [(1.6, 1), (5, 1), (5, 3.4), (1.6, 3.4)]
    np.testing.assert_array_equal(read(roi(SQUARE, options=128, exact=exact)), box(1, 3, 2, 5))
    # An old version, or another option, has none, whatever follows.
    np.testing.assert_array_equal(read(roi(SQUARE, options=8, exact=exact)), box(1, 4, 1, 5))
    old = roi(SQUARE, options=128, exact=exact, version=221)
    np.testing.assert_array_equal(read(old), box(1, 4, 1, 5))


def test_rectangles_and_ovals_are_their_boxes(read):
    np.testing.assert_array_equal(read(roi(kind=1, box=(1, 1, 5, 4))), box(1, 4, 1, 5))
    exact = (1.6, 1.0, 3.4, 2.4)  # left, top, width, height
    precise = roi(kind=1, box=(1, 1, 5, 4), options=128, exact=exact)
    np.testing.assert_array_equal(read(precise), box(1, 3, 2, 5))
    oval = read(roi(kind=2, box=(2, 1, 6, 5)))  # a circle of 4 pixels across, centre (4, 3)
    expected = box(1, 5, 2, 6)
    expected[[1, 1, 4, 4], [2, 5, 2, 5]] = 0  # 2.12 from the centre; all others at most 1.58
    np.testing.assert_array_equal(oval, expected)


def path_of(*rings):
    numbers = []
    for first, *others in rings:
        numbers += [0, *first]
        for point in others:
            numbers += [1, *point]
        numbers += [4]
    return numbers


def test_a_composite_has_holes(read):
    inner = [(2, 2), (4, 2), (4, 3), (2, 3)]
    content = roi(kind=1, box=(1, 1, 5, 4), path=path_of(SQUARE, inner))
    expected = box(1, 4, 1, 5)
    expected[2, 2:4] = 0
    np.testing.assert_array_equal(read(content), expected)


def test_the_curves_of_a_composite_are_followed(read):
    # Four cubic curves that make a circle of radius 3 around (4, 3): Java's way to draw an oval.
    k = 3 * 0.5523
    circle = [0, 7, 3]
    circle += [3, 7, 3 + k, 4 + k, 6, 4, 6, 3, 4 - k, 6, 1, 3 + k, 1, 3]
    circle += [3, 1, 3 - k, 4 - k, 0, 4, 0, 3, 4 + k, 0, 7, 3 - k, 7, 3, 4, 0, 0, 0]
    rows, columns = np.indices(SHAPE) + 0.5
    expected = np.hypot(columns - 4, rows - 3) <= 3
    content = roi(kind=1, box=(1, 0, 7, 6), path=circle)
    np.testing.assert_array_equal(read(content), expected)
    # A quadratic one: the parabola through (0, 6), (4, 3), (8, 6) stands below 4 rows at x = 4.
    hill = roi(kind=1, box=(0, 0, 8, 6), path=[0, 0, 6, 2, 4, 0, 8, 6, 4])
    np.testing.assert_array_equal(read(hill)[:, 4], [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("path", [[9, 1, 1], [0, 1], [1, 1, 1], [float("nan"), 1, 1]])
def test_a_damaged_path_is_refused(read, path):
    with pytest.raises(DataError, match=r"03\.roi: its path is damaged"):
        read(roi(kind=1, box=(1, 1, 5, 4), path=path))


def test_all_rois_of_a_zip_file_are_painted_in_its_order(read_zip):
    other = [(4, 0), (8, 0), (8, 6), (4, 6)]
    np.testing.assert_array_equal(
        read_zip(a=roi(SQUARE), b=roi(other)), np.maximum(box(1, 4, 1, 5), box(0, 6, 4, 8))
    )


def test_several_classes_are_told_by_the_names_of_the_rois(read_zip):
    classes = {"heart": 1, "vessel": 2, "hole": 0}
    rois = {
        "0001-0003": roi(SQUARE, name="heart"),
        "0002-0003": roi([(4, 0), (8, 0), (8, 6), (4, 6)], name="vessel-1"),
        "hole": roi([(2, 2), (3, 2), (3, 3), (2, 3)]),  # without a name inside: the file's
    }
    expected = np.maximum(box(1, 4, 1, 5), box(0, 6, 4, 8, index=2))
    expected[2, 2] = 0
    np.testing.assert_array_equal(read_zip(classes, **rois), expected)
    with pytest.raises(DataError, match=r"set\.zip, ROI b: the label 'liver' is not expected"):
        read_zip(classes, a=roi(SQUARE, name="heart"), b=roi(SQUARE, name="liver"))


@pytest.mark.parametrize("where", ["position", "slice", "frame"])
def test_rois_of_several_slices_are_not_laid_on_one_image(read_zip, where):
    of_one = {name: roi(SQUARE, **{where: 3}) for name in "ab"}
    np.testing.assert_array_equal(read_zip(**of_one), box(1, 4, 1, 5))
    with pytest.raises(DataError, match="belong to the slices 3, 7 of a stack"):
        read_zip(a=roi(SQUARE, **{where: 3}), b=roi(SQUARE, **{where: 7}))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (roi(SQUARE, kind=3), "straight line"),
        (roi(SQUARE, kind=5), "segmented line"),
        (roi(SQUARE, kind=10), "point"),
        (roi(SQUARE, kind=6), "selection of type 6"),
        (roi(SQUARE, options=1), "polygon with a fitted spline"),
        (roi(kind=1, box=(1, 1, 5, 4), arc=4), "rounded rectangle"),
        (roi(kind=1, box=(1, 1, 5, 4), subtype=1), "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_plain_area_is_refused_by_name(read, content, what):
    with pytest.raises(DataError, match=rf"03\.roi: is a {what}.*draw a polygon"):
        read(content)


def test_an_outline_beyond_the_image_is_refused(read):
    with pytest.raises(DataError, match=r"03\.roi: the point x=20, y=1 lies outside.* 6x8"):
        read(roi([(1, 1), (20, 1), (5, 4)]))


@pytest.mark.parametrize("length", [4, 7, 20, 63, 64, 70, 79])
def test_a_file_that_was_cut_is_refused(read, length):
    whole = roi(SQUARE)
    with pytest.raises(DataError, match=rf"03\.roi: ends after {length} bytes"):
        read(whole[:length])


def test_no_length_of_a_cut_file_gives_a_mask(read):
    whole = roi(SQUARE, options=128, exact=SQUARE, name="heart")
    for length in range(len(whole)):
        with pytest.raises(DataError, match=r"03\.roi"):
            read(whole[:length])


@pytest.mark.parametrize("content", [b"", b"Iou", b"\x89PNG"])
def test_another_kind_of_file_is_refused(read, content):
    with pytest.raises(DataError, match=r"03\.roi: is no ImageJ ROI file"):
        read(content)


def test_claims_of_many_points_take_no_memory(read):
    content = bytearray(roi(SQUARE))
    struct.pack_into(">Hi", content, 16, 0, 2**31 - 1)
    with pytest.raises(DataError, match=r"has 0 point\(s\), needs 3"):
        read(bytes(content))
    content = bytearray(roi(kind=1, box=(1, 1, 5, 4), path=path_of(SQUARE)))
    struct.pack_into(">i", content, 36, 2**31 - 1)
    with pytest.raises(DataError, match="ends after"):
        read(bytes(content))


def test_a_zip_file_with_anything_else_or_nothing_is_refused(read_zip, tmp_path):
    with pytest.raises(DataError, match=r"set\.zip: holds no ROI"):
        read_zip()
    for name in ("notes.txt", "03.png"):
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            archive.writestr(name, "x")
        with pytest.raises(DataError, match=f"holds {name}, which is no ROI file"):
            read_rois(tmp_path / "set.zip", HEART, SHAPE)
    (tmp_path / "set.zip").write_bytes(b"PK no archive")
    with pytest.raises(DataError, match=r"set\.zip: the ZIP file is damaged"):
        read_rois(tmp_path / "set.zip", HEART, SHAPE)
    read_zip(a=roi(SQUARE))
    content = bytearray((tmp_path / "set.zip").read_bytes())
    content[35:75] = bytes(range(200, 240))  # in the packed bytes, after the entry's header
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"set\.zip: the ZIP file is damaged"):
        read_rois(tmp_path / "set.zip", HEART, SHAPE)
    with pytest.raises(DataError, match=r"gone\.zip: cannot be read"):
        read_rois(tmp_path / "gone.zip", HEART, SHAPE)
