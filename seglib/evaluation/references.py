"""Published figures that results are drawn beside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A published figure to draw beside one's own.

    Attributes:
        source: Who published it and how it was counted, as the legend prints it.
        value: The figure.
        spread: Half the range of several published means, drawn as a band; None for one. A
            standard deviation between patients is none: it does not say how sure the mean
            is, and a band of it beside intervals of means would. It belongs into `source`.
    """

    source: str
    value: float
    spread: float | None = None
