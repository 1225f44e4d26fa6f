"""Patients as points, one colour and mark a group."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from seglib.plotting.style import PALETTE

#: Told apart without colour too.
MARKS = ("o", "s", "^", "D", "v", "P", "X")


def points_by_group(
    axes: Axes, patients: pd.DataFrame, x: str, y: str, *, counted: bool = False
) -> list[PathCollection]:
    """Scatter one column over another, coloured by ``pathology`` where there is that column.

    Args:
        axes: Where to draw.
        patients: One row a patient; those without one of the two values are not drawn.
        x: Column to read to the right.
        y: Column to read upwards.
        counted: Say in the labels how many points each group has.

    Returns:
        The points of each group, labelled, for a legend.
    """
    known = patients[[x, y]].notna().all(axis=1)  # a group keeps its colour without any point
    groups = patients.groupby("pathology") if "pathology" in patients else [("patient", patients)]
    return [
        axes.scatter(
            rows.loc[known, x],
            rows.loc[known, y],
            s=26,
            color=PALETTE[number % len(PALETTE)],
            marker=MARKS[number % len(MARKS)],
            edgecolors="white",
            linewidths=0.4,
            zorder=3,
            label=f"{name} (n = {known[rows.index].sum()})" if counted else name,
        )
        for number, (name, rows) in enumerate(groups)
    ]
