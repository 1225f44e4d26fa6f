"""Published figures that results are drawn beside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A published figure to draw beside one's own.

    Attributes:
        source: Who published it and how it was counted, as the legend prints it.
        value: The figure.
        spread: Half the height of its band (standard deviation or range), or None.
    """

    source: str
    value: float
    spread: float | None = None
