"""Networks, losses and optimisers over five folds: does one stand out?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from seglib import plotting, reporting
from seglib.evaluation.comparison import rank_networks
from seglib.evaluation.tables import per_patient
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from study import results, variants
from study.jobs import Job, cross_validation
from study.outlines import outline_scores
from study.outlines import shown as shown_outlines
from study.questions import heart
from study.questions.heart import CROP, SEEDS, rightly_labelled
from study.section import against_reference, labels, short_table, with_interval

#: What tables and figures call the variants: the U-Net has the sum of Dice and cross-entropy and
#: AdamW, the others are that but for what their name says.
NAMES = {
    "unet": "U-Net",
    "encoder_decoder": "encoder–decoder",
    "attention_unet": "additive gate",
    "attention_unet-oktay": "additive gate, as published",
    "channel_attention_unet": "channel attention",
    "spatial_attention_unet": "spatial attention",
    "unet-dice": "U-Net, Dice loss",
    "unet-bce": "U-Net, cross-entropy",
    "unet-jaccard": "U-Net, Jaccard loss",
    "unet-sgd": "U-Net, SGD",
    "attention_unet-sgd": "additive gate, SGD",
    "spatial_attention_unet-sgd": "spatial attention, SGD",
}

_SGD = {"optimizer": "sgd", "learning_rate": 0.1}


def comparison_recipes() -> dict[str, Recipe]:
    """Networks, losses and optimisers, each varied about the U-Net with AdamW."""
    changes = {
        "unet": {},
        "encoder_decoder": {"architecture": "encoder_decoder"},
        "attention_unet": {"architecture": "attention_unet"},
        "attention_unet-oktay": {"architecture": "attention_unet_oktay"},
        "channel_attention_unet": {"architecture": "channel_attention_unet"},
        "spatial_attention_unet": {"architecture": "spatial_attention_unet"},
        "unet-dice": {"loss": "dice"},
        "unet-bce": {"loss": "bce"},
        "unet-jaccard": {"loss": "jaccard"},
        "unet-sgd": _SGD,
        "attention_unet-sgd": {"architecture": "attention_unet", **_SGD},
        "spatial_attention_unet-sgd": {"architecture": "spatial_attention_unet", **_SGD},
    }
    return {
        name: get_recipe("unet", "quick", name=name, preprocessing=CROP, **change)
        for name, change in changes.items()
    }


def jobs(slices: SliceSet) -> list[Job]:
    """Five folds over all patients, every variant with three seeds."""
    return cross_validation("comparison", comparison_recipes(), rightly_labelled(slices), SEEDS)


EXPERIMENTS = {"comparison": heart.experiment(jobs)}


def tables(folder: Path) -> None:
    """Write what each variant reached over five folds, and the paired tests."""
    per_case = results.read_results("comparison", "per_case")
    note = labels("comparison")
    table = variants.compare_variants(per_case)
    reporting.save_table(table, "comparison_folds", **note, folder=folder)
    reporting.save_table(
        variants.compare_with(per_case, "unet"), "comparison_paired", **note, folder=folder
    )


def folds_table(table: pd.DataFrame, paired: pd.DataFrame) -> str:
    """The comparison as a short Markdown table.

    Args:
        table: From `study.variants.compare_variants`.
        paired: From `study.variants.compare_with`, against the U-Net.
    """
    outlines = outline_scores(results.read_results("comparison", "per_case"))
    compared = paired.reindex(table.index)
    shown = pd.DataFrame(
        {
            "variant": table.index.map(NAMES),
            "Dice": with_interval(table),
            "sd": table["sd"].to_numpy(),
            **shown_outlines(outlines.loc[table.index]),
            **against_reference(compared),
            "patients": table["patients"].to_numpy(),
            "seeds": table["seeds"].to_numpy(),
            "seed_sd": table["seed_sd"].to_numpy(),
        }
    )
    return short_table(shown, "patients")


def seeds_note(table: pd.DataFrame, listed: Sequence[str]) -> str:
    """How many trainings each variant has, and what the ranking may be read as.

    Args:
        table: From `study.variants.compare_variants`: the variants that have results.
        listed: All variants of the experiment.
    """
    wanted = len(SEEDS)
    have = {name: table["seeds"].get(name, 0) for name in listed}
    whole = sum(n >= wanted for n in have.values())
    if whole == len(have):
        return f"Every variant has {wanted} seeds, and the ranks are of their means."
    absent = [NAMES[name] for name, n in have.items() if not n]
    return (
        f"{whole} of {len(have)} variants have all {wanted} seeds yet"
        + (f"; not trained: {'; '.join(absent)}" if absent else "")
        + ". What a row with one seed shows holds for that training alone. The ranks use as many "
        "seeds of each as all have that have any."
    )


def figures(slices: SliceSet, folder: Path) -> None:
    """Write the means, the ranks, and where the U-Net fails."""
    per_case = results.read_results("comparison", "per_case")
    note = labels("comparison")
    seeds = pd.DataFrame(
        [
            {"variant": NAMES[variant], "dice": per_patient(rows)["dice"].mean()}
            for (variant, _), rows in per_case.groupby(["variant", "seed"])
        ]
    )
    means = variants.compare_variants(per_case).rename(index=NAMES)
    fig = plotting.plot_means(means, seeds, references=heart.REFERENCES)
    reporting.save_figure(fig, "comparison_means", **note, folder=folder)
    equal = variants.equal_seeds(per_case)
    tables = variants.patients_by_variant(equal)
    ranking = rank_networks({NAMES[variant]: table for variant, table in tables.items()})
    fig = plotting.plot_ranks(ranking, equal.groupby("variant")["seed"].nunique().min())
    reporting.save_figure(fig, "comparison_ranks", **note, folder=folder)
    per_slice = results.read_results("comparison", "per_slice", ["unet"])
    strata = variants.strata(per_slice).replace({"variant": NAMES})
    fig = plotting.plot_strata(strata)
    reporting.save_figure(fig, "comparison_strata", **labels("comparison", ["unet"]), folder=folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    per_case = results.read_results("comparison", "per_case")
    reached = variants.compare_variants(per_case)
    return {
        "folds": folds_table(reached, variants.compare_with(per_case, "unet")),
        "seeds": seeds_note(reached, list(comparison_recipes())),
    }
