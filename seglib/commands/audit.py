"""`python -m seglib audit`: which labels of one's own data should be checked first?"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.commands.options import add_picture_options, add_seed
from seglib.errors import DataError
from seglib.program import whole_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from seglib.audit.ranking import Audit

HELP = """\
Rank the labels of your own data by how much they disagree with a network that never saw
them. The patients are cut into folds; each fold is predicted by a network trained on the
others, so the work is that of FOLDS trainings. DIR receives

  suspects.csv   patients, the one that disagrees most first
  slices.csv     slices, each measured against the others of its patient
  suspects.png   the first patients with the outlines of label and prediction
  slices.png     the first slices likewise

A suspect is no verdict: the network may be the one that is wrong. Look, then decide. The
same command run again goes on where it was stopped.

example:
  python -m seglib audit --images my_images --masks my_labels --output my_audit \\
      --patients '^(?P<patient>[^_]+)_' --profile quick"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `audit`."""
    add = parser.add_argument
    add(
        "--images",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of your images (PNG, TIFF, JPEG)",
    )
    add(
        "--masks",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of their masks (PNG, TIFF), same names",
    )
    add("--output", type=Path, required=True, metavar="DIR", help="folder for the results")
    add(
        "--recipe",
        default="unet",
        metavar="RECIPE",
        help="what to train; python -m seglib recipes lists them; default: unet",
    )
    add(
        "--folds",
        type=whole_number(2),
        default=5,
        metavar="N",
        help="networks to train; at most the number of patients; default: 5",
    )
    add(
        "--top",
        type=whole_number(1),
        default=8,
        metavar="N",
        help="how many suspects are drawn; default: 8",
    )
    add_picture_options(parser)
    add_seed(parser)


def audit(
    images: Path,
    masks: Path,
    output: Path,
    recipe: str = "unet",
    folds: int = 5,
    top: int = 8,
    patients: str | None = None,
    size: int | None = None,
    crop: int | None = None,
    profile: str = "full",
    seed: int = 0,
) -> None:
    """Rank own labels by their disagreement with out-of-fold predictions.

    Args:
        images: Folder of own images, see `seglib.datasets.folder.load`.
        masks: Folder of their masks.
        output: Folder for ``suspects.csv``, ``slices.csv``, ``suspects.png`` and
            ``slices.png``.
        recipe: A key of `seglib.recipes.all_recipes`.
        folds: Networks to train.
        top: How many suspects the pictures show.
        patients: ``patient_pattern`` of the images.
        size: Side in pixels that pairs are resized to.
        crop: Side in pixels of the central square the network sees, 0 for the whole
            image; default the recipe's.
        profile: A key of `seglib.recipes.PROFILES`.
        seed: Of the folds and of the trainings.

    Raises:
        SeglibError: The recipe, the data or the output cannot be used.
    """
    import matplotlib

    from seglib.audit.pictures import show_moves, show_suspects
    from seglib.audit.ranking import audit as audit_labels
    from seglib.commands.own_data import check_crop, own_images, with_crop
    from seglib.files import atomic_write
    from seglib.plotting.style import label_figure
    from seglib.recipes.recipe import get_recipe
    from seglib.staging import check_output, check_results

    check_output(output, images, masks)
    check_results()
    chosen = with_crop(get_recipe(recipe, profile), crop)
    slices = own_images(images, masks, patients, size)
    if len(slices.patients) < folds:
        raise DataError(
            f"{len(slices.patients)} patient(s) cannot be cut into {folds} folds; use a smaller "
            "--folds, or check --patients"
        )
    check_crop(chosen, slices)
    print(
        f"{chosen.name} on {slices.name}: {len(slices.patients)} patients ({len(slices)} slices), "
        f"{folds} trainings of {chosen.epochs} epochs"
    )
    found = audit_labels(slices, chosen, folds, seed)
    suspects, ranked, moves = _rankings(found)
    matplotlib.use("Agg")  # nothing is shown, so no screen is needed
    pictures = {
        "suspects": show_suspects(slices, found.prediction, suspects.head(top)),
        "slices": show_moves(slices, found.prediction, moves.head(top)),
    }
    for name, frame in (("suspects", suspects), ("slices", ranked)):
        text = frame.to_csv(float_format="%.6g", lineterminator="\n")
        atomic_write(output / f"{name}.csv", text)
        atomic_write(
            output / f"{name}.png", _png(label_figure(pictures[name], slices.name, profile))
        )
    lead = suspects.iloc[0]
    print(
        f"first suspect: {lead['patient']}, Dice {lead['dice']:.4f} "
        f"(median of all {suspects['dice'].median():.4f}); widest gap in slice "
        f"{lead['worst_slice']}"
    )
    print(f"patients, slices and pictures in {output}; look before you change a label")


def _rankings(found: Audit) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Ranked patients, ranked slices, and the moves of the slices in that order."""
    from seglib.audit.checks import contrast_per_patient, shifts
    from seglib.audit.ranking import rank_slices, rank_suspects

    suspects = rank_suspects(found.per_slice)
    contrast = suspects["patient"].map(contrast_per_patient(found.slices))
    ranked = rank_slices(found.per_slice)
    moves = shifts(found.slices, found.prediction).loc[ranked["row"]]
    named = ranked.drop(columns="row").assign(
        move_y=moves["y"].to_numpy(),
        move_x=moves["x"].to_numpy(),
        moved_dice=moves["moved_dice"].to_numpy(),
        source=found.slices.table["source"].loc[ranked["row"]].to_numpy(),
    )
    return suspects.assign(contrast=contrast), named, moves


def _png(fig: Figure) -> bytes:
    from matplotlib import pyplot as plt

    picture = io.BytesIO()
    fig.savefig(picture, format="png", dpi=150, facecolor="white")
    plt.close(fig)
    return picture.getvalue()
