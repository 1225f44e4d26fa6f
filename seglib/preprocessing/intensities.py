"""Intensities that no normalisation can mend: found, and said before a network answers nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seglib.errors import DataError

#: No scanner writes such a number; below it, `drowned` need not look.
_LARGE = 1e15


def drowned(image: np.ndarray) -> bool:
    """Whether a few values are so large that all others look alike beside them.

    Args:
        image: ``(H, W, C)``, intensities as stored.

    Returns:
        True where the middle 90 % of the values lie within a millionth of the whole range,
        though they are not all the same.
    """
    if np.abs(image).max(initial=0) <= _LARGE:
        return False
    wide = image.astype(np.float64)
    low, high = np.percentile(wide, [5, 95])
    return bool(low < high and high - low < 1e-6 * (wide.max() - wide.min()))


def require_finite_input(prepared: np.ndarray, images: np.ndarray, names: Sequence[str]) -> None:
    """Refuse images that a network would get as infinity or NaN, and answer with nothing.

    Args:
        prepared: ``(N, h, w, C)``, what `images` became.
        images: ``(N, H, W, C)``, intensities as stored.
        names: What to call each image in the error.

    Raises:
        DataError: A value is not finite; the first such image is named.
    """
    bad = ~np.isfinite(prepared).all(axis=(1, 2, 3))
    if bad.any():
        first = int(bad.argmax())
        low, high = images[first].min(), images[first].max()
        raise DataError(
            f"{names[first]}: its intensities ({low:g} to {high:g}) are not finite once prepared "
            "for the network; replace NaN and infinity, e.g. by 0, and bring the rest to an "
            "ordinary range, e.g. 0 to 4095"
        )
