"""The smallest network that learns: one sigmoid over five numbers a pixel.

It trains in a fraction of a second, so that what a training does wrong can be seen at once. It
knows no shapes, and its scores say nothing about segmentation.
"""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd

from seglib.evaluation.scores import overlap_scores


def pixel_features(images: np.ndarray) -> np.ndarray:
    """Five numbers a pixel: 1, its grey, the grey around it (near, far), its place.

    Args:
        images: ``(N, H, W, 1)``, any number type.

    Returns:
        ``(N, H, W, 5)`` float64.
    """
    grey = images[..., 0].astype(np.float64)
    deviation = grey.std(axis=(1, 2), keepdims=True)
    grey = (grey - grey.mean(axis=(1, 2), keepdims=True)) / np.where(deviation > 0, deviation, 1)
    height, width = grey.shape[1:]
    near, far = (
        np.stack([cv2.GaussianBlur(image, (0, 0), width / part) for image in grey])
        for part in (64, 16)
    )
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    place = np.broadcast_to(x**2 + y**2, grey.shape)
    return np.stack([np.ones_like(grey), grey, near, far, place], axis=-1)


def train_pixels(
    features: np.ndarray, truth: np.ndarray, loss: str, steps: int, start: np.ndarray | None = None
) -> np.ndarray:
    """The smallest network: one sigmoid over `pixel_features`, by gradient descent.

    All steps have length 0.1, so that no loss has the longer stride.

    Args:
        features: ``(N, H, W, F)``.
        truth: ``(N, H, W)``, 0 or 1.
        loss: ``"Dice"`` (soft, pooled) or ``"cross-entropy"`` (both classes weighing alike).
        steps: Number of steps.
        start: Weights to go on from; zeros if left out.

    Returns:
        ``(F,)`` weights.
    """
    x, t = features.reshape(-1, features.shape[-1]), truth.reshape(-1)
    weights = np.zeros(x.shape[1]) if start is None else start.copy()
    weight_of = np.where(t > 0, 0.5 / t.mean(), 0.5 / (1 - t.mean())) / len(t)
    for _ in range(steps):
        p = pixel_probabilities(x, weights)
        if loss == "Dice":
            both, total = (p * t).sum(), p.sum() + t.sum()
            slope = (2 * both / total**2 - 2 * t / total) * p * (1 - p)
        else:
            slope = weight_of * (p - t)
        gradient = slope @ x
        weights -= 0.1 * gradient / (np.linalg.norm(gradient) + 1e-12)
    return weights


def pixel_probabilities(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What the network says of each pixel: ``(..., F)`` and ``(F,)`` to ``(...)`` in [0, 1]."""
    return 1 / (1 + np.exp(-(features @ weights)))


def compare_losses(images: np.ndarray, masks: np.ndarray, steps: int = 20) -> pd.DataFrame:
    """Two losses compared in both orders: from scratch, and the second one inheriting.

    System 5's second loss went on from the weights that its first had reached.

    Args:
        images: ``(N, H, W, 1)``.
        masks: ``(N, H, W, 1)``, 0 or 1, at least one foreground pixel.
        steps: Steps of each training.

    Returns:
        Index ``start`` ("from scratch" or "second inherits") and ``first`` (the loss that
        trained first); columns ``Dice`` and ``cross-entropy``, the hard Dice that each
        reached on the images it was fitted to, and ``winner``.
    """
    features, truth = pixel_features(images), masks[..., 0].astype(np.float64)
    rows = {}
    for inherits in (False, True):
        for first, second in (("Dice", "cross-entropy"), ("cross-entropy", "Dice")):
            weights = {first: train_pixels(features, truth, first, steps)}
            start = weights[first] if inherits else None
            weights[second] = train_pixels(features, truth, second, steps, start)
            score = {
                loss: overlap_scores(masks[..., 0] > 0, features @ w >= 0)["dice"]
                for loss, w in weights.items()
            }
            key = ("second inherits" if inherits else "from scratch", first)
            rows[key] = {**score, "winner": max(score, key=score.get)}
    table = pd.DataFrame.from_dict(rows, orient="index")[["Dice", "cross-entropy", "winner"]]
    return table.rename_axis(["start", "first"])
