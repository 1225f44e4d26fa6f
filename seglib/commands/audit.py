"""`python -m seglib audit`: which labels of one's own data should be checked first?"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from seglib.audit.checks import contrast_per_patient, shifts
from seglib.audit.pictures import show_moves, show_suspects
from seglib.audit.ranking import Audit, rank_slices, rank_suspects
from seglib.audit.ranking import audit as audit_labels
from seglib.commands.train import check_crop, own_images, with_crop
from seglib.errors import DataError
from seglib.files import atomic_write
from seglib.plotting.style import label_figure
from seglib.recipes.recipe import get_recipe
from seglib.staging import check_output, check_results


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
    picture = io.BytesIO()
    fig.savefig(picture, format="png", dpi=150, facecolor="white")
    plt.close(fig)
    return picture.getvalue()
