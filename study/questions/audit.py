"""The label audit of Sunnybrook: all patients judged by networks that never saw them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from seglib.audit.ranking import Audit
from seglib.errors import DataError
from seglib.evaluation.counts import COUNTS, count_slices
from seglib.slices import SliceSet
from study.results import STORED, read_masks, read_results, stored_names


def read_audit(slices: SliceSet, experiment: str = "audit", stored: Path = STORED) -> Audit:
    """A stored experiment's out-of-fold masks, put in the order of `slices`.

    Args:
        slices: The set that was audited, or some of its patients.
        experiment: An experiment that predicts each slice once.
        stored: Where results are kept.

    Raises:
        SeglibError: Nothing is stored.
        DataError: A slice has no stored mask, or other labels than it had then.
    """
    names = stored_names(experiment, stored=stored)
    counts = read_results(experiment, "per_slice", stored=stored)
    masks = np.concatenate([read_masks(name, stored) for name in names])
    known, asked = (
        pd.MultiIndex.from_frame(table[["case", "slice"]]) for table in (counts, slices.table)
    )
    rows = known.get_indexer(asked)
    if (rows < 0).any():
        case, slice_ = asked[rows < 0][0]
        raise DataError(f"{experiment} has no mask of {case}, slice {slice_}, of {slices.name}")
    per_slice = count_slices(slices, masks[rows])
    differs = per_slice[COUNTS].to_numpy() != counts[COUNTS].to_numpy()[rows]
    if differs.any():
        case, slice_ = asked[differs.any(axis=1)][0]
        raise DataError(
            f"{case}, slice {slice_}: the label is not the one that {experiment} was counted with"
        )
    return Audit(slices, masks[rows], per_slice, tuple(names))
