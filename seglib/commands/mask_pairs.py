"""True and predicted masks on disk: paired by name, grouped into cases, scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from seglib import nifti
from seglib.commands.reading import find_files
from seglib.datasets.image_files import read_all, read_binary_mask
from seglib.datasets.patterns import compile_pattern
from seglib.datasets.slice_set import SliceSet
from seglib.datasets.sunnybrook import FRAMES_PER_SLICE, NAME, WRONG_LABELS, name_phases
from seglib.errors import DataError
from seglib.evaluation import score_cases
from seglib.scores import good_contours, score_case

#: What `find_cases` says about names that are all Sunnybrook's.
FROM_SUNNYBROOK = "Sunnybrook's file names (patient, and ED or ES by the larger true area)"


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
    sides = {"true": find_files(truth), "predicted": find_files(prediction)}
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


def read_picture_pairs(pairs: dict[str, tuple[Path, Path]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read all pairs, each mask ``(H, W)`` uint8 with values 0 and 1, in order.

    Raises:
        DataError: A file is corrupt or not binary, or the sizes of a pair differ.
    """
    return read_all(_read_pair, [a for a, _ in pairs.values()], [b for _, b in pairs.values()])


def _read_pair(truth_path: Path, prediction_path: Path) -> tuple[np.ndarray, np.ndarray]:
    truth, prediction = read_binary_mask(truth_path), read_binary_mask(prediction_path)
    if truth.shape != prediction.shape:
        raise DataError(
            f"{prediction_path}: the mask is {prediction.shape[0]}x{prediction.shape[1]} pixels "
            f"(height x width), but the true one is {truth.shape[0]}x{truth.shape[1]}"
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
            if wanted, ``case`` and ``slice``. None: Sunnybrook's names, or else each file
            is a case and a patient of its own.

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
            raise DataError(f"--cases {pattern!r} finds no patient in {key!r}")
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
    spacing: float | None,
    assumed_spacing: float | None,
    tolerance: float,
) -> pd.DataFrame:
    """Score pairs of pictures; those of one case are pooled.

    Args:
        masks: True and predicted mask of each row, ``(H, W)``.
        table: From `find_cases`, with the column ``source``.
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
                f"{table['source'][rows[0]]} of the same case ({case}) is {sizes[rows[0]]}"
            )
    parts = []
    for _, rows in sizes.groupby(sizes).groups.items():
        truth = np.stack([masks[row][0] for row in rows])[..., None]
        prediction = np.stack([masks[row][1] for row in rows])[..., None]
        slices = SliceSet("masks", truth, truth, table.loc[rows], ("background", "structure"))
        parts.append(
            score_cases(slices, prediction, tolerance=tolerance, assumed_spacing=assumed_spacing)
        )
    return pd.concat(parts, ignore_index=True)


def score_volumes(
    pairs: dict[str, tuple[Path, Path]], pattern: str | None, *, tolerance: float
) -> tuple[pd.DataFrame, str]:
    """Score pairs of NIfTI masks: each is a case, distances run through the volume in mm.

    Returns:
        As `seglib.evaluation.score_cases`; and where patients come from, in words.

    Raises:
        DataError: A file is corrupt or not binary, or a pair is not on one grid.
    """
    keys = {key: truth for key, (truth, _) in pairs.items()}
    table, cases_from = find_cases(keys, np.ones(len(keys)), pattern)
    rows = []
    for (key, (truth_path, prediction_path)), names in zip(
        pairs.items(), table.to_dict("records"), strict=True
    ):
        truth, grid = nifti.read_binary_mask(truth_path)
        prediction, other = nifti.read_binary_mask(prediction_path)
        if not grid.is_same(other):
            raise DataError(
                f"{prediction_path}: is not on the grid of {truth_path}: slices of shape "
                f"{other.sliced_shape} and {grid.sliced_shape}, affines "
                f"{other.affine.tolist()} and {grid.affine.tolist()}"
            )
        rows.append(
            {
                "case": key,
                "patient": names["patient"],
                "phase": names["phase"],
                "pathology": names["pathology"],
                "class": "structure",
                **score_case(truth, prediction, grid.spacing, tolerance=tolerance),
                **good_contours(truth, prediction, grid.spacing[1:]),
            }
        )
    return pd.DataFrame(rows), cases_from


def known_wrong(per_case: pd.DataFrame) -> list[str]:
    """Patients among the cases whose true masks are known to be wrong."""
    return sorted(set(per_case["patient"]) & set(WRONG_LABELS))
