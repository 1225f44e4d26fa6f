"""The waterfall of `study.questions.waterfall`, and its branches: figures, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from seglib import reporting
from seglib.evaluation.references import Reference
from seglib.plotting.style import GREY, PALETTE, WARNING, legend_below, new_figure, plain_axes
from seglib.slices import SliceSet
from study.questions.waterfall import VALIDATED
from study.questions.waterfall_tables import branch_table, cited, waterfall_table
from study.section import short_table, with_interval

#: What its figures and tables are labelled with.
LABELS = {"dataset": "Sunnybrook", "profile": "slim network, 3 epochs"}

FALL, RISE, TOTAL = WARNING, PALETTE[2], "#BBBBBB"
#: What system 1's own history holds besides its claim.
PUBLISHED = (Reference("published validation Dice, same row of its history", VALIDATED),)
_DOT = {"marker": "o", "markersize": 4, "color": "white", "markeredgecolor": "black"}
_BAR = 0.62  # height, where rows are 1 apart


def plot_waterfall(
    table: pd.DataFrame,
    *,
    references: Sequence[Reference] = (),
    interval: str = "95 % interval over patients (of the recipe, over seeds too)",
    each: str = "one run: its own seed and fold",
) -> Figure:
    """Steps from top to bottom, each bar from the value it is compared with to its own.

    Totals are drawn from zero. Whiskers are the intervals of the value a bar ends at, not of
    the step itself.

    Args:
        table: From `study.questions.waterfall_tables.waterfall_table`.
        references: Published scores, Dice like the bars, as upright lines.
        interval: What the whiskers are.
        each: What a dot is.
    """
    fig, grid = new_figure(1, 1, width=9.6, height=0.36 * len(table) + 0.7)
    axes = grid[0, 0]
    rows = np.arange(len(table))
    for y, (_, step) in zip(rows, table.iterrows(), strict=True):
        value = step["dice"]
        if step["total"]:
            hatch = {"hatch": "///", "facecolor": "white", "edgecolor": GREY}
            style = hatch if step["source"] == "published" else {"color": TOTAL}
            axes.barh(y, value, height=_BAR, zorder=1, **style)
        # What follows a published figure, or has other patients, is measured anew: no bar floats.
        if step["against"]:
            start = table["dice"][step["against"]]
            colour = RISE if value >= start else FALL
            axes.barh(y, value - start, left=start, height=_BAR, color=colour, zorder=2)
            above = table.index.get_loc(step["against"])  # a thin line carries its value on
            axes.plot([start, start], [above, y], color=GREY, linewidth=0.7, zorder=3)
        if not pd.isna(step["low"]):
            error = [[value - step["low"]], [step["high"] - value]]
            axes.errorbar(value, y, xerr=error, color="black", capsize=3, linewidth=1, zorder=4)
        dots = [float(mean) for mean in step["by_seed"].split()]
        if len(dots) > 1:
            axes.plot(dots, [y] * len(dots), linestyle="none", zorder=5, **_DOT)
        change = "" if pd.isna(step["difference"]) else f"{step['difference']:+.3f}"
        beside = {"va": "center", "ha": "right", "transform": axes.get_yaxis_transform()}
        axes.text(1.09, y, f"{value:.3f}", fontsize=9, weight="bold", **beside)
        axes.text(1.2, y, change, fontsize=8, color=GREY, **beside)
    for x, word in ((1.09, "Dice"), (1.2, "change")):
        axes.text(
            x, -1, word, fontsize=8, color=GREY, ha="right", transform=axes.get_yaxis_transform()
        )
    handles = [
        Patch(hatch="///", facecolor="white", edgecolor=GREY, label="published"),
        Patch(color=TOTAL, label="measured, from zero"),
        Patch(color=FALL, label="falls by this"),
        Patch(color=RISE, label="rises by this"),
        Line2D([], [], color="black", marker="|", label=interval),
        Line2D([], [], **_DOT, linestyle="none", label=each),
    ]
    for colour, reference in zip(PALETTE, references, strict=False):
        axes.axvline(reference.value, color=colour, linestyle="--", linewidth=1.2, zorder=0)
        label = f"{reference.source} ({reference.value:.2f})"
        handles.append(Line2D([], [], color=colour, linestyle="--", label=label))
    axes.set_yticks(rows, table.index)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks(np.arange(0, 1.01, 0.1))
    axes.set_xlabel("Dice (how it is counted changes on the way down)")
    plain_axes(axes, grid="x")
    legend_below(fig, handles, columns=2)
    return fig


def plot_branches(table: pd.DataFrame) -> Figure:
    """Training score and held-out patients, by what the normalisation sees.

    The axis holds the values and no more: they are points, so it need not begin at 0.

    Args:
        table: From `study.questions.waterfall_tables.branch_table`.
    """
    fig, grid = new_figure(1, 1, width=7.2, height=3.2)
    axes = grid[0, 0]
    x = np.arange(len(table))
    axes.vlines(x, table["training"], table["soft"], color="#CCCCCC", linewidth=5, zorder=1)
    training = axes.scatter(
        x, table["training"], s=55, facecolor="white", edgecolor=WARNING, linewidth=1.6, zorder=3
    )
    training.set_label("training pairs (soft, by slice)")
    soft = axes.scatter(x, table["soft"], s=40, color=WARNING, zorder=3)
    soft.set_label("held-out patients, the same measure")
    error = [table["dice"] - table["low"], table["high"] - table["dice"]]
    dice = axes.errorbar(
        x + 0.16, table["dice"], yerr=error, fmt="D", color=PALETTE[0], capsize=3, zorder=3
    )
    dice.set_label("held-out patients, hard, pooled by patient (95 % interval)")
    names = [f"{row['norm']} norm\nbatch {row['batch_size']}" for _, row in table.iterrows()]
    axes.set_xticks(x, names)
    axes.set_xlim(-0.5, len(table) - 0.5)
    axes.margins(y=0.12)
    axes.set_ylabel("Dice (part of the axis)")
    plain_axes(axes, grid="y")
    legend_below(fig, [training, soft, dice], columns=1)
    return fig


def tables(folder: Path) -> None:
    """Write the steps from the claimed figure to the best, and the branches beside them."""
    for table, name in ((waterfall_table(), "waterfall"), (branch_table(), "waterfall_branches")):
        reporting.save_table(table, name, **LABELS, runs=cited(table), folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw both."""
    table, branches = waterfall_table(), branch_table()
    fig = plot_waterfall(table, references=PUBLISHED)
    reporting.save_figure(fig, "waterfall", **LABELS, runs=cited(table), folder=folder)
    fig = plot_branches(branches)
    reporting.save_figure(fig, "waterfall_branches", **LABELS, runs=cited(branches), folder=folder)


