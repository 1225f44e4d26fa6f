"""Why 0.80 was not 0.80: from the claimed figure to the honest one and back up."""

from __future__ import annotations

import pandas as pd

from seglib import reporting
from seglib.slices import SliceSet
from study.questions.waterfall import branch_table, cited, waterfall_table
from study.questions.waterfall_pictures import PUBLISHED, plot_branches, plot_waterfall
from study.section import with_interval

SLIM = {"dataset": "Sunnybrook", "profile": "slim network, stored runs"}


def tables() -> None:
    """Write the steps from the claimed figure to the best, and the branches beside them."""
    for table, name in ((waterfall_table(), "waterfall"), (branch_table(), "waterfall_branches")):
        reporting.save_table(table, name, **SLIM, runs=cited(table))


def figures(slices: SliceSet) -> None:
    """Draw both."""
    table, branches = waterfall_table(), branch_table()
    fig = plot_waterfall(table, references=PUBLISHED[:1])
    reporting.save_figure(fig, "waterfall", **SLIM, runs=cited(table))
    fig = plot_branches(branches)
    reporting.save_figure(fig, "waterfall_branches", **SLIM, runs=cited(branches))


def steps_table(table: pd.DataFrame) -> str:
    """The steps as a short Markdown table."""
    table = table.reset_index()
    shown = pd.DataFrame(
        {
            "step": table["step"],
            "what changed": table["changed"],
            "Dice": with_interval(table),
            "difference": with_interval(
                table, "difference", "difference_low", "difference_high", "+.3f"
            ),
            "each run": table["by_seed"],
            "patients": table["patients"],
        }
    )
    return reporting.to_markdown(shown).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"waterfall": steps_table(waterfall_table())}
