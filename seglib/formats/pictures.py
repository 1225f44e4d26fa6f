"""Finding and reading image and mask files, and saying exactly what is wrong with a bad one."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

# A format can be opened once its module is imported.
from PIL import (
    BmpImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
)

from seglib.errors import DataError

#: Pillow decodes outside Python's global lock, so a few threads halve the reading time.
THREADS = 4

#: What a picture may be by its content, whatever its ending says. Pillow would open some
#: forty formats, EPS by starting another program.
FORMATS = ("PNG", "TIFF", "JPEG", "BMP")

#: Most pixels of a picture; Pillow only warns from here on. A header can claim any size,
#: and the memory is taken before the first pixel is read.
MOST_PIXELS = 89_478_485

#: How files begin that get a picture's ending, but are none of `FORMATS`.
_OTHER_FORMATS = {
    b"GIF8": "GIF",
    b"%!PS": "EPS",
    b"\xc5\xd0\xd3\xc6": "EPS",
    b"%PDF": "PDF",
    b"DDS ": "DDS",
    b"8BPS": "PSD",
    b"RIFF": "WebP",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\x00\x00\x01\x00": "ICO",
    b"icns": "ICNS",
    b"BLP": "BLP",
    b"\x01\xda": "SGI",
    b"\x1f\x8b": "gzip",
    b"<": "HTML or SVG",
}

#: Filters of warnings and the error stream belong to the whole process, not to a thread.
_ONE_THREAD = threading.Lock()

#: What libtiff prints about a damaged file: ``TIFFFillStrip: Read error on strip 0.``
_LIBTIFF_LINE = re.compile(rb"^\w+: .*\.\n", re.MULTILINE)

#: Tags of a TIFF file, and the values of them that Pillow passes over.
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_SAMPLE_FORMAT, _SIGNED = 339, (2,)

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else it writes on the console


def read_image(path: Path, *, white: int = 255) -> np.ndarray:
    """Read one picture as it is stored; a palette is applied, transparency dropped.

    Args:
        path: A file of one of `FORMATS`, with one page.
        white: What a 1-bit picture's white pixels get; its black ones get 0.

    Returns:
        ``(H, W)`` for grey pictures, ``(H, W, 3)`` for colour; uint8, or float32
        where the file holds more than 8 bits.

    Raises:
        DataError: The file is missing, unreadable, damaged or of another format, has
            several pages or more than `MOST_PIXELS`, or holds numbers that Pillow does
            not read as they are meant, or that are not finite.
    """
    try:
        with path.open("rb") as stream:
            pixels = _pixels(_open(stream, path), path, white)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except Image.DecompressionBombError:
        raise DataError(_too_large(path)) from None
    except UnidentifiedImageError as error:
        raise DataError(_what_else(path)) from error
    except MemoryError:
        raise DataError(f"{path}: needs more memory than there is; crop or resize it") from None
    except Exception as error:  # a damaged file can make Pillow fail anywhere, with any error
        raise DataError(
            f"{path}: not a readable picture ({getattr(error, 'strerror', None) or error}); "
            "replace the file by an intact copy"
        ) from error
    pixels = pixels.astype(np.uint8 if pixels.dtype == np.uint8 else np.float32, copy=False)
    require_finite(pixels, path)
    return pixels


def _open(stream: BinaryIO, path: Path) -> Image.Image:
    """A picture of which only the header has been read, and checked.

    Raises:
        DataError: It cannot be read as it is meant.
    """
    with _quietly():
        picture = Image.open(stream, formats=FORMATS)
        pages = getattr(picture, "n_frames", 1)
    if pages > 1:
        raise DataError(f"{path}: holds {pages} pages; save each page as a file of its own")
    if picture.width * picture.height > MOST_PIXELS:
        raise DataError(_too_large(path))
    stored = str(picture.tile[0][3]) if picture.tile else ""
    tags = getattr(picture, "tag_v2", {})
    wrong = ""
    if ";16" in stored and not picture.mode.startswith("I"):
        wrong = "colour or transparency of 16 bits, of which Pillow reads only 8"
    elif picture.mode not in ("1", "L") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        wrong = "more than 8 bits and counts white as 0, which Pillow does not turn around"
    elif picture.mode == "L" and tags.get(_SAMPLE_FORMAT) == _SIGNED:
        wrong = "signed numbers of 8 bits, which Pillow reads without their sign"
    if wrong:
        raise DataError(f"{path}: holds {wrong}; save it as grey PNG of 8 or 16 bits")
    return picture


def _pixels(picture: Image.Image, path: Path, white: int) -> np.ndarray:
    """Decode a picture: ``(H, W)`` or ``(H, W, 3)``."""
    picture.info.pop("transparency", None)  # dropped anyway, but Pillow would warn
    if picture.format == "TIFF":
        with _quietly(), _heard() as lines:
            picture.load()
        if lines:  # libtiff has gone on, with pixels that it made up
            raise DataError(
                f"{path}: the TIFF file is damaged ({lines[0]}); replace it by an intact copy"
            )
    if picture.mode == "1":
        return np.asarray(picture) * np.uint8(white)
    if picture.mode in ("L", "RGB", "F") or picture.mode.startswith("I"):
        return np.asarray(picture)
    if picture.mode in ("LA", "La"):
        return np.asarray(picture.convert("LA").convert("L"))
    return np.asarray(picture.convert("RGB"))


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave out Pillow's warnings: of metadata, which are not used, and of large pictures."""
    with _ONE_THREAD, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what libtiff prints on the error stream; what others print there goes on."""
    lines: list[str] = []
    with tempfile.TemporaryFile() as printed:
        stream = os.dup(2)
        os.dup2(printed.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(stream, 2)
            printed.seek(0)
            text = printed.read()
            lines += [line.decode(errors="replace").strip() for line in _LIBTIFF_LINE.findall(text)]
            os.write(stream, _LIBTIFF_LINE.sub(b"", text))
            os.close(stream)


def _too_large(path: Path) -> str:
    return (
        f"{path}: says that it has more than {MOST_PIXELS:,} pixels; crop or resize it, or replace "
        "it, if it is damaged"
    )


def _what_else(path: Path) -> str:
    """What to say of a file that is none of `FORMATS`."""
    with path.open("rb") as stream:
        start = stream.read(132)
    names = [name for magic, name in _OTHER_FORMATS.items() if start.startswith(magic)]
    names += ["HEIF or AVIF"] * (start[4:8] == b"ftyp") + ["DICOM"] * (start[128:] == b"DICM")
    expected = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    if names:
        return f"{path}: is {names[0]}, whatever its ending says; convert it to PNG or TIFF"
    what = "no intact" if start else "an empty file; expected"
    return f"{path}: not a readable picture: {what} {expected}; replace it by an intact copy"


def require_finite(values: np.ndarray, path: Path) -> None:
    """Refuse values that are not finite.

    Args:
        values: What was read, of any shape and number type.
        path: The file, named in the error.

    Raises:
        DataError: A value is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise DataError(f"{path}: holds values that are not finite (NaN); replace them, e.g. by 0")


