"""Splits by patient: made before any augmentation, and named so a run can cite them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from seglib.errors import DataError
from seglib.slices import PARTS, SliceSet


@dataclass(frozen=True)
class Split:
    """Which patients train, validate and test.

    Attributes:
        name: Short name for figures and manifests, e.g. ``"literature"``.
        train: Patients whose slices the weights are fitted on.
        validation: Patients that choose epochs and settings; may be empty.
        test: Patients that are scored once, when everything is chosen.
    """

    name: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for part in PARTS:
            for patient in getattr(self, part):
                if patient in seen:
                    raise DataError(f"patient {patient} stands in {seen[patient]} and in {part}")
                seen[patient] = part

    @property
    def hash(self) -> str:
        """SHA-256 of who trains, validates and tests; order and the name play no part."""
        parts = [sorted(getattr(self, part)) for part in PARTS]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def apply(self, slices: SliceSet) -> dict[str, SliceSet]:
        """Cut `slices` into ``{"train": ..., "validation": ..., "test": ...}``."""
        return {part: slices.of_patients(getattr(self, part)) for part in PARTS}


def _hold_out(patients: list[str], pathology: dict[str, str], count: int, seed: int) -> list[str]:
    """Draw `count` patients, as evenly over the pathologies as they allow."""
    rng = np.random.default_rng(seed)
    groups = {name: [] for name in sorted(set(pathology.values()))}
    for patient in rng.permutation(sorted(patients)):
        groups[pathology[patient]].append(str(patient))
    drawn: list[str] = []
    while len(drawn) < count:
        for group in sorted(groups.values(), key=len, reverse=True):
            if group and len(drawn) < count:
                drawn.append(group.pop())
    return drawn


def _pathologies(slices: SliceSet) -> dict[str, str]:
    return dict(zip(slices.table["patient"], slices.table["pathology"], strict=True))


def literature_split(slices: SliceSet, validation_patients: int = 0, seed: int = 0) -> Split:
    """Train on the challenge's training patients, test on all others.

    This is the split that published Sunnybrook figures use. It needs the column
    ``part`` in the table, ``"train"`` marking the training patients.

    Args:
        slices: A set whose table has the column ``part``.
        validation_patients: How many of the training patients to hold out for
            choosing settings, drawn evenly over the pathologies.
        seed: Seed of that draw.

    Raises:
        DataError: The table has no column ``part``, or no training patient would remain.
    """
    if "part" not in slices.table:
        raise DataError(f"{slices.name} has no challenge parts; use patient_folds instead")
    training = slices.table["part"] == "train"
    train = sorted(slices.table.loc[training, "patient"].unique())
    test = sorted(slices.table.loc[~training, "patient"].unique())
    if not 0 <= validation_patients < len(train):
        raise DataError(
            f"validation_patients={validation_patients}, but there are {len(train)} training "
            "patients, and at least one of them must remain for training"
        )
    held_out = _hold_out(train, _pathologies(slices), validation_patients, seed)
    return Split(
        name="literature",
        train=tuple(p for p in train if p not in held_out),
        validation=tuple(sorted(held_out)),
        test=tuple(test),
    )


def _units(slices: SliceSet) -> list[list[str]]:
    """Patients that stay together, by the column ``group``; without it each is alone.

    Raises:
        DataError: A patient has no group, or two.
    """
    if "group" not in slices.table:
        return [[patient] for patient in slices.patients]
    units: dict[str, list[str]] = {}
    for patient, groups in slices.table.groupby("patient")["group"]:
        found = groups.unique().tolist()
        if len(found) > 1 or groups.isna().any():
            raise DataError(
                f"patient {patient} has the groups {found} in the table's column 'group'; "
                "expected one in all rows"
            )
        units.setdefault(found[0], []).append(patient)
    return list(units.values())


def _pool_rare(strata: np.ndarray, folds: int) -> np.ndarray:
    """Strata of at least `folds` members each; expects no fewer members in all."""
    names, counts = np.unique(strata, return_counts=True)
    rare = np.isin(strata, names[counts < folds])
    pool = "rare" if rare.sum() >= folds else names[counts.argmax()]
    return np.where(rare, pool, strata)


def patient_folds(slices: SliceSet, folds: int = 5, seed: int = 0) -> list[Split]:
    """Cross-validation over patients, stratified by pathology.

    Every patient is in the test part of exactly one fold. Pathologies with fewer patients
    than folds are pooled; if they are too few even so, they count as the commonest one.
    Patients that share a value in
    the table's column ``group`` (one scan under two names, say) stay on one side; they
    count as one, of the first one's pathology. Groups of one patient each change nothing.

    Raises:
        DataError: There are fewer patients or groups than folds, or the column ``group``
            does not give each patient one group.
    """
    from sklearn.model_selection import StratifiedKFold  # half a second, and not all make folds

    units = _units(slices)
    if len(units) < folds:
        count = f"{len(slices.patients)} patients"
        if len(units) < len(slices.patients):
            count += f" in {len(units)} groups"
        raise DataError(f"{count} cannot be cut into {folds} folds")
    pathology = _pathologies(slices)
    strata = _pool_rare(np.array([pathology[unit[0]] for unit in units], object), folds)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)

    def patients(rows: np.ndarray) -> tuple[str, ...]:
        return tuple(sorted(patient for row in rows for patient in units[row]))

    return [
        Split(
            name=f"fold {k + 1} of {folds}",
            train=patients(train),
            validation=(),
            test=patients(test),
        )
        for k, (train, test) in enumerate(splitter.split(np.zeros(len(units)), strata))
    ]


def fold_split(slices: SliceSet, folds: int = 5, fold: int = 0, seed: int = 0) -> Split:
    """One fold tests, the next one validates, the others train.

    For a lesson, which trains once; figures to quote come from all of `patient_folds`.

    Args:
        slices: As `patient_folds`.
        folds: Number of parts, at least 3.
        fold: Which of them tests, from 0.
        seed: As `patient_folds`.

    Raises:
        DataError: As `patient_folds`, or there are fewer than 3 folds.
    """
    if folds < 3:
        raise DataError(f"{folds} folds leave no part to train on beside test and validation")
    parts = [split.test for split in patient_folds(slices, folds, seed)]
    test, validation = parts[fold], parts[(fold + 1) % folds]
    train = sorted(set(slices.patients) - {*test, *validation})
    return Split(f"fold {fold + 1} of {folds}", tuple(train), validation, test)
