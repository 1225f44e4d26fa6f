"""Charts of agreement: differences over means, and Dice beside the error of the measurement."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from seglib.clinical.bland_altman import agreement
from seglib.errors import DataError
from seglib.plotting.patients import points_by_group
from seglib.plotting.style import GREY, legend_below, new_figure, plain_axes


def plot_bland_altman(
    patients: pd.DataFrame,
    *,
    reference: str = "ef_truth",
    measured: str = "ef_predicted",
    quantity: str = "EF",
    unit: str = "%",
    difference_unit: str = "points",
) -> Figure:
    """The difference of each patient's two measurements over their mean.

    A perfect method puts every point on zero. The solid line is the bias, the dashed ones are
    the limits of agreement; each has a band, its 95 % interval.

    Args:
        patients: From `seglib.clinical.measure_patients`; with a column ``pathology`` the
            points are coloured by it. Patients without one of the values are not drawn.
        reference: Column of the measurement that is held for true.
        measured: Column of the other.
        quantity: What is measured, for the axes.
        unit: Its unit.
        difference_unit: What a difference is given in; two percentages differ by points.

    Raises:
        DataError: Fewer than two patients have both measurements, so that there are no limits.
    """
    found = agreement(patients[reference], patients[measured])
    if found["n"] < 2:
        raise DataError(
            f"{found['n']} of {len(patients)} patients have {reference} and {measured}; limits of "
            "agreement need two"
        )
    fig, grid = new_figure(1, 1, width=6.2, height=4.0)
    axes = grid[0, 0]
    shown = patients.assign(
        mean=(patients[reference] + patients[measured]) / 2,
        difference=patients[measured] - patients[reference],
    )
    handles = points_by_group(axes, shown, "mean", "difference", counted=True)
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=1)
    for name, style in (("bias", "solid"), ("lower", "dashed"), ("upper", "dashed")):
        axes.axhline(found[name], color=GREY, linewidth=1.2, linestyle=style, zorder=2)
        band = (found[f"{name}_low"], found[f"{name}_high"])
        axes.axhspan(*band, color=GREY, alpha=0.15, linewidth=0, zorder=0)  # overlaps show
        axes.annotate(
            f"{found[name]:+.1f}".replace("-", "−"),
            (1, found[name]),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set(
        xlabel=f"mean of expert's and predicted {quantity} ({unit})",
        ylabel=f"predicted − expert's {quantity} ({difference_unit})",
    )
    axes.set_title(f"bias and limits of agreement with 95 % intervals, n = {found['n']}", size=9)
    plain_axes(axes)
    legend_below(fig, handles, columns=4)
    return fig


def plot_dice_and_error(patients: pd.DataFrame, *, quantity: str = "EF") -> Figure:
    """The error of each patient's measurement over its Dice.

    Args:
        patients: With the columns ``dice`` and ``error`` (points), and maybe ``pathology``.
        quantity: What is measured, for the axis.
    """
    fig, grid = new_figure(1, 1, width=6.2, height=3.8)
    axes = grid[0, 0]
    handles = points_by_group(axes, patients, "dice", "error", counted=True)
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=1)
    axes.set(xlabel="Dice per patient", ylabel=f"predicted − expert's {quantity} (points)")
    plain_axes(axes, grid="both")
    legend_below(fig, handles, columns=4)
    return fig