def is_grey(pixels: np.ndarray) -> bool:
    """Whether a picture has no colour: one channel, or three equal ones."""
    # Plane by plane: comparing pixel by pixel, three values at a time, takes ten times as long.
    return pixels.ndim == 2 or all(
        np.array_equal(pixels[..., channel], pixels[..., 0])
        for channel in range(1, pixels.shape[-1])
    )


def read_grey_mask(path: Path) -> np.ndarray:
    """Read one mask file as it is stored; 1 bit gives 0 and 1, a palette its grey values.

    Of a palette the colours count, not the numbers behind them.

    Returns:
        ``(H, W)`` uint8, or float32 where the file holds more than 8 bits.

    Raises:
        DataError: The file cannot be read, or has colour.
    """
    pixels = read_image(path, white=1)
    if not is_grey(pixels):
        raise DataError(
            f"{path}: a mask must be grey, found three different colour channels; save the class "
            "numbers as grey values"
        )
    return pixels if pixels.ndim == 2 else pixels[..., 0]


def read_binary_mask(path: Path) -> np.ndarray:
    """Read one mask file with the values 0 and 255, or 0 and 1.

    Returns:
        ``(H, W)`` uint8, 1 inside the structure.

    Raises:
        DataError: The file cannot be read, has colour, or holds any other value.
    """
    pixels = read_grey_mask(path)
    inside = pixels > 0
    # Comparing with the largest value is faster than np.unique, which only a bad mask needs.
    largest = pixels.max(initial=0)
    if largest not in (0, 1, 255) or (pixels[inside] != largest).any():
        values = np.unique(pixels)
        stray = values[~np.isin(values, (0, 255))].tolist()
        raise DataError(
            f"{path}: a mask must hold only 0 and 255 (or only 0 and 1); found {len(values)} "
            f"values, among them {', '.join(f'{value:g}' for value in stray[:5])}. Grey values "
            "come from resizing with a smoothing filter or from JPEG; save the mask anew, or "
            "threshold it first"
        )
    return inside.astype(np.uint8)


def read_pair(image_path: Path, mask_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one image and its mask, and check that they lie on the same grid.

    Returns:
        Image ``(H, W)`` or ``(H, W, 3)`` and mask ``(H, W)`` uint8 with values 0 and 1.

    Raises:
        DataError: Either file is bad, or their sizes differ.
    """
    image, mask = read_image(image_path), read_binary_mask(mask_path)
    if image.shape[:2] != mask.shape:
        raise DataError(
            f"{mask_path}: the mask is {mask.shape[0]}x{mask.shape[1]} pixels (height x width), "
            f"but its image {image_path.name} is {image.shape[0]}x{image.shape[1]}"
        )
    return image, mask


def read_all(read: Callable, *paths: Sequence[Path]) -> list:
    """Call `read` on each file (or pair of files), in order, with a few threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(read, *paths))
