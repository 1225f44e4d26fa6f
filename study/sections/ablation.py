"""Getting to the top: what each part of a training brings."""

from __future__ import annotations

import pandas as pd

from seglib import plotting, reporting
from seglib.slices import SliceSet
from study import results
from study.questions import ablation
from study.section import against_reference, with_interval

SHORT = {"dataset": "Sunnybrook", "profile": "slim networks, stored runs"}


def tables() -> None:
    """Write what each part of a training brings."""
    table = ablation.ablation_table()
    reporting.save_table(table, "ablation", **SHORT, runs=results.stored_names("ablation"))


def figures(slices: SliceSet) -> None:
    """Draw what each part brings."""
    table = ablation.ablation_table()
    base = ablation.CHANGES[ablation.BASE]
    fig = plotting.plot_differences(table.drop(index=base), "base")
    reporting.save_figure(fig, "ablation", **SHORT, runs=results.stored_names("ablation"))


def changes_table() -> str:
    """What each part brings as a short Markdown table."""
    table = ablation.ablation_table().reset_index()
    shown = pd.DataFrame(
        {
            "what changed": table["change"],
            "Dice": with_interval(table, "dice", "dice_low", "dice_high"),
            **against_reference(table),
        }
    )
    return reporting.to_markdown(shown).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"ablation": changes_table()}
