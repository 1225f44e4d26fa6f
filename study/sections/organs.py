"""The other three organs: what the published recipes reach, and what corrects them."""

from __future__ import annotations

import pandas as pd

from seglib import plotting, reporting
from seglib.slices import SliceSet
from study import organ_tables, references, results
from study.section import against_reference, with_interval

DATASETS = {"atrium": "Decathlon heart", "brain": "brain phantom", "tumour": "LGG"}
#: OASIS has none here: the brain's networks saw simulated pictures.
REFERENCES = {"atrium": references.ATRIUM, "brain": (), "tumour": references.LGG}
#: One network of the atrium answers black.
BEGIN = {"atrium": 0.75}


def _note(experiment: str) -> dict:
    names = results.stored_names(experiment)
    return {"dataset": DATASETS[experiment], "profile": "slim networks, stored runs", "runs": names}


def tables() -> None:
    """Write what each network reached, tissue by tissue and by the rule for empty slices."""
    for experiment in organ_tables.NETWORKS:
        table = organ_tables.networks_table(experiment)
        reporting.save_table(table, f"{experiment}_networks", **_note(experiment))
    reporting.save_table(organ_tables.tissue_table(), "brain_tissues", **_note("brain"))
    reporting.save_table(
        organ_tables.empty_slices_table(), "tumour_empty_slices", **_note("tumour")
    )


def figures(slices: SliceSet) -> None:
    """Draw the networks of each experiment beside the published figures."""
    for experiment in organ_tables.NETWORKS:
        note = _note(experiment)
        means = organ_tables.dice_means(organ_tables.networks_table(experiment))
        fig = plotting.plot_means(
            means, references=REFERENCES[experiment], begin=BEGIN.get(experiment)
        )
        reporting.save_figure(fig, f"{experiment}_networks", **note)


def networks_markdown(experiment: str) -> str:
    """What each network reached as a short Markdown table."""
    table = organ_tables.networks_table(experiment).reset_index()
    shown = pd.DataFrame(
        {
            "network": table["change"],
            "Dice": with_interval(table, "dice", "dice_low", "dice_high"),
            "median": table["median"],
            f"HD95 ({table['unit'].iloc[0]})": table["hd95"],
            **against_reference(table),
            "patients": table["patients"],
            "seeds": table["seeds"],
        }
    )
    return reporting.to_markdown(shown).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    found = {experiment: networks_markdown(experiment) for experiment in organ_tables.NETWORKS}
    tissues = organ_tables.tissue_table().reset_index(names="network")
    rules = organ_tables.empty_slices_table().reset_index(names="network")
    return found | {
        "tissues": reporting.to_markdown(tissues).strip(),
        "empty": reporting.to_markdown(rules).strip(),
    }
