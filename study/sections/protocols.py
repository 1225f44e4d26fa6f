"""How far a plain U-Net goes: what was selected on training patients, on both protocols."""

from __future__ import annotations

import pandas as pd

from seglib import reporting
from seglib.evaluation.tables import per_patient
from seglib.slices import SliceSet
from study import results, variants
from study.section import labels, with_interval

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
        "poses": "the same, small turns and scales at test time",
    },
}
PROTOCOLS = {"literature": "literature: 15 train", "best": "five folds of 44"}


def protocols_table() -> pd.DataFrame:
    """One row a network: protocol, Dice with interval, good contours, spread of seeds."""
    parts = []
    for experiment in stored_experiments():
        per_case = results.read_results(experiment, "per_case")
        reached = variants.compare_variants(per_case)
        good = {
            variant: per_patient(variants.average_seeds(rows))["good_dice"].mean()
            for variant, rows in per_case.groupby("variant")
        }
        rows = reached.loc[[name for name in NETWORKS[experiment] if name in reached.index]]
        rows = rows.assign(good_dice=pd.Series(good)).reset_index()
        rows.insert(0, "protocol", PROTOCOLS[experiment])
        rows.insert(1, "network", rows["variant"].map(NETWORKS[experiment]))
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def stored_experiments() -> list[str]:
    """Those of `NETWORKS` that have a stored result."""
    return [name for name in NETWORKS if any((results.STORED / name).glob("*/*/manifest.json"))]


def tables() -> None:
    """Write what each selected network reached."""
    note = labels("literature")
    note["runs"] = [run for name in stored_experiments() for run in results.stored_names(name)]
    reporting.save_table(protocols_table(), "protocols", **note)


def figures(slices: SliceSet) -> None:
    """None: the table is enough."""


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    table = protocols_table()
    shown = table[["protocol", "network"]].assign(
        Dice=with_interval(table),
        **{"good contours": table["good_dice"]},
        patients=table["patients"],
        seeds=table["seeds"],
        seed_sd=table["seed_sd"],
    )
    return {"protocols": reporting.to_markdown(shown).strip()}
