"""An experiment: its jobs, the set that they are about, and how that set is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seglib.slices import SliceSet
from study.jobs import Job


@dataclass(frozen=True)
class Experiment:
    """A list of jobs, and their data. `study.questions.EXPERIMENTS` lists all.

    Attributes:
        dataset: `SliceSet.name` of the set.
        jobs: Makes the list from the set.
        load: Reads the set.
        assumed_spacing: Pixel side in mm taken for the challenge's good contours alone, where
            the set's files do not hold it; None where it is not needed. No part of a job's
            identity: it trains nothing.
    """

    dataset: str
    jobs: Callable[[SliceSet], list[Job]]
    load: Callable[[], SliceSet]
    assumed_spacing: float | None = None
