"""What the questions about the left ventricle share: the patients, the crop, published figures."""

from __future__ import annotations

from collections.abc import Callable

from seglib.datasets import sunnybrook
from seglib.evaluation.references import Reference
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import SliceSet
from study.experiment import Experiment
from study.jobs import Job

#: Chosen on Part1: its masks fit into the central 96 pixels to 0.01 %, as do those of all 44.
CROP = Preprocessing(size=96)
SEEDS = (0, 1, 2)

#: Pixel side in mm taken for the challenge's "good contours" alone: the PNG files do not hold
#: it; the patients whose DICOM files are at hand have 1.29 to 1.37.
ASSUMED_SPACING = 1.33

#: Published Dice of the left-ventricular blood pool on Sunnybrook. DOIs: the report's sources,
#: which say why no band of human readers stands beside them.
REFERENCES = (
    Reference("Tran 2016, FCN, good contours only (mean; SD of patients 0.03)", 0.92),
    Reference("Avendi 2016, good contours only", 0.94),
)


def load() -> SliceSet:
    """All 45 patients of Sunnybrook, the one with wrong labels among them."""
    return sunnybrook.load(exclude_wrong=False)


def rightly_labelled(slices: SliceSet) -> SliceSet:
    """The 44 patients whose masks fit their images."""
    return slices.of_patients(set(slices.patients) - set(sunnybrook.WRONG_LABELS))


def experiment(jobs: Callable[[SliceSet], list[Job]]) -> Experiment:
    """An experiment on these patients.

    Args:
        jobs: Takes all 45 patients.
    """
    return Experiment("Sunnybrook", jobs, load, ASSUMED_SPACING)
