"""`python -m seglib evaluate`: scores of predicted masks against true ones."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

HELP = """\
Score a folder of predicted masks against a folder of true ones, paired by name.

Masks are PNG or TIFF with the values 0 and 255 (or 0 and 1), or NIfTI. Where NAME and
NAME_mask stand side by side, NAME_mask is the mask. With --classes they hold class
numbers, or in PNG the grey values that predict writes. The files of a case are pooled,
then cases are averaged into their patient and patients into the mean, which is printed
with its 95 % bootstrap interval over patients. The JSON file holds this summary and the
scores of each patient and case. Distances are in mm for NIfTI (through the
volume) and with --spacing (inside each slice), else in pixels.

example:
  python -m seglib evaluate --truth my_labels --prediction my_masks --output scores.json \\
      --cases '^(?P<patient>[^_]+)_(?P<slice>[0-9]+)'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    add = parser.add_argument
    add("--truth", type=Path, required=True, metavar="DIR", help="folder of true masks")
    add("--prediction", type=Path, required=True, metavar="DIR", help="folder of predicted masks")
    add("--output", type=Path, required=True, metavar="FILE.json", help="file for the scores")
    add(
        "--cases",
        metavar="REGEX",
        help="regular expression with the group 'patient' and, if wanted, 'case' and 'slice', "
        "searched in each file's path inside the folder, without the ending; default: "
        "Sunnybrook's or LGG's names where all files have them, else each file is its own case "
        "and patient",
    )
    add(
        "--classes",
        metavar="NAMES",
        help="names of the classes 1, 2, ... with commas between, for masks of several classes; "
        "default: one structure",
    )
    add("--spacing", type=float, metavar="MM", help="side of a pixel; default: unknown")
    add(
        "--assumed-spacing",
        type=float,
        metavar="MM",
        help="side of a pixel for counting good contours (mean distance below 5 mm) where it is "
        "unknown; distances stay in pixels; default: none, so they are not counted",
    )
    add(
        "--tolerance",
        type=float,
        default=2.0,
        metavar="D",
        help="of the surface Dice, in mm, or in pixels if the spacing is unknown; default: 2",
    )


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
    from seglib.commands import mask_pairs
    from seglib.environment import versions
    from seglib.evaluation.tables import per_patient, summarise
    from seglib.files import write_json
    from seglib.staging import check_output

    lengths = {"--spacing": spacing, "--assumed-spacing": assumed_spacing}
    for option, value in {**lengths, "--tolerance": tolerance}.items():
        if value is not None and not (math.isfinite(value) and value > 0):
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
        per_case, cases_from = mask_pairs.score_volumes(pairs, cases, class_names, tolerance)
    else:
        per_case, cases_from = mask_pairs.score_pictures(
            pairs, cases, class_names, tolerance, spacing, assumed_spacing
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
