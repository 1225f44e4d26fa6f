"""What the study shows, in points made from the stored results, for the report's first screen."""

from __future__ import annotations

import pandas as pd

from seglib.recipes.recipe import get_recipe
from study import results, variants
from study.organ_tables import networks_table
from study.questions import (
    atrium,
    best,
    chain,
    ejection_fraction,
    networks,
    outside,
    tumour,
    waterfall,
    waterfall_tables,
)
from study.section import with_interval


def blocks() -> dict[str, str]:
    """The points as a Markdown list, by the name of their marker."""
    points = (_best(), _claim(), _networks(), _clinic(), _outside(), _organs())
    return {"shown": "\n".join(f"- {point}" for point in points)}


def _best() -> str:
    summary = best.best_summary().loc[[("all", "dice")]]
    (dice,), (n,) = with_interval(summary, "mean"), summary["n"].astype(int)
    aim = "reached" if summary["mean"].item() >= 0.95 else "missed"
    return (
        "**Shown.** A plain U-Net, trained on the 15 training patients, reaches a Dice of "
        f"{dice} on {n} unseen patients, with every slice counted "
        f"that the expert drew on. The aim of 0.95 is {aim}."
    )


def _claim() -> str:
    crossed = chain.is_complete()
    table = chain.chain_table() if crossed else waterfall_tables.waterfall_table()
    copy, whole = chain.COPY if crossed else waterfall.SLIM, get_recipe("lv_published")
    claimed, trained = table["dice"].iloc[:2]
    fewer = whole.filters // copy.filters
    smaller = (whole.preprocessing.size // copy.preprocessing.size) ** 2
    return (
        f"**Shown.** System 1's {claimed:.2f} is a training score; its own validation score is "
        f"{waterfall.VALIDATED:.2f}, and its test set was never scored. "
        + ("Our" if trained >= claimed else "**A failed replication:** our")
        + f" copy, with {copy.epochs} of its {whole.epochs} epochs, 1/{fewer} of its filters "
        f"and 1/{smaller} of its pixels, ends at a training score of {trained:.2f}: it shows what "
        "ways of counting are worth, not what the original had memorised."
    )


def _networks() -> str:
    per_case = results.read_results("comparison", "per_case")
    verdicts = variants.compare_with(per_case, "unet")["verdict"]
    groups = {}
    for verdict, names in verdicts.groupby(verdicts).groups.items():
        groups.setdefault(verdict.partition(",")[0], []).extend(names)
    told = [
        f"{verdict}: " + ", ".join(f"*{networks.NAMES[name]}*" for name in names)
        for verdict, names in groups.items()
        if verdict in ("better", "worse")
    ]
    counted = [
        f"{len(names)} {verdict}"
        for verdict, names in groups.items()
        if verdict not in ("better", "worse")
    ]
    none = [] if "better" in groups else ["none of the others is better"]
    said = "; ".join([*none, *told, *counted])
    return f"**Shown, for the trainings that were made.** Against the U-Net, {said}."


def _clinic() -> str:
    whole = ejection_fraction.rules_table().loc["all"].iloc[0]
    low, high = -whole["bias_high"], -whole["bias_low"]
    return (
        "**Shown.** That Dice hides a bias: the ejection fraction comes out "
        f"{-whole['bias']:.1f} points too small [{low:.1f}, {high:.1f}], and single patients are "
        f"off by {whole['mae']:.1f} points in the mean ([ejection fraction](ejection_fraction.md))."
    )


def _outside() -> str:
    table = outside.outside_table()
    drawn, frames = table["drawn_into"].sum(), table["frames"].sum()
    return (
        f"**Not shown.** That it would do as well on a whole scan: it draws into {drawn} of "
        f"{frames} frames on which the expert drew nothing ([counting](counting.md))."
    )


def _organs() -> str:
    found = pd.concat(
        [networks_table(one.ORGAN).sort_values("dice").tail(1) for one in (atrium, tumour)]
    )
    scores = with_interval(found, "dice", "dice_low", "dice_high")
    said = ", ".join(
        f"{name} {score} ({patients} patients)"
        for name, score, patients in zip(
            ("atrium", "tumour"), scores, found["patients"], strict=True
        )
    )
    return (
        f"**Not reached.** The aims of 0.92 for the atrium and 0.84 for the tumour: {said}. "
        "**Failed replications:** system 3's network answers black in all folds, although its own "
        "validation Dice was 0.59; system 4 is repeated on simulated heads alone; system 5's "
        "networks come in another order ([other organs](organs.md))."
    )
