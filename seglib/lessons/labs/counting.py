"""Six labs whose mistake lies in how masks are made or counted; nothing is trained wrongly."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from seglib.evaluation.lesions import dice_by_empty_rule
from seglib.evaluation.surface import SurfaceDistances, surface_distances, surface_pixels
from seglib.formats.resizing import resize_image, resize_mask
from seglib.lessons.labs.lab import Outcome, example, outlined
from seglib.lessons.labs.learners import held_out, mean_dice, middle, shrunk, vote_of_nearest
from seglib.lessons.mistakes import soft_dice, soft_prediction
from seglib.lessons.pixel_classifier import pixel_features, pixel_probabilities, train_pixels
from seglib.phantoms import tumour
from seglib.plotting.image import heart_window
from seglib.slices import SliceSet

#: Pixels of the wall that is drawn around each blood pool, on the labs' grid.
WALL = 4


def score_softly(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """The pixel classifier's answer on unseen patients, cut at half or, broken, as it is."""
    small = middle(shrunk(hearts.take(np.arange(0, len(hearts), 2)), 64))  # half of them will do
    of_test = held_out(small, seed)
    features = pixel_features(small.images)
    truth = small.masks[~of_test, ..., 0].astype(np.float64)
    weights = train_pixels(features[~of_test], truth, "cross-entropy", 60)
    says = pixel_probabilities(features[of_test], weights)[..., None]
    test = small.take(of_test)
    hard = np.uint8(says >= 0.5)
    score = soft_dice(test.masks, says if broken else hard).mean()
    row = len(test) // 2
    picture = outlined(
        says[row] if broken else test.images[row],
        test.masks[row],
        hard[row],
        levels=(0, 1) if broken else None,
    )
    return Outcome(float(score), hearts.name, picture)


def count_background(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Dice of the blood pool; broken, the mean of that and of the background's."""
    test, votes = _voted(hearts, seed)
    mask = np.uint8(votes >= 0.5)
    score = mean_dice(test, mask)
    if broken:
        background = replace(test, masks=1 - test.masks)
        score = (score + mean_dice(background, 1 - mask)) / 2
    return Outcome(score, hearts.name, example(test, mask))


def score_itself(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Soft Dice against the expert's mask; broken, against the prediction cut at half."""
    test, votes = _voted(hearts, seed)
    mask = np.uint8(votes >= 0.5)
    score = soft_dice(mask if broken else test.masks, votes).mean()
    shown = replace(test, masks=mask) if broken else test
    return Outcome(float(score), hearts.name, example(shown, mask))


def _voted(hearts: SliceSet, seed: int) -> tuple[SliceSet, np.ndarray]:
    """Unseen patients, and what the five most similar training slices say of them."""
    of_test = held_out(hearts, seed)
    train, test = hearts.take(~of_test), hearts.take(of_test)
    return test, vote_of_nearest(train.images, train.masks, test.images, number=5)


def interpolate_masks(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Labels 0 to 3 shrunk to three quarters, by the nearest neighbour or, broken, smoothly.

    The wall (2) around the blood pool (3) is drawn by rule; nobody drew a right ventricle (1).
    """
    few = hearts.take(held_out(hearts, seed))
    side = few.masks.shape[1] * 3 // 4
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WALL + 1, 2 * WALL + 1))
    shrunken = []
    for mask in few.masks[..., 0]:
        labels = 2 * cv2.dilate(mask, kernel) + mask  # wall 2, pool 3
        if broken:
            labels = np.rint(resize_image(labels.astype(np.float32), (side, side)))
        else:
            labels = resize_mask(labels, (side, side))
        shrunken.append(labels)
    labels = np.stack(shrunken)
    invented = 100 * np.sum(labels == 1) / np.sum(labels == 2)
    row = len(few) // 2
    window = heart_window(labels[row] > 0, margin=4)
    picture = outlined(labels[row], np.uint8(labels[row] == 1), window=window, levels=(0, 3))
    return Outcome(float(invented), hearts.name, picture, outlines=("class 1",))


@cache
def _tumours() -> SliceSet:
    return tumour.make(patients=4, slices=12, size=64)


def empty_is_one(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Mean Dice over slices, empty pairs left out or, broken, counted as 1.

    The prediction is the truth of simulated tumours moved by one pixel: nothing is missed, and
    no empty slice has a false alarm.
    """
    heads = _tumours()
    patients = np.random.default_rng(seed).permutation(heads.patients)[:3]
    heads = heads.of_patients(patients)
    moved = np.uint8(soft_prediction(heads.masks, shift=1))
    score = dice_by_empty_rule(heads, moved)["empty_is_one" if broken else "empty_left_out"].mean()
    areas = heads.masks.sum(axis=(1, 2, 3))
    row = areas.argmin() if broken else areas.argmax()
    picture = outlined(heads.images[row][..., 1], heads.masks[row], moved[row])
    return Outcome(float(score), heads.name, picture)


def pooled_hd95(distances: SurfaceDistances) -> float:
    """The 95th percentile of the distances of both directions together, as MedPy takes it.

    `SurfaceDistances.hausdorff` takes a percentile of each direction, and the larger one.

    Source: ``medpy.metric.binary.hd95``; https://github.com/loli/medpy/issues/138.
    """
    both = np.concatenate([distances.from_truth, distances.from_prediction])
    return float(np.percentile(both, 95)) if len(both) else float("nan")


def another_hd95(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """HD95 by volume, the larger of two percentiles or, broken, one percentile of all.

    The prediction is the truth, moved by one pixel, with small islands far away from it.
    """
    few = hearts.take(held_out(hearts, seed))
    prediction = with_islands(few, np.uint8(soft_prediction(few.masks, shift=1)))
    values = []
    for rows in few.cases():
        distances = surface_distances(few.masks[rows, ..., 0], prediction[rows, ..., 0])
        values.append(pooled_hd95(distances) if broken else distances.hausdorff(95))
    return Outcome(float(np.mean(values)), few.name, example(few, prediction))


def with_islands(
    slices: SliceSet, prediction: np.ndarray, share: float = 0.075, away: int = 30
) -> np.ndarray:
    """Add squares of 2x2 pixels until they are a share of each volume's predicted outline.

    Args:
        slices: What is predicted.
        prediction: ``(N, H, W, 1)``, 0 or 1.
        share: Of all surface pixels of the volume, in [0, 1).
        away: Pixels between a mask's middle and its island, in rows and in columns.
    """
    prediction = prediction.copy()
    for rows in slices.cases():
        outline = int(surface_pixels(prediction[rows, ..., 0], in_plane=True).sum())
        wanted = round(share * outline / (1 - share) / 4)  # a 2x2 square is all outline
        for row in rows[np.argsort(-prediction[rows].sum(axis=(1, 2, 3)))][:wanted]:
            y, x = np.argwhere(prediction[row, ..., 0]).mean(axis=0).astype(int) - away
            prediction[row, max(y, 0) : max(y, 0) + 2, max(x, 0) : max(x, 0) + 2] = 1
    return prediction