def steps_table(table: pd.DataFrame, each: str = "each run") -> str:
    """The steps as a short Markdown table.

    Args:
        table: As `plot_waterfall`.
        each: What the means of its column ``by_seed`` are of.
    """
    table = table.reset_index()
    shown = pd.DataFrame(
        {
            "step": table["step"],
            "what changed": table["changed"],
            "Dice": with_interval(table),
            "difference": with_interval(
                table, "difference", "difference_low", "difference_high", "+.3f"
            ),
            "p (Holm)": [reporting.p_value(p) for p in table["p_holm"]],
            "verdict": table["verdict"].fillna(""),
            each: table["by_seed"],
            "patients": table["patients"],
        }
    )
    return reporting.to_markdown(shown).strip()


def branches_table(table: pd.DataFrame) -> str:
    """What the normalisation sees, as a short Markdown table."""
    shown = pd.DataFrame(
        {
            "norm": table["norm"],
            "batch": table["batch_size"],
            "training score": table["training"],
            "held out, same measure": table["soft"],
            "Dice": with_interval(table),
            "difference": with_interval(table.assign(low=float("nan")), "difference", form="+.3f"),
            "p (Holm)": [reporting.p_value(p) for p in table["p_holm"]],
            "verdict": table["verdict"].fillna(""),
            "patients": table["patients"],
            "seeds": table["seeds"],
        }
    )
    return short_table(shown.reset_index(drop=True), "patients", "seeds")


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {
        "waterfall": steps_table(waterfall_table()),
        "branches": branches_table(branch_table()),
    }
