"""Normalising whole volumes: each slice keeps how bright it is beside the next.

`seglib.preprocessing.Preprocessing` normalises image by image, which is all that can be
done with single pictures. In a volume it loses something: a slice through the heart's
bright blood and one past it are both stretched to the same range.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seglib.datasets.slice_set import SliceSet
from seglib.normalisation import as_8_bit, as_one_picture, min_max
from seglib.preprocessing import Preprocessing


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
    for rows in slices.table.groupby("case", sort=False).indices.values():
        images[rows] = normalise_volume(slices.images[rows])
    return replace(slices, images=images)


def normalised_for(preprocessing: Preprocessing, slices: SliceSet) -> SliceSet:
    """The set as a network's `preprocessing` counts on having it.

    Args:
        preprocessing: Of the network.
        slices: Intensities as stored; all slices of each case.

    Returns:
        From `normalise_volumes` for a network of whole volumes; stretched by
        `seglib.normalisation.as_8_bit` for one that counts on 8 bits; else `slices` as it is.
    """
    if preprocessing.takes_whole_volumes:
        return normalise_volumes(slices)
    if preprocessing.takes_8_bit:
        return replace(slices, images=as_8_bit(slices.images))
    return slices
