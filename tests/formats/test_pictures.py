"""Reading pictures: what each kind becomes, and what is refused, with the reason."""

import os
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from seglib.errors import DataError
from seglib.files import REPOSITORY
from seglib.formats import pictures
from seglib.formats.pictures import read_all, read_binary_mask, read_grey_mask, read_image

BLACK_WHITE = np.array([[0, 255, 255], [255, 0, 0]], np.uint8)

#: Starts of files that Pillow opens whatever their ending says, or that are often misnamed.
DISGUISES = {
    "GIF": b"GIF89a",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "DDS": b"DDS |\0\0\0",
    "PSD": b"8BPS\0\1",
    "JPEG 2000": b"\xff\x4f\xff\x51",
    "HEIF or AVIF": b"\0\0\0\x20ftypheic",
    "DICOM": bytes(128) + b"DICM",
    "gzip": b"\x1f\x8b\x08",
    "HTML or SVG": b"<!DOCTYPE html>",
}


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
@pytest.mark.parametrize("kind", DISGUISES)
def test_what_a_disguised_file_really_is(kind, ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(DISGUISES[kind] + bytes(200))
    with pytest.raises(DataError, match=f"a.{ending}: is {kind}, .*convert it to PNG or TIFF"):
        read_image(path)


def test_no_picture_starts_another_program(tmp_path, monkeypatch):
    """Pillow gives an EPS file to Ghostscript, wherever it finds it."""
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program ran"))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program ran"))
    Image.new("RGB", (9, 9)).save(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.png")
    with pytest.raises(DataError, match="a.png: is EPS"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "BMP"])
def test_the_content_counts_not_the_ending(kind, tmp_path):
    Image.new("L", (5, 4), 77).save(tmp_path / "a.png", format=kind)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.full((4, 5), 77))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_one_bit_is_black_and_white_as_an_image_and_0_and_1_as_a_mask(kind, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(BLACK_WHITE).convert("1").save(path, format=kind)
    image = read_image(path)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, BLACK_WHITE)
    np.testing.assert_array_equal(read_grey_mask(path), BLACK_WHITE > 0)
    np.testing.assert_array_equal(read_binary_mask(path), BLACK_WHITE > 0)


COLOUR = np.array([[[200, 40, 90], [0, 255, 3]]], np.uint8)


def in_mode(mode):
    """A picture of this mode, its file format, and the array that it must be read as."""
    colour, grey = Image.fromarray(COLOUR), Image.fromarray(BLACK_WHITE)
    if mode == "P":  # its numbers are not its colours
        picture = grey.point(lambda value: value // 255)
        picture.putpalette([0, 255, 3, 200, 40, 90])
        return picture, "PNG", COLOUR[0][(BLACK_WHITE == 0).astype(int)]
    if mode == "P with transparency":
        picture, kind, expected = in_mode("P")
        picture.info["transparency"] = b"\x00\x80"
        return picture, kind, expected
    if mode in ("LA", "RGBA"):
        picture = (grey if mode == "LA" else colour).copy()
        picture.putalpha(3)
        return picture, "PNG", BLACK_WHITE if mode == "LA" else COLOUR
    if mode == "CMYK":
        return colour.convert("CMYK"), "TIFF", COLOUR
    if mode == "I;16":
        deep = np.array([[0, 40000]], np.uint16)
        return Image.fromarray(deep), "PNG", deep.astype(np.float32)
    numbers = np.array([[-7, 70000]], np.int32 if mode == "I" else np.float32)
    return Image.fromarray(numbers), "TIFF", numbers.astype(np.float32)


@pytest.mark.parametrize(
    "mode", ["P", "P with transparency", "LA", "RGBA", "CMYK", "I;16", "I", "F"]
)
def test_each_mode_keeps_what_the_picture_shows(mode, tmp_path):
    picture, kind, expected = in_mode(mode)
    picture.save(tmp_path / "a.png", format=kind, **picture.info)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = read_image(tmp_path / "a.png")
    assert pixels.dtype == expected.dtype
    np.testing.assert_array_equal(pixels, expected)


def test_of_a_palette_mask_the_colours_count(tmp_path):
    """Class numbers behind other colours are refused, not guessed."""
    picture, _, _ = in_mode("P")
    picture.save(tmp_path / "a.png")
    with pytest.raises(DataError, match="a mask must be grey.*save the class numbers"):
        read_binary_mask(tmp_path / "a.png")


def deep_colour(path):
    """A PNG of 16 bits a channel: Pillow reads such files, but does not write them."""
    Image.new("RGB", (2, 2)).save(path, compress_level=0)
    data = bytearray(path.read_bytes())
    data[24] = 16  # the header's depth; its checksum comes 5 bytes later
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)


