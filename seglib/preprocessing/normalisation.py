"""Normalisations: stored intensities to numbers of a size that networks learn well from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from seglib.errors import DataError

if TYPE_CHECKING:  # images are prepared without tables
    from seglib.slices import SliceSet

#: Below this, float32 loses digits of a standard deviation's square, and then all of it.
_SMALL = 1e-18


def scale_255(images: np.ndarray) -> np.ndarray:
    """Divide 8-bit intensities by 255. Returns float32 in [0, 1]."""
    return images.astype(np.float32) / 255.0


def z_score(images: np.ndarray) -> np.ndarray:
    """Give each image mean 0 and standard deviation 1, per channel.

    A constant image becomes all zeros.

    Args:
        images: ``(N, H, W, C)``, any number type.

    Returns:
        ``(N, H, W, C)`` float32.
    """
    return _shifted_and_scaled(images, _mean_and_deviation)


def min_max(images: np.ndarray) -> np.ndarray:
    """Stretch each image to [0, 1], per channel; a constant image becomes all zeros.

    Args:
        images: ``(N, H, W, C)``, any number type.

    Returns:
        ``(N, H, W, C)`` float32.
    """
    return _shifted_and_scaled(images, _low_and_span)


def _mean_and_deviation(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each image and channel, ``(N, 1, 1, C)``."""
    return images.mean(axis=(1, 2), keepdims=True), images.std(axis=(1, 2), keepdims=True)


def _low_and_span(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each image and channel, ``(N, 1, 1, C)``."""
    low = images.min(axis=(1, 2), keepdims=True)
    return low, images.max(axis=(1, 2), keepdims=True) - low


def _shifted_and_scaled(
    images: np.ndarray, statistics: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """``(image - shift) / scale`` in float32, with the two `statistics` of each image.

    Where the numbers are too large or too small for float32 (their squares pass its range
    from 1e19 on, and vanish below 1e-19), the image is worked out anew in float64. All
    others stay in float32: the stored results were made with it.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        single = images.astype(np.float32)
        shift, scale = statistics(single)
        result = (single - shift) / np.where(scale > 0, scale, 1.0)
    doubtful = ~np.isfinite(shift) | ~np.isfinite(scale) | (scale < _SMALL)
    for n, _, _, c in np.argwhere(doubtful):
        image = images[n : n + 1, ..., c : c + 1].astype(np.float64)
        largest = np.abs(image).max()
        # Zeros have no size; with NaN or infinity nothing helps, and the result shows it.
        if not (np.isfinite(largest) and largest > 0):
            continue
        # float64 has a range, too; the result does not depend on a factor.
        image /= largest
        shift, scale = statistics(image)
        result[n, ..., c] = ((image - shift) / np.where(scale > 0, scale, 1.0))[0, ..., 0]
    return result


#: Normalisations that look at each image alone, by name.
NORMALISATIONS = {"255": scale_255, "z-score": z_score, "min-max": min_max}

#: Normalisation by constants: the name itself holds the mean and the standard deviation.
_FIXED = re.compile(r"fixed (?P<mean>-?\d+(?:\.\d+)?) (?P<deviation>\d+(?:\.\d+)?)")


def fixed(mean: float, deviation: float) -> str:
    """The name of a normalisation that is the same for every image.

    8-bit intensities are divided by 255, then `mean` is subtracted and the rest divided
    by `deviation`. Unlike a z-score this keeps how bright one image is beside another.

    Args:
        mean: On the scale [0, 1], of the training images.
        deviation: Their standard deviation on that scale, above 0.

    Returns:
        Such as ``"fixed 0.1317 0.1864"``, six decimals at most. One string holds all, so
        it is stored beside the weights like any other normalisation.

    Raises:
        DataError: A value is not finite, or the deviation is not above 0.
    """
    numbers = [f"{value:.6f}".rstrip("0").rstrip(".") for value in (mean, deviation)]
    name = " ".join(["fixed", *numbers])
    normaliser(name)  # refuses what it cannot read back
    return name


def normaliser(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function behind the name of a normalisation.

    Raises:
        DataError: There is none of this name.
    """
    if name in NORMALISATIONS:
        return NORMALISATIONS[name]
    if name == "none":
        return lambda images: images.astype(np.float32)
    found = _FIXED.fullmatch(name)
    if found is None:
        raise DataError(
            f"unknown normalisation {name!r}; choose from {', '.join(NORMALISATIONS)}, none "
            "(images that have been normalised already), "
            "'fixed MEAN DEVIATION' (such as 'fixed 0.1317 0.1864', on the scale [0, 1])"
        )
    mean, deviation = np.float32(found["mean"]), np.float32(found["deviation"])
    if not deviation > 0:
        raise DataError(f"normalisation {name!r}: the standard deviation must be above 0")
    return lambda images: (scale_255(images) - mean) / deviation


def as_8_bit(images: np.ndarray) -> np.ndarray:
    """Intensities of another range stretched to 0-255, each image by its own extremes.

    For normalisations that count on 8 bits: 16-bit pictures, or a scanner's raw numbers.

    Args:
        images: ``(N, H, W, C)``; 8-bit ones come back as they are.

    Returns:
        ``(N, H, W, C)`` float32 in [0, 255], or the uint8 input.
    """
    return images if images.dtype == np.uint8 else 255 * min_max(images)


def as_one_picture(normalise: Callable[[np.ndarray], np.ndarray], volume: np.ndarray) -> np.ndarray:
    """Normalise a volume with the statistics of all its slices together.

    Args:
        normalise: A normalisation, which looks at each image alone.
        volume: ``(S, H, W, C)``.

    Returns:
        ``(S, H, W, C)`` float32.
    """
    tall = volume.reshape(1, -1, *volume.shape[2:])
    return normalise(tall).reshape(volume.shape)


def mean_and_deviation(images: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation over all pixels of 8-bit images, on the scale [0, 1].

    Args:
        images: ``(N, H, W, C)`` uint8, at least one.

    Raises:
        DataError: The images are not uint8, or there are none.
    """
    if images.dtype != np.uint8 or not images.size:
        raise DataError(f"expected 8-bit images, found {images.shape} of {images.dtype}")
    # Counting the 256 grey values needs no float copy of thousands of images.
    counts = sum(np.bincount(image.ravel(), minlength=256) for image in images)
    grey = np.arange(256) / 255
    mean = np.average(grey, weights=counts)
    return float(mean), float(np.sqrt(np.average((grey - mean) ** 2, weights=counts)))


def training_statistics(slices: SliceSet) -> tuple[float, float]:
    """Mean and standard deviation of the training images, of a set with published parts.

    Give them to `fixed` to normalise by them.

    Args:
        slices: Any set of 8-bit images whose table has the column ``part``.

    Returns:
        Both on the scale [0, 1], over all pixels, background included.

    Raises:
        DataError: No image belongs to the part ``"train"``.
    """
    parts = slices.table.get("part")
    train = np.zeros(len(slices), bool) if parts is None else parts.eq("train").to_numpy()
    if not train.any():
        raise DataError(f"{slices.name} has no slices of the part 'train' to take the mean of")
    return mean_and_deviation(slices.images[train])
