"""True and predicted masks on disk: paired by name, grouped into cases, scored."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seglib.commands.reading import find_files, read_class_mask
from seglib.datasets import SOURCES
from seglib.datasets.folder import compile_pattern
from seglib.errors import DataError
from seglib.evaluation.challenge import good_contours
from seglib.evaluation.scores import score_case
from seglib.evaluation.surface import Spacing
from seglib.formats.pictures import read_all

if TYPE_CHECKING:
    from seglib.formats.nifti_grid import Grid

#: Classes of a mask that says only where one structure is.
BINARY = ("background", "structure")


def pair_masks(truth: Path, prediction: Path) -> tuple[str, dict[str, tuple[Path, Path]]]:
    """Pair the files of two folders by their path without the ending.

    Returns:
        ``"picture"`` or ``"volume"``, and the two files of each key.

    Raises:
        DataError: A folder is missing, empty or holds DICOM, both are one folder, or a
            file has no partner.
    """
    if truth.exists() and prediction.exists() and truth.samefile(prediction):
        raise DataError(
            f"{truth}: is given as truth and as prediction; masks scored against themselves "
            "always agree"
        )
    sides = {
        "true": find_files(truth, masks=True),
        "predicted": find_files(prediction, masks=True),
    }
    for which, files in sides.items():
        if files.kind == "dicom":
            folder = truth if which == "true" else prediction
            raise DataError(f"{folder}: holds DICOM images; expected PNG, TIFF or NIfTI masks")
    true, predicted = sides["true"], sides["predicted"]
    if true.kind != predicted.kind:
        raise DataError(
            f"{truth} holds {true.kind}s but {prediction} holds {predicted.kind}s; "
            "expected the same kind of file in both"
        )
    for own, other, folder, what in (
        (true, predicted, prediction, "predicted"),
        (predicted, true, truth, "true"),
    ):
        lonely = [path for key, path in own.paths.items() if key not in other.paths]
        if lonely:
            raise DataError(
                f"{lonely[0]}: has no {what} mask of the same name in {folder} "
                f"({len(lonely)} such file(s)); add it, or remove the file"
            )
    pairs = {key: (path, predicted.paths[key]) for key, path in true.paths.items()}
    return true.kind, pairs


def read_picture_pairs(
    pairs: dict[str, tuple[Path, Path]], num_classes: int = 2
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read all pairs, each mask ``(H, W)`` uint8 class indices, in order.

    Raises:
        DataError: A file is corrupt or holds other values, or the sizes of a pair differ.
    """
    read = partial(_read_pair, num_classes=num_classes)
    return read_all(read, [a for a, _ in pairs.values()], [b for _, b in pairs.values()])