def tiff(pixels, tags):
    return lambda path: Image.fromarray(pixels).save(path, format="TIFF", tiffinfo=tags)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (deep_colour, "16 bits, of which Pillow reads only 8"),
        (tiff(np.ones((2, 2), np.float32), {262: 0}), "counts white as 0"),
        (tiff(np.ones((2, 2), np.uint8), {339: 2}), "without their sign"),
        (tiff(np.full((2, 2), np.nan, np.float32), {}), "not finite"),
    ],
    ids=["deep colour", "white is zero", "signed", "NaN"],
)
def test_numbers_that_would_be_read_wrongly_are_refused(write, message, tmp_path):
    write(tmp_path / "a.png")
    with pytest.raises(DataError, match=f"a.png: holds .*{message}"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "MPO"])
def test_several_pages_are_refused(kind, tmp_path):
    page = Image.new("RGB", (8, 8))
    other = Image.new("RGB", (8, 8), "white")
    page.save(tmp_path / "a.png", format=kind, save_all=True, append_images=[other])
    with pytest.raises(DataError, match="a.png: holds 2 pages; save each page"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("factor", [0.6, 1.2])
def test_a_picture_with_more_pixels_than_the_limit(factor, tmp_path, monkeypatch):
    """Pillow warns from its limit on, and refuses from twice as many pixels on."""
    Image.new("L", (100, 60)).save(tmp_path / "a.png")
    monkeypatch.setattr(pictures, "MOST_PIXELS", 5999)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(factor * 5000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match="a.png: says that it has more than 5,999 pixels"):
            read_image(tmp_path / "a.png")


def test_the_limit_is_where_pillow_begins_to_warn():
    assert pictures.MOST_PIXELS == Image.MAX_IMAGE_PIXELS


def without_size(path):
    """A TIFF file whose width has lost its tag."""
    Image.new("L", (5, 4)).save(path, format="TIFF")
    width = (256).to_bytes(2, "little") + (4).to_bytes(2, "little")
    path.write_bytes(path.read_bytes().replace(width, bytes([9, 9]) + width[2:], 1))


def damaged_fax(path):
    """libtiff makes up what it cannot decode, and says so only on the console."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.random((40, 60)) > 0.5).save(path, format="TIFF", compression="group4")
    data = bytearray(path.read_bytes())
    with Image.open(path) as picture:
        start = picture.tag_v2[273][0]
    data[start + 20] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (without_size, "not a readable picture"),
        (damaged_fax, "the TIFF file is damaged .Fax4Decode"),
        (lambda path: path.write_bytes(b""), "an empty file; expected PNG, TIFF, JPEG or BMP"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"), "no intact PNG, TIFF"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: None, "no such file"),
    ],
)
def test_a_damaged_file_is_an_error_of_the_user_and_says_nothing_else(
    write, message, tmp_path, capfd
):
    write(tmp_path / "a.png")
    with pytest.raises(DataError, match=message):
        read_image(tmp_path / "a.png")
    assert capfd.readouterr() == ("", "")


def test_what_others_print_while_a_tiff_is_decoded_is_not_lost(tmp_path, capfd, monkeypatch):
    Image.new("L", (5, 4), 7).save(tmp_path / "a.tif")
    load = Image.Image.load

    def speak_and_load(picture):
        os.write(2, b"\rpredict: 50%")
        return load(picture)

    monkeypatch.setattr(pictures.TiffImagePlugin.TiffImageFile, "load", speak_and_load)
    with pytest.raises(DataError):  # that load is not the one of a file
        read_image(tmp_path / "a.tif")
    assert capfd.readouterr().err.startswith("\rpredict: 50%")


def test_threads_leave_the_filters_of_warnings_as_they_were(tmp_path):
    for number in range(40):
        Image.new("L", (5, 4), number).save(tmp_path / f"{number}.tif")
    before = list(warnings.filters)
    pixels = read_all(read_image, [tmp_path / f"{number}.tif" for number in range(40)])
    assert [array[0, 0] for array in pixels] == list(range(40))
    assert warnings.filters == before


@pytest.mark.slow
def test_every_hostile_picture_is_read_or_refused(data_dir, tmp_path):
    """Each under its own ending and under each that a picture may have, in a fresh process."""
    hostile = data_dir / "hostile" / "pictures"
    if not hostile.is_dir():
        pytest.skip("real files absent: SEGLIB_DATA_DIR has no folder hostile/pictures")
    code = """
import sys
from pathlib import Path
from seglib.errors import DataError
from seglib.formats.pictures import read_image
for path in sorted(Path(sys.argv[1]).iterdir()):
    for ending in (path.suffix, ".png", ".tif", ".jpg"):
        link = Path(sys.argv[2]) / f"{path.stem}{ending}"
        link.unlink(missing_ok=True)
        link.symlink_to(path)
        try:
            read_image(link)
            print("read")
        except DataError as error:
            assert str(link) in str(error), error
            print("refused")
status = Path("/proc/self/status")
if status.is_file():  # not getrusage: that remembers the process which started this one
    words = status.read_text().split()
    assert int(words[words.index("VmHWM:") + 1]) < 2 * 2**20  # KiB
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(hostile), str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # a file that is never done with
    )
    assert (done.returncode, done.stderr) == (0, "")
    files = len(list(hostile.iterdir()))
    assert done.stdout.count("\n") == 4 * files
    assert 0 < done.stdout.count("read") < done.stdout.count("refused")
