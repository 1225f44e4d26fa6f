"""`SliceSet`: the one form in which every data set enters the library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from seglib.errors import DataError

#: Columns that every table has; a data set may add its own.
TABLE_COLUMNS = ("case", "patient", "slice", "phase", "spacing", "pathology", "source")

#: What a published part of a data set is for, by the names of `seglib.splits.Split`.
PARTS = ("train", "validation", "test")

#: Columns that the library heeds where they are there, and what they mean.
OPTIONAL_COLUMNS = {
    "part": "one of `PARTS`: what the set's publishers keep the patient for",
    "group": "patients that share a value are one person, and stay on one side of a split",
    "slice_spacing": "mm between slice centres of a dense volume; distances run through it",
    "frame": "place in the heart's cycle, counted from 0",
    "variant": "which of a study's networks a row belongs to, in tables of scores",
}


@dataclass(frozen=True)
class SliceSet:
    """Images, their masks, and one table row for each slice.

    The arrays may lie on disk (`numpy.memmap`); `take` reads its rows into memory.

    Attributes:
        name: Data set's name as figures print it, e.g. ``"Sunnybrook"``.
        images: ``(N, H, W, C)``, uint8 or float32, intensities as stored.
        masks: ``(N, H, W, 1)``, uint8, class index of each pixel (0 is background).
        table: ``N`` rows. ``case`` is the unit that is scored (one volume: for
            Sunnybrook one patient in one phase), ``patient`` the unit that is
            split, ``slice`` the position along the axis, ``phase`` e.g. ``"ED"``,
            ``spacing`` the pixel side in mm (NaN where unknown), ``pathology``,
            and ``source`` the image file the slice was read from. `OPTIONAL_COLUMNS`
            may follow.
        class_names: One name per class index, background first.

    Raises:
        DataError: Shapes, dtypes, labels or the table's columns do not fit.
    """

    name: str
    images: np.ndarray
    masks: np.ndarray
    table: pd.DataFrame
    class_names: tuple[str, ...] = ("background", "left ventricle")

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.ndim != 4:
            raise DataError(f"images must be (N, H, W, C), found shape {self.images.shape}")
        if self.masks.shape != (*self.images.shape[:3], 1):
            raise DataError(
                f"masks must have shape {(*self.images.shape[:3], 1)} to fit the images, "
                f"found {self.masks.shape}"
            )
        if self.masks.dtype != np.uint8:
            raise DataError(f"masks must be uint8 class indices, found {self.masks.dtype}")
        if len(self.table) != n:
            raise DataError(f"{n} images but {len(self.table)} table rows")
        missing = [column for column in TABLE_COLUMNS if column not in self.table.columns]
        if missing:
            raise DataError(f"the table lacks the column(s) {', '.join(missing)}")
        unknown = set(self.table.get("part", ())) - set(PARTS)
        if unknown:
            raise DataError(
                f"the table's column 'part' holds {', '.join(sorted(map(repr, unknown)))}; "
                f"expected {', '.join(PARTS)}"
            )
        highest = self.masks.max(axis=(1, 2, 3), initial=0)
        wrong = np.flatnonzero(highest >= len(self.class_names))
        if len(wrong):
            raise DataError(
                f"masks hold class {highest.max()}, but only {len(self.class_names)} classes are "
                f"named: {', '.join(self.class_names)}; {len(wrong)} of {n} slices have such a "
                f"mask, the first of them {self.table['source'].iloc[wrong[0]]}"
            )
        object.__setattr__(self, "table", self.table.reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def num_classes(self) -> int:
        """Number of classes, background included."""
        return len(self.class_names)

    @property
    def patients(self) -> tuple[str, ...]:
        """The patients present, sorted."""
        return tuple(sorted(self.table["patient"].unique()))

    def cases(self) -> Iterator[np.ndarray]:
        """Row numbers ``(S,)`` of each case in the order of its slices, first come first."""
        for _, rows in self.table.groupby("case", sort=False):
            yield _in_order(rows)

    def rows_of(self, case: str) -> np.ndarray:
        """Row numbers ``(S,)`` of one case in the order of its slices; none if it is not here."""
        return _in_order(self.table[self.table["case"] == case])

    def take(self, rows: np.ndarray | list[int]) -> SliceSet:
        """The slices at `rows` (indices, or a boolean array of length N), in that order."""
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(int)
        return replace(
            self, images=self.images[rows], masks=self.masks[rows], table=self.table.iloc[rows]
        )

    def of_patients(self, patients: Iterable[str]) -> SliceSet:
        """All slices of the named patients, in stored order.

        Raises:
            DataError: A patient is not in this set.
        """
        patients = list(patients)
        unknown = sorted(set(patients) - set(self.patients))
        if unknown:
            raise DataError(f"no such patient in {self.name}: {', '.join(unknown)}")
        return self.take(self.table["patient"].isin(patients).to_numpy())


def _in_order(case: pd.DataFrame) -> np.ndarray:
    return case.sort_values("slice", kind="stable").index.to_numpy()


def data_hash(slices: SliceSet) -> str:
    """SHA-256 of a set's content: images, masks, and each slice's case and source.

    Two runs with the same hash saw the same pixels under the same names in the same
    order. Shape and dtype are part of it.
    """
    digest = hashlib.sha256()
    for array in (slices.images, slices.masks):
        digest.update(f"{array.shape} {array.dtype.str}".encode())
        digest.update(np.ascontiguousarray(array))
    names = slices.table[["case", "source"]].astype(str).to_numpy().tolist()
    digest.update(json.dumps(names).encode())
    return digest.hexdigest()
