"""How far a plain U-Net goes: the best network, and what was selected, on both protocols."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib import plotting, reporting
from seglib.evaluation.tables import per_patient
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from seglib.splits.patients import literature_split
from study import results, variants
from study.jobs import Job, cross_validation
from study.outlines import at_one_pixel
from study.questions import heart
from study.questions.heart import CROP, SEEDS, rightly_labelled
from study.section import groups_table, labels, summarise_groups, with_interval

#: The networks of each experiment, and how the table calls them.
NETWORKS = {
    "literature": {
        "lv_best": "committed model: 300 epochs, stronger augmentation",
        "selected": "what the ablation kept: 16 filters, 80 epochs",
        "selected-ensemble": "mean of its three seeds, small turns and scales",
        "selected-folds": "mean of five, each without a fifth of the 15; turns and scales",
    },
    "best": {
        "selected": "what the ablation kept: 16 filters, 40 epochs",
        "poses": "those networks, small turns and scales at test time",
    },
}
PROTOCOLS = {"literature": "literature: 15 train", "best": "five folds of 44"}


def selected_recipe(epochs: int) -> Recipe:
    """What the ablation kept: the base with 16 filters, trained longer.

    It was chosen by five folds within the 15 training patients. Stronger augmentation,
    any rotation, a wider crop and the Dice loss alone did not help there.
    """
    return get_recipe("unet", name="selected", epochs=epochs, preprocessing=CROP)


def literature(slices: SliceSet) -> list[Job]:
    """Trained on the challenge's 15 patients, tested on the other 29.

    ``lv_best`` is the committed model; its settings were chosen before the ablation, on
    five held-out training patients.
    """
    split = literature_split(rightly_labelled(slices))
    recipe = selected_recipe(epochs=80)

    def job(variant: str, seed: int = 0, **more) -> Job:
        return Job("literature", variant, "literature", seed, recipe, split, **more)

    jobs = [Job("literature", "lv_best", "literature", 0, get_recipe("lv_best"), split)]
    jobs += [job("selected", seed) for seed in SEEDS]
    jobs += [job("selected-folds", inner_folds=5, test_time="poses")]
    return jobs + [job("selected-ensemble", members=3, test_time="poses")]


def best_folds(slices: SliceSet) -> list[Job]:
    """The selected recipe by five folds over the 44 patients: 2.3 times as many train."""
    recipe = selected_recipe(epochs=40)
    right = rightly_labelled(slices)
    jobs = cross_validation("best", {"selected": recipe}, right)
    return jobs + cross_validation("best", {"poses": recipe}, right, test_time="poses")


EXPERIMENTS = {
    "literature": heart.experiment(literature),
    "best": heart.experiment(best_folds),
}


def best_summary() -> pd.DataFrame:
    """Scores of the test patients, all and by challenge part; seeds averaged by case."""
    per_case = at_one_pixel(results.read_results("literature", "per_case", ["lv_best"]))
    return summarise_groups(variants.average_seeds(per_case))


def protocols_table() -> pd.DataFrame:
    """One row a network: protocol, Dice with interval, spread of seeds."""
    parts = []
    for experiment in stored_experiments():
        per_case = results.read_results(experiment, "per_case")
        reached = variants.compare_variants(per_case)
        rows = reached.loc[[name for name in NETWORKS[experiment] if name in reached.index]]
        rows = rows.reset_index()
        rows.insert(0, "protocol", PROTOCOLS[experiment])
        rows.insert(1, "network", rows["variant"].map(NETWORKS[experiment]))
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def stored_experiments() -> list[str]:
    """Those of `NETWORKS` that have a stored result."""
    return [name for name in NETWORKS if any((results.STORED / name).glob("*/*/manifest.json"))]


def tables(folder: Path) -> None:
    """Write the best network's summary, and what each selected network reached."""
    note = labels("literature", ["lv_best"])
    reporting.save_table(best_summary(), "best_summary", **note, folder=folder)
    note["runs"] = [run for name in stored_experiments() for run in results.stored_names(name)]
    reporting.save_table(protocols_table(), "protocols", **note, folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Write the best network's charts and its best, median and worst case."""
    note = labels("literature", ["lv_best"])
    per_case = results.read_results("literature", "per_case", ["lv_best"])
    patients = per_patient(variants.average_seeds(per_case))
    box = plotting.box_plot_per_patient({"best U-Net": patients}, references=heart.REFERENCES)
    reporting.save_figure(box, "best_per_patient", **note, folder=folder)
    first = note["runs"][0]
    test = slices.of_patients(results.read_manifest(first)["test_patients"])
    cases = plotting.cases_best_median_worst(
        test,
        results.read_masks(first),
        per_case[per_case["seed"] == results.read_manifest(first)["seed"]],
    )
    reporting.save_figure(cases, "best_cases", **{**note, "runs": [first]}, folder=folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    table = protocols_table()
    shown = table[["protocol", "network"]].assign(
        Dice=with_interval(table),
        patients=table["patients"],
        seeds=table["seeds"],
        seed_sd=table["seed_sd"],
    )
    return {
        "results": groups_table(best_summary()),
        "protocols": reporting.to_markdown(shown).strip(),
    }
