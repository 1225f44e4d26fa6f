"""The tables that a job leaves, and its masks packed small."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from seglib.evaluation.counts import count_slices
from seglib.evaluation.tables import score_cases
from seglib.slices import SliceSet


def per_case_scores(
    test_set: SliceSet, prediction: np.ndarray, assumed_spacing: float | None = None
) -> pd.DataFrame:
    """Scores of `seglib.evaluation.score_cases`, with the challenge part where there is one.

    Args:
        test_set: The scored slices.
        prediction: ``(N, H, W, 1)`` class indices on their grid.
        assumed_spacing: As `seglib.evaluation.score_cases`.
    """
    scores = score_cases(test_set, prediction, assumed_spacing=assumed_spacing)
    if "part" not in test_set.table:
        return scores
    part_of = test_set.table.drop_duplicates("patient").set_index("patient")["part"]
    return scores.assign(part=scores["patient"].map(part_of))


def per_slice_counts(
    truth: SliceSet, prediction: np.ndarray, network: SliceSet, soft: np.ndarray
) -> pd.DataFrame:
    """Pixel counts of each slice, from which any Dice can be formed.

    ``truth``, ``predicted`` and ``overlap`` are counted on the native grid with hard
    masks; those beginning with ``network_`` on the grid the network works on, where
    ``soft_predicted`` and ``soft_overlap`` sum probabilities instead. All foreground
    classes count as one; pixels overlap where both masks name the same class.

    Args:
        truth: The scored slices.
        prediction: ``(N, H, W, 1)`` class indices on their grid.
        network: The same slices on the network's grid.
        soft: ``(N, h, w, K)`` probabilities there.
    """

    def pixels(values: np.ndarray) -> np.ndarray:
        return values.sum(axis=(1, 2, 3), dtype=np.float64)

    inside = network.masks > 0
    if soft.shape[-1] == 1:
        hard = (soft >= 0.5).astype(np.uint8)
        soft_inside, soft_right = soft, soft
    else:
        hard = soft.argmax(axis=-1, keepdims=True)
        # Not one minus the background: what lies outside the crop has no probability at all.
        soft_inside = soft[..., 1:].sum(axis=-1, keepdims=True)
        soft_right = np.take_along_axis(soft, network.masks.astype(np.intp), axis=-1)
    return count_slices(truth, prediction).assign(
        network_truth=pixels(inside),
        network_predicted=pixels(hard > 0),
        network_overlap=pixels(inside & (hard == network.masks)),
        soft_predicted=pixels(soft_inside),
        soft_overlap=pixels(inside * soft_right),
    )


def pack_masks(masks: np.ndarray) -> bytes:
    """A compressed file of masks, for `study.results.read_masks`; one bit a pixel if that does."""
    packed = io.BytesIO()
    content = {"classes": masks}
    if masks.max(initial=0) <= 1:
        content = {"bits": np.packbits(masks), "shape": masks.shape}
    np.savez_compressed(packed, **content)
    return packed.getvalue()
