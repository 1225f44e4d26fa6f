"""Temperature scaling: one number that makes a network as confident as it should be."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from seglib.errors import DataError

#: Probabilities are stored as 16-bit floats. Those are fine near 0 but coarse near 1,
#: where everything above 1 - 2**-12 becomes 1; logits are taken inside these limits.
LIMITS = (2.0**-24, 1 - 2.0**-12)
#: The largest temperature that is looked for, and the reciprocal of the smallest.
_LARGEST = 20.0


def logits(probabilities: np.ndarray) -> np.ndarray:
    """``log(p / (1 - p))`` as float64, with p held inside `LIMITS`."""
    p = np.clip(np.asarray(probabilities, np.float64), *LIMITS)
    return np.log(p) - np.log1p(-p)


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logits by a temperature: above 1 less confident, below 1 more.

    0.5 stays 0.5, so hard masks and Dice do not change.

    Args:
        probabilities: Foreground probabilities, any shape.
        temperature: Positive.

    Returns:
        float64, same shape.

    Source:
        Guo et al. 2017, arXiv:1706.04599, section 4.2, for two classes.
    """
    return 1 / (1 + np.exp(-logits(probabilities) / temperature))


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature under which the truth is most likely.

    Args:
        probabilities: Foreground probabilities of the pixels to fit, any shape.
        truth: Same shape, 0 or 1.

    Returns:
        The temperature, between 1/20 and 20.

    Raises:
        DataError: There are no pixels, or all are of one kind.

    Source:
        Guo et al. 2017, arXiv:1706.04599, section 4.2: minimises the negative log-likelihood.
    """
    inside = np.asarray(truth) != 0
    if not inside.any() or inside.all():
        raise DataError(
            f"{inside.size} pixels, of which {inside.sum()} are foreground, say nothing about "
            "confidence; fit the temperature on pixels of both kinds"
        )
    signed = np.where(inside, 1, -1) * logits(probabilities)

    def loss(log_temperature: float) -> float:
        return np.logaddexp(0, -signed / np.exp(log_temperature)).mean()

    limit = np.log(_LARGEST)
    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-limit, limit)).x))


def cross_fit(probabilities: np.ndarray, truth: np.ndarray, folds: np.ndarray) -> dict[str, float]:
    """For each fold a temperature fitted on all others, so that nobody is scored on his own.

    Args:
        probabilities: ``(n,)`` out-of-fold probabilities, one a pixel.
        truth: ``(n,)``, 0 or 1.
        folds: ``(n,)`` name of the fold that tested the pixel's patient; two or more.

    Raises:
        DataError: There is only one fold, or the others' pixels are all of one kind.
    """
    names = np.unique(folds)
    if len(names) < 2:
        raise DataError("cross-fitting needs two folds or more: one to fit, one to score")
    return {
        str(name): fit_temperature(probabilities[folds != name], truth[folds != name])
        for name in names
    }
