"""The other three organs: what the published recipes reach, and what corrects them.

Each organ's file in `study.questions` describes itself as an `Organ`; here is what they share. The
left ventricle has questions of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from seglib import plotting, reporting
from seglib.evaluation.references import Reference
from study.outlines import outline_scores
from study.outlines import shown as shown_outlines
from study.results import STORED, read_compared, stored_names
from study.section import against_reference, short_table, with_interval
from study.variants import patients_by_variant, table_of_changes


@dataclass(frozen=True)
class Organ:
    """An experiment on one organ, as tables and figures tell it.

    Attributes:
        experiment: Its name.
        dataset: `SliceSet.name` of its set.
        networks: What its variants are called, in the order of the rows.
        compared_with: The variant that all others are compared with.
        references: Published figures that the figure shows beside.
        begin: Where the figure's axis begins; None for what the figures need.
    """

    experiment: str
    dataset: str
    networks: Mapping[str, str]
    compared_with: str
    references: Sequence[Reference] = ()
    begin: float | None = None

    def labels(self) -> dict[str, Any]:
        """What its figures and tables are labelled with, and the jobs they cite."""
        names = stored_names(self.experiment)
        return {"dataset": self.dataset, "profile": "slim networks", "runs": names}


def networks_table(organ: Organ, stored: Path = STORED) -> pd.DataFrame:
    """What each network of an organ reached; classes are averaged within each patient.

    Args:
        organ: Whose networks.
        stored: Where results are kept.

    Returns:
        As `study.variants.table_of_changes`; ``median``, the patients' median Dice; and what
        `study.outlines.outline_scores` adds.

    Raises:
        SeglibError: Nothing is stored, or not the network that the others are compared with.
    """
    per_case = read_compared(organ.experiment, organ.compared_with, stored)
    table = table_of_changes(per_case, organ.networks, organ.compared_with)
    patients = patients_by_variant(per_case)
    median = {variant: rows["dice"].median() for variant, rows in patients.items()}
    outlines = outline_scores(per_case)[["surface_dice", "within", "cases", "undefined"]]
    return table.assign(median=table["variant"].map(median)).join(outlines, on="variant")


def dice_means(table: pd.DataFrame) -> pd.DataFrame:
    """Of a `networks_table`, what `seglib.plotting.plot_means` draws."""
    shown = table[["dice", "dice_low", "dice_high", "patients", "seeds"]]
    return shown.rename(columns={"dice_low": "low", "dice_high": "high"})


def save_networks(organ: Organ, folder: Path) -> None:
    """Write what each network reached."""
    name = f"{organ.experiment}_networks"
    reporting.save_table(networks_table(organ), name, **organ.labels(), folder=folder)


def draw_networks(organ: Organ, folder: Path) -> None:
    """Draw the networks beside the published figures."""
    note = organ.labels()
    fig = plotting.plot_means(
        dice_means(networks_table(organ)),
        references=organ.references,
        begin=organ.begin,
    )
    reporting.save_figure(fig, f"{organ.experiment}_networks", **note, folder=folder)


def networks_markdown(organ: Organ) -> str:
    """What each network reached as a short Markdown table."""
    table = networks_table(organ).reset_index()
    shown = pd.DataFrame(
        {
            "network": table["change"],
            "Dice": with_interval(table, "dice", "dice_low", "dice_high"),
            "median": table["median"],
            **shown_outlines(table),
            **against_reference(table),
            "patients": table["patients"],
            "seeds": table["seeds"],
        }
    )
    return short_table(shown, "smallest p", "patients", "seeds")
