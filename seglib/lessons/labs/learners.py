"""What the labs learn with and on: hearts, a split, and a method that remembers pictures.

The method copies the masks of the training pictures that look most alike. It needs no training,
forgets nothing, and so shows at once what a large network can do more slowly: remember.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seglib import datasets
from seglib.evaluation.counts import count_slices, dice_of_patients
from seglib.phantoms import heart
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import SliceSet
from seglib.splits.leaks import correlations, make_thumbnails

#: Side of the labs' images in pixels, and patients of the phantom: as many as Sunnybrook's.
SIDE, PATIENTS = 128, 15


def lab_hearts(dataset: str = "auto") -> SliceSet:
    """The hearts of the labs: training patients alone, so that no lab looks at a test patient.

    Args:
        dataset: As `seglib.datasets.load`.

    Returns:
        Sunnybrook's 15 training patients, or as many simulated ones; 128x128 pixels.

    Raises:
        DataError: The data cannot be loaded.
    """
    slices = datasets.load(dataset)
    if "phantom" in slices.name:
        return heart.make(patients=PATIENTS, slices=6, size=SIDE)
    return shrunk(slices.take((slices.table["part"] == "train").to_numpy()), SIDE)


def shrunk(slices: SliceSet, side: int) -> SliceSet:
    """The same slices on a coarser grid, masks by the nearest neighbour."""
    return Preprocessing(resize=side).resized(slices)


def middle(slices: SliceSet) -> SliceSet:
    """The central half of each side, where the hearts are."""
    kept = slice(slices.images.shape[1] // 4, slices.images.shape[1] * 3 // 4)
    return replace(slices, images=slices.images[:, kept, kept], masks=slices.masks[:, kept, kept])


def held_out(slices: SliceSet, seed: int, share: float = 1 / 3) -> np.ndarray:
    """Which slices belong to test patients, drawn at random: ``(N,)`` booleans.

    Args:
        slices: Several patients.
        seed: Of the draw.
        share: Of the patients, at least one of them.
    """
    patients = np.random.default_rng(seed).permutation(slices.patients)
    chosen = patients[: max(round(len(patients) * share), 1)]
    return slices.table["patient"].isin(chosen).to_numpy()


def vote_of_nearest(
    images: np.ndarray, masks: np.ndarray, shown: np.ndarray, number: int = 1
) -> np.ndarray:
    """Segment pictures by the masks of the training pictures that look most like them.

    Args:
        images: ``(N, H, W, C)``, training pictures.
        masks: ``(N, H, W, 1)``, their masks, 0 or 1.
        shown: ``(M, H, W, C)``, pictures to segment.
        number: How many training pictures vote on each.

    Returns:
        ``(M, H, W, 1)`` float32: the share of the votes, in [0, 1].

    Source: Heckemann et al. 2006, doi:10.1016/j.neuroimage.2006.05.061, without the
        registration that they begin with.
    """
    alike = correlations(make_thumbnails(shown), make_thumbnails(images))
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :number]  # (M, number)
    return masks[nearest].mean(axis=1, dtype=np.float32)


def mean_dice(slices: SliceSet, prediction: np.ndarray) -> float:
    """Hard Dice by the protocol: pooled by volume, then the mean of the patients.

    Args:
        slices: What was predicted.
        prediction: ``(N, H, W, 1)``, 0 or 1.
    """
    return float(dice_of_patients(count_slices(slices, prediction.astype(np.uint8))).mean())
