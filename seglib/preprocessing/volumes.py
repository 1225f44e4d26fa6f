"""One case as one volume: its slices in order, prepared as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seglib.preprocessing.normalisation import as_8_bit, as_one_picture, min_max
from seglib.preprocessing.steps import Preprocessing, center_crop_or_pad

if TYPE_CHECKING:  # volumes are prepared without tables
    from seglib.slices import SliceSet


def prepare_volume(images: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """One case for a 3-D network: resized and cropped in the plane, normalised as a whole.

    Args:
        images: ``(S, H, W, C)``, intensities as stored.
        preprocessing: As for slices, but the normalisation's statistics are those of
            all slices together: how bright one slice is beside the next has meaning.

    Returns:
        ``(S, h, w, C)`` float32.
    """
    images = preprocessing.resize_images(images)
    size = preprocessing.target_size(*images.shape[1:3])
    images = center_crop_or_pad(images, preprocessing.crop_size(*images.shape[1:3]))
    return center_crop_or_pad(as_one_picture(preprocessing.normalise, images), size)


def at_least(stack: np.ndarray, slices: int) -> np.ndarray:
    """``(S, h, w, C)`` with its last slices mirrored until there are `slices`."""
    missing = slices - len(stack)
    if missing <= 0:
        return stack
    return np.pad(stack, [(0, missing), (0, 0), (0, 0), (0, 0)], mode="symmetric")


def normalise_volume(images: np.ndarray) -> np.ndarray:
    """Stretch one volume to [0, 1] by its own extremes, per channel.

    This is what system 3 does in two steps, z-score, then min-max. The first step adds
    nothing: the z-score is a straight line with a positive slope, and min-max gives the
    same whatever line came before it. The test shows it on real volumes.

    Args:
        images: ``(S, H, W, C)``, any number type; all slices of one case.

    Returns:
        ``(S, H, W, C)`` float32 in [0, 1]; a constant volume becomes all zeros.
    """
    return as_one_picture(min_max, images)


def normalise_volumes(slices: SliceSet) -> SliceSet:
    """The same set, each case's images stretched to [0, 1] by `normalise_volume`.

    All slices of a case must be in the set: the extremes are those of what is here.

    Args:
        slices: Any set; ``case`` in the table says what is one volume.

    Returns:
        A set with ``(N, H, W, C)`` float32 images in [0, 1], all else as it was.
    """
    images = np.empty(slices.images.shape, np.float32)
    for rows in slices.cases():
        images[rows] = normalise_volume(slices.images[rows])
    return replace(slices, images=images)


def normalised_for(preprocessing: Preprocessing, slices: SliceSet) -> SliceSet:
    """The set as a network's `preprocessing` counts on having it.

    Args:
        preprocessing: Of the network.
        slices: Intensities as stored; all slices of each case.

    Returns:
        From `normalise_volumes` for a network of whole volumes; stretched by
        `seglib.preprocessing.as_8_bit` for one that counts on 8 bits; else `slices` as it is.
    """
    if preprocessing.takes_whole_volumes:
        return normalise_volumes(slices)
    if preprocessing.takes_8_bit:
        return replace(slices, images=as_8_bit(slices.images))
    return slices
