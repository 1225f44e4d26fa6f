"""Does training in bfloat16 cost Dice? The same networks in both, five folds, three seeds.

bfloat16 is faster where the processor multiplies it (`seglib.training.precision`; the benchmarks
say by how much). It becomes the default where it is equivalent to float32 within `MARGIN`, which
is a fifth of what the study calls equivalent elsewhere: nobody chooses it for the sake of Dice.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib import reporting
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study.jobs import Job, cross_validation
from study.questions import heart
from study.questions.heart import CROP, SEEDS, rightly_labelled
from study.results import STORED, number_stored, read_compared, stored_names
from study.section import against_reference, not_yet, short_table, with_interval
from study.variants import table_of_changes

EXPERIMENT = "precision"
FOLDS = 5
PRECISIONS = FLOAT32, BFLOAT16 = ("float32", "bfloat16")

WANTED = len(PRECISIONS) * FOLDS * len(SEEDS)

#: Largest difference in mean Dice that is taken for none.
MARGIN = 0.002

#: What its tables are labelled with.
LABELS = {"dataset": "Sunnybrook", "profile": "16 filters, 20 epochs, 5 folds x 3 seeds"}


def recipe() -> Recipe:
    """The selected recipe for half as long: with fewer filters bfloat16 is not faster."""
    return get_recipe("unet", name="precision", epochs=20, preprocessing=CROP)


def jobs(slices: SliceSet) -> list[Job]:
    """The recipe in both precisions, on five folds, with three seeds each."""
    known = rightly_labelled(slices)
    return [
        job
        for precision in PRECISIONS
        for job in cross_validation(
            EXPERIMENT, {precision: recipe()}, known, SEEDS, precision=precision
        )
    ]


EXPERIMENTS = {EXPERIMENT: heart.experiment(jobs)}


def precision_table(stored: Path = STORED) -> pd.DataFrame:
    """What each precision reached, and bfloat16 against float32.

    Returns:
        As `study.variants.table_of_changes`, float32 first.
    """
    per_case = read_compared(EXPERIMENT, FLOAT32, stored)
    return table_of_changes(per_case, {name: name for name in PRECISIONS}, FLOAT32, MARGIN)


def is_complete(stored: Path = STORED) -> bool:
    """Whether all jobs are stored: before that, nothing is shown of them."""
    return number_stored(EXPERIMENT, stored) == WANTED


def tables(folder: Path) -> None:
    """Write the comparison, once all jobs are stored."""
    if is_complete():
        runs = stored_names(EXPERIMENT)
        reporting.save_table(precision_table(), EXPERIMENT, **LABELS, runs=runs, folder=folder)


def blocks() -> dict[str, str]:
    """The Markdown block of the report's page: the comparison, or how many jobs are there."""
    if not is_complete():
        meanwhile = "`train` uses float32 unless it is told otherwise"
        return {EXPERIMENT: not_yet(EXPERIMENT, number_stored(EXPERIMENT), WANTED, meanwhile)}
    table = precision_table()
    shown = pd.DataFrame(
        {
            "precision": table.index,
            "Dice": with_interval(table, "dice", "dice_low", "dice_high"),
            **against_reference(table),
            "p (equivalence)": table["p_equivalent"].map(reporting.p_value).to_numpy(),
            "patients": table["patients"].to_numpy(),
            "seeds": table["seeds"].to_numpy(),
        }
    )
    return {EXPERIMENT: short_table(shown, "patients", "seeds")}
