"""True and predicted masks on disk: paired by name, grouped into cases, scored."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.commands.reading import find_files, read_class_mask
from seglib.datasets import lgg
from seglib.datasets.folder import compile_pattern
from seglib.datasets.sunnybrook import FRAMES_PER_SLICE, NAME, WRONG_LABELS, name_phases
from seglib.errors import DataError
from seglib.evaluation.challenge import good_contours
from seglib.evaluation.scores import score_case
from seglib.evaluation.tables import score_cases
from seglib.formats import nifti
from seglib.formats.pictures import read_all
from seglib.slices import SliceSet

#: What `find_cases` says about names that are all Sunnybrook's.
FROM_SUNNYBROOK = "Sunnybrook's file names (patient, and ED or ES by the larger true area)"
FROM_LGG = "the LGG files' names (patient and slice)"

#: Name of a file of the LGG slices, image or mask.
_LGG_NAME = re.compile(lgg.FOLDER_NAME.pattern + lgg.FILE_ENDING.pattern)

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
        areas: ``(N,)`` true pixels of each file; at Sunnybrook they tell ED from ES.
        pattern: Regular expression, searched in the key, with the group ``patient`` and,
            if wanted, ``case`` and ``slice``. None: Sunnybrook's or LGG's names, or else
            each file is a case and a patient of its own.

    Returns:
        One row per file with ``case``, ``patient``, ``slice``, ``phase``, ``pathology``;
        and where they come from, in words.

    Raises:
        DataError: The pattern is none, lacks its group, or does not fit a name.
    """
    if pattern is not None:
        return _cases_by_pattern(list(paths), pattern), f"the pattern {pattern}"
    names = [NAME.match(path.name) for path in paths.values()]
    if all(names):
        table = pd.DataFrame([name.groupdict() for name in names])
        number = table.pop("number").astype(int) - 1
        table["slice"], table["frame"] = number // FRAMES_PER_SLICE, number % FRAMES_PER_SLICE
        try:
            table["phase"] = name_phases(table, areas)
        except DataError as error:
            raise DataError(f"{error}; --cases says otherwise what a case is") from error
        table["case"] = table["patient"] + " " + table["phase"]
        return table, FROM_SUNNYBROOK
    names = [_LGG_NAME.fullmatch(path.name) for path in paths.values()]
    if all(names):
        table = pd.DataFrame([name.groupdict() for name in names])
        table = pd.DataFrame({"patient": table["patient"], "slice": table["number"].astype(int)})
        return table.assign(case=table["patient"], phase="", pathology="unknown"), FROM_LGG
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
    masks: list[tuple[np.ndarray, np.ndarray]],
    table: pd.DataFrame,
    *,
    class_names: tuple[str, ...] = BINARY,
    spacing: float | None,
    assumed_spacing: float | None,
    tolerance: float,
) -> pd.DataFrame:
    """Score pairs of pictures; those of one case are pooled.

    Args:
        masks: True and predicted mask of each row, ``(H, W)``.
        table: From `find_cases`, with the column ``source``.
        class_names: Background first.
        spacing: Pixel side in mm, or None if unknown.
        assumed_spacing: As `seglib.evaluation.score_cases`.
        tolerance: Of the surface Dice, in mm, or in pixels without spacing.

    Returns:
        As `seglib.evaluation.score_cases`.

    Raises:
        DataError: The masks of one case have two sizes.
    """
    table = table.assign(spacing=np.nan if spacing is None else spacing)
    sizes = pd.Series([f"{truth.shape[0]}x{truth.shape[1]}" for truth, _ in masks])
    for case, rows in table.groupby("case").groups.items():
        if sizes[rows].nunique() > 1:
            other = next(row for row in rows if sizes[row] != sizes[rows[0]])
            raise DataError(
                f"{table['source'][other]}: the mask is {sizes[other]} pixels, but "
                f"{table['source'][rows[0]]} of the same case ({case}) is {sizes[rows[0]]}; "
                "resize one of them, or tell the cases apart with --cases"
            )
    parts = []
    for _, rows in sizes.groupby(sizes).groups.items():
        truth = np.stack([masks[row][0] for row in rows])[..., None]
        prediction = np.stack([masks[row][1] for row in rows])[..., None]
        slices = SliceSet("masks", truth, truth, table.loc[rows], class_names)
        parts.append(
            score_cases(slices, prediction, tolerance=tolerance, assumed_spacing=assumed_spacing)
        )
    return pd.concat(parts, ignore_index=True)


def score_volumes(
    pairs: dict[str, tuple[Path, Path]],
    pattern: str | None,
    *,
    class_names: tuple[str, ...] = BINARY,
    tolerance: float,
) -> tuple[pd.DataFrame, str]:
    """Score pairs of NIfTI masks: each is a case, distances run through the volume in mm.

    Returns:
        As `seglib.evaluation.score_cases`; and where patients come from, in words.

    Raises:
        DataError: A file is corrupt or holds other values, or a pair is not on one grid.
    """
    keys = {key: truth for key, (truth, _) in pairs.items()}
    table, cases_from = find_cases(keys, np.ones(len(keys)), pattern)
    rows = []
    for (key, (truth_path, prediction_path)), names in zip(
        pairs.items(), table.to_dict("records"), strict=True
    ):
        truth, grid = _read_volume(truth_path, len(class_names))
        prediction, other = _read_volume(prediction_path, len(class_names))
        if not grid.is_same(other):
            raise DataError(
                f"{prediction_path}: is not on the grid of {truth_path}: slices of shape "
                f"{other.sliced_shape} and {grid.sliced_shape}, affines "
                f"{other.affine.tolist()} and {grid.affine.tolist()}; resample it onto that grid"
            )
        rows += [
            {
                "case": key,
                "patient": names["patient"],
                "phase": names["phase"],
                "pathology": names["pathology"],
                "class": class_name,
                **score_case(truth == k, prediction == k, grid.spacing, tolerance=tolerance),
                **good_contours(truth == k, prediction == k, grid.spacing[1:]),
            }
            for k, class_name in enumerate(class_names[1:], start=1)
        ]
    return pd.DataFrame(rows), cases_from


def _read_volume(path: Path, num_classes: int) -> tuple[np.ndarray, nifti.Grid]:
    if num_classes == 2:
        return nifti.read_binary_mask(path)
    return nifti.read_mask(path, num_classes)


def known_wrong(per_case: pd.DataFrame) -> list[str]:
    """Patients among the cases whose true masks are known to be wrong."""
    return sorted(set(per_case["patient"]) & set(WRONG_LABELS))
