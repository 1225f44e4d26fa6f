"""Normalisations: stored intensities to numbers of a size that networks learn well from."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import numpy as np

from seglib.errors import DataError


def scale_255(images: np.ndarray) -> np.ndarray:
    """Divide 8-bit intensities by 255. Returns float32 in [0, 1]."""
    return images.astype(np.float32) / 255.0


#: Up to here the squares of a picture's values fit into a 32-bit sum.
_LARGE = 1e15


def _wide_where_needed(
    normalise: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """Let a normalisation compute in 32 bits, and in 64 for images with very large values.

    The statistics of such images overflow 32 bits without a word, and nothing is left of them.
    Image by image, so that no image changes another.
    """

    @functools.wraps(normalise)
    def either(images: np.ndarray) -> np.ndarray:
        if images.dtype.kind in "bu" and images.dtype.itemsize <= 4:
            return normalise(images.astype(np.float32))
        large = np.array([np.abs(image).max(initial=0) > _LARGE for image in images], bool)
        if not large.any():
            return normalise(images.astype(np.float32))
        done = np.empty(images.shape, np.float32)
        done[~large] = normalise(images[~large].astype(np.float32))
        done[large] = normalise(images[large].astype(np.float64))
        return done

    return either


@_wide_where_needed
def z_score(images: np.ndarray) -> np.ndarray:
    """Give each image mean 0 and standard deviation 1, per channel.

    A constant image becomes all zeros.

    Args:
        images: ``(N, H, W, C)``, any number type.

    Returns:
        ``(N, H, W, C)`` float32.
    """
    mean = images.mean(axis=(1, 2), keepdims=True)
    deviation = images.std(axis=(1, 2), keepdims=True)
    return (images - mean) / np.where(deviation > 0, deviation, 1.0)


@_wide_where_needed
def min_max(images: np.ndarray) -> np.ndarray:
    """Stretch each image to [0, 1], per channel; a constant image becomes all zeros.

    Args:
        images: ``(N, H, W, C)``, any number type.

    Returns:
        ``(N, H, W, C)`` float32.
    """
    low = images.min(axis=(1, 2), keepdims=True)
    span = images.max(axis=(1, 2), keepdims=True) - low
    return (images - low) / np.where(span > 0, span, 1.0)


def drowned(image: np.ndarray) -> bool:
    """Whether a few values are so large that all others look alike beside them.

    Args:
        image: ``(H, W, C)``, intensities as stored.

    Returns:
        True where the middle 90 % of the values lie within a millionth of the whole range,
        though they are not all the same.
    """
    if np.abs(image).max(initial=0) <= _LARGE:
        return False
    wide = image.astype(np.float64)
    low, high = np.percentile(wide, [5, 95])
    return bool(low < high and high - low < 1e-6 * (wide.max() - wide.min()))


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
