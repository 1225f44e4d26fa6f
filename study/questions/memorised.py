"""System 1 as published, at its own size: which scores rise when it learns its pairs by heart?

The chain of `study.questions.waterfall` is a slim copy. This is the published network on the
published pairs, once with the leaking split and once with patients held out, scored on all its
parts after each epoch until its training figure reaches the published one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from seglib import reporting
from seglib.errors import SeglibError
from seglib.evaluation.references import Reference
from seglib.plotting.patients import draw_references
from seglib.plotting.style import PALETTE, legend_below, new_figure, plain_axes
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from seglib.splits.patients import Split, patient_folds
from study import results
from study.jobs import Job
from study.questions import heart
from study.questions.heart import rightly_labelled
from study.questions.waterfall import CLAIMED, PAIRS, TRAINING_PAIRS, VALIDATED
from study.section import labels

EXPERIMENT = "memorised"

#: Filters in the first level: the published 64, and what a processor can train in a night.
SIZES = {"full": 64, "half": 32}

#: The training figure that system 1 claims as its Dice, and the validation figure beside it.
PUBLISHED = (
    Reference("published as its Dice: a training score", CLAIMED),
    Reference("its own validation score", VALIDATED),
)

#: How pairs are split: at random after augmentation, or with patients held out.
LEAKED, HONEST = "leaked", "patients"

#: Parts in the order in which they are drawn, and what they are called.
PARTS = {
    "batches": "training pairs, while it trains",
    "train": "training pairs, as they would be predicted",
    "validation": "validation",
    "test": "test",
}


def memorised_recipes() -> dict[str, Recipe]:
    """The published recipe at each size."""
    return {
        name: get_recipe("lv_published", name=f"lv_published_{name}", filters=filters)
        for name, filters in SIZES.items()
    }


def jobs(slices: SliceSet) -> list[Job]:
    """Each size with the leaking split, and with the patients of two folds held out."""
    known = rightly_labelled(slices)
    first, second = patient_folds(known)[:2]
    train = tuple(patient for patient in first.train if patient not in second.test)
    split = Split("validated", train, second.test, first.test)
    listed = []
    for size, recipe in memorised_recipes().items():
        leaked = Job(
            EXPERIMENT,
            f"{size}-{LEAKED}",
            "fold1",
            seed=0,
            recipe=recipe,
            split=first,
            offline_pairs=PAIRS,
            leaky=True,
            watch_until=CLAIMED,
        )
        honest = replace(
            leaked,
            variant=f"{size}-{HONEST}",
            split=split,
            offline_pairs=TRAINING_PAIRS,
            leaky=False,
        )
        listed += [leaked, honest]
    return listed


EXPERIMENTS = {EXPERIMENT: heart.experiment(jobs)}


def curves(stored: Path = results.STORED) -> pd.DataFrame:
    """The soft Dice (1 - loss) of every part after each epoch.

    Returns:
        Columns ``variant``, ``epoch`` (from 1), ``part`` (keys of `PARTS`) and ``dice``; no row
        where nothing is stored yet.
    """
    try:
        watched = results.read_results(EXPERIMENT, "each_epoch", stored=stored)
        history = results.read_results(EXPERIMENT, "history", stored=stored)
    except SeglibError:
        return pd.DataFrame(columns=["variant", "epoch", "part", "dice"])
    rows = pd.concat([history.assign(part="batches"), watched], ignore_index=True)
    rows = rows.assign(dice=1 - rows["loss"], epoch=rows["epoch"] + 1)
    rows["part"] = pd.Categorical(rows["part"], list(PARTS))
    shown = ["variant", "epoch", "part", "dice"]
    return rows.sort_values(["variant", "part", "epoch"])[shown].reset_index(drop=True)


def tables(folder: Path) -> None:
    """Write the curves, once there are any."""
    found = curves()
    if len(found):
        note = labels(EXPERIMENT)
        reporting.save_table(found.set_index("variant"), "memorised", **note, folder=folder)


def plot_curves(table: pd.DataFrame) -> Figure:
    """Each part's soft Dice over the epochs, one panel a variant.

    Args:
        table: From `curves`.
    """
    variants = list(table["variant"].unique())
    fig, grid = new_figure(1, len(variants), width=4.2, height=3.4)
    for axes, variant in zip(grid[0], variants, strict=True):
        handles = draw_references(axes, PUBLISHED, across="y")
        for colour, (part, label) in zip(PALETTE, PARTS.items(), strict=False):
            rows = table[(table["variant"] == variant) & (table["part"] == part)]
            style = "dashed" if part == "batches" else "solid"
            handles += axes.plot(
                rows["epoch"], rows["dice"], color=colour, ls=style, marker="o", ms=3, label=label
            )
        axes.set(title=variant, xlabel="epoch", ylabel="soft Dice", ylim=(0, 1))
        axes.xaxis.get_major_locator().set_params(integer=True)
        plain_axes(axes, grid="y")
    legend_below(fig, handles, columns=2)
    return fig


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the curves, once there are any."""
    found = curves()
    if len(found):
        fig = plot_curves(found)
        reporting.save_figure(fig, "memorised", **labels(EXPERIMENT), folder=folder)


def blocks() -> dict[str, str]:
    """The last epoch of each training as a Markdown table, and which trainings are missing."""
    found = curves()
    there = set(found["variant"])
    asked = [f"{size}-{split}" for size in SIZES for split in (LEAKED, HONEST)]
    missing = [variant for variant in asked if variant not in there]
    text = "Not trained yet: " + ", ".join(missing) + "." if missing else ""
    if len(found):
        last = found.groupby(["variant", "part"], observed=True).last()
        shown = last["dice"].unstack("part").rename(columns=PARTS)
        shown.insert(0, "epochs", last["epoch"].groupby("variant").first())
        text = reporting.to_markdown(shown.reset_index()).strip() + "\n\n" * bool(text) + text
    return {"memorised": text}
