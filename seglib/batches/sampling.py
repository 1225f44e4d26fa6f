"""Which slices a training sees: more with a tumour than there are, and their weight."""

from __future__ import annotations

import numpy as np

from seglib.errors import DataError
from seglib.slices import SliceSet


def balanced_rows(shown: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Rows to train on so that a given share of them shows the structure.

    Where two thirds of the slices are empty, a network learns that empty is the safe
    answer. Each slice with foreground comes as often as any other, or once more; each
    empty one likewise. A new draw each epoch lets every empty slice have its turn.

    Args:
        shown: ``(N,)`` bool: which slices hold foreground.
        share: Share of drawn rows that do, in (0, 1).
        rng: Where the draw comes from.

    Returns:
        ``(N,)`` row numbers, in random order.

    Raises:
        DataError: The share is not between 0 and 1, or there is no slice of one kind.
    """
    if not 0 < share < 1:
        raise DataError(f"the share of slices with foreground must be in (0, 1), found {share}")
    full, empty = np.flatnonzero(shown), np.flatnonzero(~shown)
    if not len(full) or not len(empty):
        raise DataError(
            f"{len(full)} slices have foreground and {len(empty)} have none; there is nothing to "
            "balance"
        )
    wanted = round(share * len(shown))
    rows = [_draw(full, wanted, rng), _draw(empty, len(shown) - wanted, rng)]
    return rng.permutation(np.concatenate(rows))


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
