"""Which slices a training sees: more with a tumour than there are, and their weight."""

from __future__ import annotations

import numpy as np

from seglib.datasets.slice_set import SliceSet
from seglib.errors import DataError


def with_foreground_share(slices: SliceSet, share: float, seed: int = 0) -> SliceSet:
    """A set of the same size in which so many slices show the structure.

    Where two thirds of the slices are empty, a network learns that empty is the safe
    answer. All slices with foreground stay, and some come twice; of the empty ones some
    are left out. For training alone: a test set must stay as it is.

    Args:
        slices: The training slices.
        share: Share of slices with foreground, in (0, 1).
        seed: Of the draw.

    Raises:
        DataError: The share is not between 0 and 1, or the set has no slice of one kind.
    """
    if not 0 < share < 1:
        raise DataError(f"the share of slices with foreground must be in (0, 1), found {share}")
    shown = slices.masks.any(axis=(1, 2, 3))
    full, empty = np.flatnonzero(shown), np.flatnonzero(~shown)
    if not len(full) or not len(empty):
        raise DataError(
            f"{slices.name} has {len(full)} slices with foreground and {len(empty)} without; "
            "there is nothing to balance"
        )
    rng = np.random.default_rng(seed)
    wanted = round(share * len(slices))
    rows = [_draw(full, wanted, rng), _draw(empty, len(slices) - wanted, rng)]
    return slices.take(np.sort(np.concatenate(rows)))


def _draw(rows: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """`number` of `rows`, each as often as any other or once more."""
    whole, rest = divmod(number, len(rows))
    return np.concatenate([np.tile(rows, whole), rng.choice(rows, rest, replace=False)])


def foreground_weight(slices: SliceSet) -> float:
    """How often background is commoner than foreground: the weight that balances them.

    System 5 takes its weights from the mean tumour share of the training masks. With a
    share s, foreground pixels get (1 - s) / s, so that both classes weigh the same in all.

    Args:
        slices: The training slices, one foreground class.

    Returns:
        At least 0; for `seglib.losses.make_loss` as ``f"weighted_bce:{weight:.4g}"``.

    Raises:
        DataError: No slice holds foreground.
    """
    share = float((slices.masks != 0).mean())
    if not share:
        raise DataError(f"{slices.name} has no foreground pixel to weigh")
    return (1 - share) / share
