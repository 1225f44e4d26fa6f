"""One case as one volume: its slices in order, prepared as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seglib.datasets.slice_set import SliceSet
from seglib.normalisation import as_one_picture
from seglib.preprocessing import Preprocessing, center_crop_or_pad


def stack_cases(slices: SliceSet) -> Iterator[np.ndarray]:
    """The rows of each case, in the order of its slices.

    Yields:
        Row numbers of one case, ``(S,)``.
    """
    for _, rows in slices.table.groupby("case", sort=False):
        yield rows.sort_values("slice", kind="stable").index.to_numpy()


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