def _read_pair(
    truth_path: Path, prediction_path: Path, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    truth = read_class_mask(truth_path, num_classes)
    prediction = read_class_mask(prediction_path, num_classes)
    if truth.shape != prediction.shape:
        raise DataError(
            f"{prediction_path}: the mask is {prediction.shape[0]}x{prediction.shape[1]} pixels "
            f"(height x width), but the true one is {truth.shape[0]}x{truth.shape[1]}; "
            "predict on the images at their own size, or resize one of the masks"
        )
    return truth, prediction


def find_cases(
    paths: dict[str, Path], areas: np.ndarray, pattern: str | None
) -> tuple[pd.DataFrame, str]:
    """Tell from the names which patient, case and slice each file is.

    Args:
        paths: The true mask's file of each key.
        areas: ``(N,)`` true pixels of each file; of a heart they tell ED from ES.
        pattern: Regular expression, searched in the key, with the group ``patient`` and,
            if wanted, ``case`` and ``slice``. None: as the first known set does whose
            names these are, or else each file is a case and a patient of its own.

    Returns:
        One row per file with ``case``, ``patient``, ``slice``, ``phase``, ``pathology``;
        and where they come from, in words.

    Raises:
        DataError: The pattern is none, lacks its group, or does not fit a name.
    """
    if pattern is not None:
        return _cases_by_pattern(list(paths), pattern), f"the pattern {pattern}"
    for source in SOURCES.values():
        tell = getattr(source.reader(), "cases_from_names", None)
        try:
            found = tell(list(paths.values()), areas) if tell else None
        except DataError as error:
            raise DataError(f"{error}; --cases says otherwise what a case is") from error
        if found:
            return found
    keys = list(paths)
    table = pd.DataFrame({"case": keys, "patient": keys, "slice": 0, "phase": ""})
    return table.assign(pathology="unknown"), "the files: each is a case and a patient of its own"


def _cases_by_pattern(keys: list[str], pattern: str) -> pd.DataFrame:
    compiled = compile_pattern(pattern, "--cases")
    rows = []
    for number, key in enumerate(keys):
        match = compiled.search(key)
        groups = match.groupdict() if match else {}
        if not groups.get("patient"):
            raise DataError(
                f"--cases {pattern!r} finds no patient in {key!r}; its group 'patient' must match "
                "in the path of every file inside its folder, without the ending"
            )
        position = groups.get("slice", number)
        if not str(position).isdigit():
            raise DataError(
                f"--cases {pattern!r}: the slice in {key!r} is {position!r}, expected a number"
            )
        patient = groups["patient"]
        case = f"{patient} {groups['case']}" if groups.get("case") else patient
        rows.append({"case": case, "patient": patient, "slice": int(position)})
    return pd.DataFrame(rows).assign(phase="", pathology="unknown")


def score_pictures(
    pairs: dict[str, tuple[Path, Path]],
    pattern: str | None,
    class_names: tuple[str, ...],
    tolerance: float,
    spacing: float | None = None,
    assumed_spacing: float | None = None,
) -> tuple[pd.DataFrame, str]:
    """Score pairs of pictures; those of one case are pooled.

    Args:
        pairs: From `pair_masks`.
        pattern: As `find_cases`.
        class_names: Background first.
        tolerance: Of the surface Dice, in mm, or in pixels without spacing.
        spacing: Pixel side in mm, or None if unknown.
        assumed_spacing: As `seglib.evaluation.score_cases`.

    Returns:
        As `seglib.evaluation.score_cases`; and where cases come from, in words.

    Raises:
        DataError: A file is corrupt or holds other values, or the sizes of a pair or of one
            case differ.
    """
    masks = read_picture_pairs(pairs, len(class_names))
    areas = np.array([np.count_nonzero(true) for true, _ in masks])
    table, cases_from = find_cases({key: true for key, (true, _) in pairs.items()}, areas, pattern)
    sizes = pd.Series([f"{true.shape[0]}x{true.shape[1]}" for true, _ in masks])
    for case, rows in table.groupby("case").groups.items():
        if sizes[rows].nunique() > 1:
            other = next(row for row in rows if sizes[row] != sizes[rows[0]])
            keys = list(pairs)
            raise DataError(
                f"{keys[other]}: the mask is {sizes[other]} pixels, but {keys[rows[0]]} of the "
                f"same case ({case}) is {sizes[rows[0]]}; resize one of them, or tell the cases "
                "apart with --cases"
            )
    side = assumed_spacing if spacing is None else spacing
    scored = []
    for _, same in table.groupby(sizes):
        for _, case in same.groupby("case", sort=False):
            case = case.sort_values("slice", kind="stable")
            true, predicted = zip(*(masks[row] for row in case.index), strict=True)
            stacks = np.stack(true), np.stack(predicted)
            scored += _score(case.iloc[0], *stacks, class_names, tolerance, spacing, side)
    per_case = pd.DataFrame(scored).assign(
        contour_spacing=np.nan if side is None else float(side),
        contour_spacing_assumed=side is not None and spacing is None,
    )
    return per_case, cases_from


def score_volumes(
    pairs: dict[str, tuple[Path, Path]],
    pattern: str | None,
    class_names: tuple[str, ...],
    tolerance: float,
) -> tuple[pd.DataFrame, str]:
    """Score pairs of NIfTI masks: each is a case, distances run through the volume in mm.

    Args:
        pairs: From `pair_masks`.
        pattern: As `find_cases`; it tells the patients.
        class_names: Background first.
        tolerance: Of the surface Dice, in mm.

    Returns:
        As `score_pictures`, without the spacing of contours: each file has its own.

    Raises:
        DataError: A file is corrupt or holds other values, or a pair is not on one grid.
    """
    keys = {key: truth for key, (truth, _) in pairs.items()}
    table, cases_from = find_cases(keys, np.ones(len(keys)), pattern)
    table = table.assign(case=list(pairs))
    scored = []
    for (_, names), (truth_path, prediction_path) in zip(
        table.iterrows(), pairs.values(), strict=True
    ):
        truth, grid = _read_volume(truth_path, len(class_names))
        prediction, other = _read_volume(prediction_path, len(class_names))
        if not grid.is_same(other):
            raise DataError(
                f"{prediction_path}: is not on the grid of {truth_path}: slices of shape "
                f"{other.sliced_shape} and {grid.sliced_shape}, affines "
                f"{other.affine.tolist()} and {grid.affine.tolist()}; resample it onto that grid"
            )
        side = grid.spacing[1:]
        scored += _score(names, truth, prediction, class_names, tolerance, grid.spacing, side)
    return pd.DataFrame(scored), cases_from


def _score(
    names: pd.Series,
    truth: np.ndarray,
    prediction: np.ndarray,
    class_names: tuple[str, ...],
    tolerance: float,
    spacing: Spacing | None,
    side: Spacing | None,
) -> list[dict]:
    """Score each class of one case, ``(S, H, W)`` class indices.

    Args:
        names: Row of `find_cases`.
        truth: True mask.
        prediction: Predicted mask.
        class_names: Background first.
        tolerance: Of the surface Dice.
        spacing: As `seglib.evaluation.scores.score_case`.
        side: Of a pixel, as `seglib.evaluation.challenge.good_contours`.
    """
    return [
        {
            **names[["case", "patient", "phase", "pathology"]],
            "class": class_name,
            **score_case(truth == k, prediction == k, spacing, tolerance=tolerance),
            **good_contours(truth == k, prediction == k, side),
        }
        for k, class_name in enumerate(class_names[1:], start=1)
    ]


def _read_volume(path: Path, num_classes: int) -> tuple[np.ndarray, Grid]:
    from seglib.formats import nifti  # slow to import, and pictures do without

    if num_classes == 2:
        return nifti.read_binary_mask(path)
    return nifti.read_mask(path, num_classes)


def known_wrong(per_case: pd.DataFrame) -> list[str]:
    """Patients among the cases whose true masks are known to be wrong."""
    readers = [source.reader() for source in SOURCES.values()]
    wrong = {patient for reader in readers for patient in getattr(reader, "WRONG_LABELS", ())}
    return sorted(set(per_case["patient"]) & wrong)
