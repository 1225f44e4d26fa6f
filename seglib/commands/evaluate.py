"""`python -m seglib evaluate`: scores of predicted masks against true ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from seglib.commands import mask_pairs
from seglib.environment import versions
from seglib.errors import DataError
from seglib.evaluation.tables import per_patient, summarise
from seglib.files import write_json
from seglib.staging import check_output


def evaluate(
    truth: Path,
    prediction: Path,
    output: Path,
    cases: str | None = None,
    classes: str | None = None,
    spacing: float | None = None,
    assumed_spacing: float | None = None,
    tolerance: float = 2.0,
) -> None:
    """Score two folders of masks, print the summary and write all of it as JSON.

    Args:
        truth: Folder (or file) of true masks: PNG or TIFF, or NIfTI.
        prediction: The same for predicted ones, under the same names.
        output: JSON file, outside of the two folders.
        cases: As ``pattern`` of `seglib.commands.mask_pairs.find_cases`.
        classes: Names of the foreground classes in their order, with commas between;
            default: one structure.
        spacing: Pixel side in mm; for pictures only, a volume's header tells it.
        assumed_spacing: Pixel side in mm for the good contours alone, where the true one
            is unknown: distances stay in pixels.
        tolerance: Of the surface Dice, in mm, or in pixels without spacing.

    Raises:
        DataError: The masks cannot be scored, or the output cannot be written.
    """
    lengths = {"--spacing": spacing, "--assumed-spacing": assumed_spacing}
    for option, value in {**lengths, "--tolerance": tolerance}.items():
        if value is not None and not (np.isfinite(value) and value > 0):
            raise DataError(f"{option} must be a positive number, found {value:g}")
    if spacing and assumed_spacing:
        raise DataError("--assumed-spacing is for masks without --spacing; give one of them")
    check_output(output, truth, prediction, ending=".json")
    class_names = _class_names(classes) if classes else mask_pairs.BINARY
    kind, pairs = mask_pairs.pair_masks(truth, prediction)
    if kind == "volume":
        if spacing or assumed_spacing:
            raise DataError(
                "--spacing and --assumed-spacing are for pictures; NIfTI files state their own"
            )
        per_case, cases_from = mask_pairs.score_volumes(
            pairs, cases, class_names=class_names, tolerance=tolerance
        )
    else:
        masks = mask_pairs.read_picture_pairs(pairs, len(class_names))
        areas = np.array([np.count_nonzero(true) for true, _ in masks])
        table, cases_from = mask_pairs.find_cases(
            {key: true for key, (true, _) in pairs.items()}, areas, cases
        )
        table["source"] = list(pairs)
        per_case = mask_pairs.score_pictures(
            masks,
            table,
            class_names=class_names,
            spacing=spacing,
            assumed_spacing=assumed_spacing,
            tolerance=tolerance,
        )
    summary = summarise(per_case)
    write_json(
        output,
        {
            "summary": _nested(summary),
            "per_patient": per_patient(per_case).to_dict("records"),
            "per_case": per_case.to_dict("records"),
            "files": len(pairs),
            "cases_from": cases_from,
            "versions": versions(),
        },
    )
    print(f"cases taken from {cases_from}")
    for patient in mask_pairs.known_wrong(per_case):
        print(f"note: the true masks of {patient} are known to be wrong; the study leaves it out")
    counts = per_case[["case", "patient"]].nunique()
    print(f"{len(pairs)} files, {counts['case']} cases, {counts['patient']} patients\n")
    if classes:
        for name, of_class in summary.groupby(level="class", sort=False):
            print(f"{name}\n{summary_table(of_class.droplevel('class'))}\n")
    else:
        print(summary_table(summary))
    print(f"\nall scores in {output}")


def _class_names(classes: str) -> tuple[str, ...]:
    """The classes that the user names, background first."""
    names = [name.strip() for name in classes.split(",")]
    if len(names) > 255:
        raise DataError(
            f"--classes names {len(names)} classes, but a mask numbers 255 beside the background "
            "at most"
        )
    if len(names) < 2 or len(set(names)) < len(names) or not all(names):
        raise DataError(
            f"--classes {classes!r}: expected two or more different names with commas between, "
            "one for each class but the background; leave it out for a single structure"
        )
    return ("background", *names)


def _nested(summary: pd.DataFrame) -> dict:
    """By metric; with several classes by class, then by metric."""
    if summary.index.nlevels == 1:
        return summary.to_dict("index")
    parts = summary.groupby(level="class", sort=False)
    return {name: part.droplevel("class").to_dict("index") for name, part in parts}


def summary_table(summary: pd.DataFrame) -> str:
    """The summary as text: a line for each metric that any patient has.

    Args:
        summary: From `seglib.evaluation.summarise`, for one class.
    """
    lines = [f"{'over patients':<14}{'mean':>8}  {'95 % interval':<22}{'median':>8}{'n':>5}"]
    for metric, row in summary[summary["n"] > 0].iterrows():
        interval = f"[{row['low']:.4f}, {row['high']:.4f}]" if row["n"] > 1 else "(one patient)"
        lines.append(
            f"{metric:<14}{row['mean']:8.4f}  {interval:<22}{row['median']:8.4f}{row['n']:5d}"
            f"  {row['unit']}".rstrip()
        )
    first = summary.iloc[0]
    lines.append(
        f"cases with nothing predicted: {first['missed']}; "
        f"with a prediction where nothing is: {first['false_positive']}"
    )
    return "\n".join(lines)
