"""Reading image and mask files, and saying exactly what is wrong with a bad one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from seglib.errors import DataError

#: Pillow decodes outside Python's global lock, so a few threads halve the reading time.
THREADS = 4


def read_image(path: Path) -> np.ndarray:
    """Read one picture as it is stored; a palette is applied, transparency dropped.

    Args:
        path: A PNG, JPEG or one-page TIFF file.

    Returns:
        ``(H, W)`` for grey pictures, ``(H, W, 3)`` for colour; uint8, or float32
        where the file holds more than 8 bits.

    Raises:
        DataError: The file is missing, corrupt, no picture, or has several pages.
    """
    try:
        with Image.open(path) as picture:
            pages = getattr(picture, "n_frames", 1)
            if picture.mode == "LA":
                pixels = np.asarray(picture.convert("L"))
            elif picture.mode in ("RGBA", "P", "PA", "CMYK", "YCbCr", "LAB"):
                pixels = np.asarray(picture.convert("RGB"))
            else:
                pixels = np.asarray(picture)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: not a readable picture ({error}); replace the file by an intact copy"
        ) from error
    if pages > 1:
        raise DataError(f"{path}: holds {pages} pages; save each page as a file of its own")
    return pixels.astype(np.uint8 if pixels.dtype in (bool, np.uint8) else np.float32, copy=False)


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


def read_binary_mask(path: Path) -> np.ndarray:
    """Read one mask file with the values 0 and 255, or 0 and 1.

    Returns:
        ``(H, W)`` uint8, 1 inside the structure.

    Raises:
        DataError: The file cannot be read, has colour, or holds any other value.
    """
    pixels = read_image(path)
    if not is_grey(pixels):
        raise DataError(f"{path}: a mask must be grey, found three different colour channels")
    pixels = pixels if pixels.ndim == 2 else pixels[..., 0]
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
