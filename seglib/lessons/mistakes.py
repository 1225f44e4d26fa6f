"""Small demonstrations of how a segmentation score goes wrong, each in seconds.

Each function takes plain arrays, any data set's, and repeats one error found in the five
systems that the study reproduces, so that its size can be seen. None of them belongs in an
evaluation: `seglib.evaluation.tables` is for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from seglib.evaluation.scores import overlap_scores
from seglib.formats.resizing import resize_mask, resize_mask_smoothly

if TYPE_CHECKING:
    import keras


def shared_slices(slices: int, pairs: int, seed: int = 0) -> dict[str, float]:
    """How much of system 1's random split is shared between its parts.

    It grows all slices to `pairs` variants first, then keeps a fifth for testing, and a
    fifth of the rest for validation. Names are enough to count; no image is needed.

    Args:
        slices: Number of originals.
        pairs: Number of pairs after augmentation, originals included.
        seed: Of the split.

    Returns:
        Shares of the test pairs: ``training`` (a variant of the same slice trains) and
        ``training or validation``.
    """
    source = np.arange(pairs) % slices  # as seglib.augmentation.expand orders them
    rest, test = random_slice_split(pairs, seed=seed)
    train = rest[random_slice_split(len(rest), seed=seed)[0]]
    return {
        "training": float(np.isin(source[test], source[train]).mean()),
        "training or validation": float(np.isin(source[test], source[rest]).mean()),
    }


def soft_dice(truth: np.ndarray, probabilities: np.ndarray, smooth: float = 1e-7) -> np.ndarray:
    """Dice with probabilities in the place of a mask, one value an image.

    Args:
        truth: ``(N, H, W, 1)``, 0 or 1.
        probabilities: Same shape, in [0, 1].
        smooth: Added to numerator and denominator; the default is Keras' epsilon.

    Returns:
        ``(N,)`` values in [0, 1].
    """
    axes = (1, 2, 3)
    both = (truth * probabilities).sum(axis=axes, dtype=np.float64)
    total = truth.sum(axis=axes, dtype=np.float64) + probabilities.sum(axis=axes, dtype=np.float64)
    return (2 * both + smooth) / (total + smooth)


def soft_prediction(masks: np.ndarray, shift: int = 0, blur: float = 0.0) -> np.ndarray:
    """Probabilities like a network's: the masks moved aside, with a soft rim.

    Args:
        masks: ``(N, H, W, 1)``, 0 or 1.
        shift: Pixels that every mask is moved down; what leaves the image comes in above.
        blur: Standard deviation of the rim in pixels.

    Returns:
        ``(N, H, W, 1)`` float32 in [0, 1].
    """
    moved = np.roll(masks, shift, axis=1).astype(np.float32)
    if not blur:
        return moved
    return np.stack([cv2.GaussianBlur(mask[..., 0], (0, 0), blur)[..., None] for mask in moved])


def batch_dice(truth: np.ndarray, prediction: np.ndarray, batch_size: int) -> float:
    """Dice pooled over each batch, then averaged over the batches, as metrics in a loop are.

    Args:
        truth: ``(N, H, W, 1)``, bool or integer, non-zero inside.
        prediction: Same shape and types.
        batch_size: Images a batch; the last may have fewer.
    """
    starts = range(0, len(truth), batch_size)
    parts = [(truth[s : s + batch_size], prediction[s : s + batch_size]) for s in starts]
    return float(np.nanmean([overlap_scores(a, b)["dice"] for a, b in parts]))


def displacement(radius: float, degrees: float) -> float:
    """How far a rotation moves a point.

    Args:
        radius: Its distance from the centre, in pixels.
        degrees: Angle of the rotation.

    Returns:
        Length of the chord, in pixels.
    """
    return float(2 * radius * np.sin(np.deg2rad(degrees) / 2))


def farthest_moves(ranges: dict, side: int = 256, draws: int = 50, seed: int = 0) -> pd.Series:
    """How far each range of an `ImageDataGenerator` moves a pixel of an image, by itself.

    Args:
        ranges: Arguments such as ``{"rotation_range": 0.2}``: `TUMOUR_RANGES` are system 5's.
        side: Of the image, in pixels.
        draws: Transforms drawn from each range.
        seed: Of the draws.

    Returns:
        Pixels, the farthest of all draws, by the name of the range.
    """
    from seglib.batches.image_data_generator import PairTransformer

    # A picture that shows, at each pixel, where that pixel is.
    place = np.stack(np.indices((side, side), np.float32), axis=-1)
    empty = np.zeros((side, side, 1), np.uint8)
    farthest = {}
    for name, value in ranges.items():
        transformer = PairTransformer(**{name: value})
        moved = [transformer.apply(place, empty, seed + draw)[0] for draw in range(draws)]
        farthest[name] = max(np.linalg.norm(image - place, axis=-1).max() for image in moved)
    return pd.Series(farthest, name="pixels", dtype=float)


def smoothing_cost(masks: np.ndarray, side: int) -> pd.Series:
    """What resizing masks with a smoothing filter does to them.

    Args:
        masks: ``(N, H, W, 1)`` uint8, 0 or 1.
        side: New side in pixels, square.

    Returns:
        ``grey values`` that Pillow's default filter makes of two; ``pixels changed`` by it
        after the threshold, against the nearest neighbour, a mask on average;
        ``Dice`` of the two ways with one another, mean over masks that are not empty.
    """
    size = (side, side)
    grey: set[int] = set()
    changed, dice = [], []
    for mask in masks:
        picture = Image.fromarray(mask[..., 0] * np.uint8(255))
        grey |= set(np.unique(picture.resize(size)).tolist())
        smooth, nearest = resize_mask_smoothly(mask, size), resize_mask(mask, size)
        changed.append(int((smooth != nearest).sum()))
        dice.append(overlap_scores(nearest, smooth)["dice"])
    values = {"grey values": len(grey), "pixels changed": np.mean(changed)}
    return pd.Series({**values, "Dice": np.nanmean(dice)})


# --- Looking into a trained network ----------------------------------------------------


def with_batch_statistics(
    model: keras.Model, inputs: np.ndarray, batch_size: int = 1
) -> np.ndarray:
    """What a network answers while it trains: normalised by the batch it is looking at.

    The moving averages that this updates are put back afterwards.

    Args:
        model: A network with batch normalisation.
        inputs: ``(N, h, w, C)`` float32, preprocessed.
        batch_size: Images normalised together.

    Returns:
        ``(N, h, w, K)`` probabilities.
    """
    import keras

    kept = model.get_weights()
    starts = range(0, len(inputs), batch_size)
    outputs = [
        keras.ops.convert_to_numpy(model(inputs[s : s + batch_size], training=True)) for s in starts
    ]
    model.set_weights(kept)
    return np.concatenate(outputs)


def silent_share(model: keras.Model, inputs: np.ndarray) -> float:
    """Where system 1's head passes nothing on: both of its filters at 0, and no gradient.

    Args:
        model: A network with the layer ``two_filters``, see `seglib.models.published.published_lv`.
        inputs: ``(N, h, w, C)`` float32, preprocessed.

    Returns:
        Share of the pixels, 0 to 1. At 1 the output is one value everywhere, whatever the
        image, and only the bias of the last layer still learns.
    """
    import keras

    head = keras.Model(model.input, model.get_layer("two_filters").output)
    passed = keras.ops.convert_to_numpy(head.predict_on_batch(inputs))
    return float((passed <= 0).all(axis=-1).mean())


def random_slice_split(
    number: int, test_share: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of a random split over slices: **the leaking split of system 1**.

    Here only so that the leak check has something to catch and the study can
    measure what the leak is worth. Never use it to judge a network.

    Returns:
        ``(train rows, test rows)``, both sorted.
    """
    order = np.random.default_rng(seed).permutation(number)
    cut = round(number * test_share)
    return np.sort(order[cut:]), np.sort(order[:cut])
