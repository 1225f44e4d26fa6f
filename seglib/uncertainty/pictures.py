"""Charts of doubt: reliability diagrams, doubt against Dice, risk against coverage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from seglib.plotting.patients import MARKS, points_by_group
from seglib.plotting.style import PALETTE, legend_below, new_figure, plain_axes
from seglib.uncertainty.calibration import BINS, expected_calibration_error, reliability_curve
from seglib.uncertainty.doubt import MEASURES, rank_correlation, risk_coverage


def plot_reliability(tables: Mapping[str, pd.DataFrame], *, bins: int = BINS) -> Figure:
    """Reliability diagram, and below it how many pixels stand behind each point.

    Points on the diagonal keep their word. Below it the network promises more than it
    holds, above it less. Bars are 95 % intervals over patients.

    Args:
        tables: From `seglib.uncertainty.reliability_table`, by the name to show.
        bins: Bins that the tables were made with.
    """
    fig, grid = new_figure(
        2, 1, width=5.2, height=2.9, sharex=True, gridspec_kw={"height_ratios": [3, 1]}
    )
    top, bottom = grid[:, 0]
    top.plot([0, 1], [0, 1], color="0.5", linewidth=1, linestyle="dotted", zorder=1)
    handles = []
    edges = np.arange(bins + 1) / bins
    for number, (name, table) in enumerate(tables.items()):
        colour, mark = PALETTE[number % len(PALETTE)], MARKS[number % len(MARKS)]
        curve = reliability_curve(table)
        error = [curve["true"] - curve["low"], curve["high"] - curve["true"]]
        line = top.errorbar(
            curve["probability"],
            curve["true"],
            yerr=np.maximum(error, 0),
            color=colour,
            marker=mark,
            markersize=4,
            linewidth=1,
            elinewidth=0.8,
            capsize=2,
            label=f"{name} (ECE {expected_calibration_error(table):.3f})",
        )
        handles.append(line)
        pixels = curve["pixels"].reindex(range(bins), fill_value=0)
        bottom.stairs(pixels, edges, color=colour, linewidth=1.3)
    top.set(ylabel="share inside the expert's mask", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    bottom.set(xlabel="probability", ylabel="pixels")
    if any(len(table) for table in tables.values()):  # a log axis needs something to show
        bottom.set_yscale("log")
    for axes in (top, bottom):
        plain_axes(axes, grid="both")
    legend_below(fig, handles, columns=1)
    return fig


def plot_doubt(
    patients: pd.DataFrame,
    measures: list[str],
    *,
    dice: str = "dice",
) -> Figure:
    """Doubt against Dice, one panel a measure, every patient a point.

    Args:
        patients: From `seglib.uncertainty.patients_of`; with a column ``pathology`` the
            points are coloured by it.
        measures: Some of `seglib.uncertainty.MEASURES`.
        dice: Column of the Dice.
    """
    fig, grid = new_figure(1, len(measures), width=3.4, height=3.4, sharey=True)
    handles = []
    for axes, measure in zip(grid[0], measures, strict=True):
        handles = points_by_group(axes, patients, measure, dice)
        found = rank_correlation(patients[measure].to_numpy(), patients[dice].to_numpy())
        title = f"Spearman {found['rho']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
        axes.set_title(f"{title}\nn = {found['n']}".replace("-", "−"), fontsize=8)
        axes.set_xlabel(MEASURES.get(measure, measure), fontsize=9)
        axes.margins(0.06)
        axes.locator_params(axis="x", nbins=4)
        plain_axes(axes, grid="both")
    grid[0, 0].set_ylabel("Dice per patient")
    if len(handles) > 1:
        legend_below(fig, handles)
    return fig


def plot_risk_coverage(
    patients: pd.DataFrame,
    measures: list[str],
    *,
    dice: str = "dice",
) -> Figure:
    """Mean Dice of those kept, against the share sent to a human.

    The grey band is where 95 % of random orders lie. The last tenth, where a mean is of
    a handful of patients, is not drawn.

    Args:
        patients: From `seglib.uncertainty.patients_of`.
        measures: Some of `seglib.uncertainty.MEASURES`, one line each.
        dice: Column of the Dice.
    """
    fig, grid = new_figure(1, 1, width=5.6, height=3.6)
    axes = grid[0, 0]
    curves = {
        name: risk_coverage(patients[name].to_numpy(), patients[dice].to_numpy())
        for name in measures
    }
    curves = {name: curve[curve["sent"] <= 0.9] for name, curve in curves.items()}
    first = next(iter(curves.values()))
    handles = axes.plot(
        first["sent"], first["oracle"], color="black", linestyle="dashed", label="oracle: by Dice"
    )
    for number, (name, curve) in enumerate(curves.items()):
        handles += axes.plot(
            curve["sent"],
            curve["dice"],
            color=PALETTE[number % len(PALETTE)],
            marker=MARKS[number % len(MARKS)],
            markersize=3,
            linewidth=1.2,
            label=MEASURES.get(name, name),
        )
    axes.axhline(first["random"].iloc[0], color="0.6", linewidth=1, zorder=1)
    band = axes.fill_between(
        first["sent"], first["random_low"], first["random_high"], color="0.85", zorder=0
    )
    band.set_label("at random (mean, 95 %)")
    handles.append(band)
    axes.set(xlabel="share of patients sent to a human", ylabel="mean Dice of those kept")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    plain_axes(axes, grid="both")
    legend_below(fig, handles, columns=2)
    return fig
