"""When trainings became useful, from the stored curves of `benchmarks.time_to_dice`."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from seglib import reporting
from seglib.plotting import style

#: Mean Dice over the test patients that the table asks for.
LEVELS = (0.85, 0.90, 0.93)
#: Minutes that the figure's axes name.
TICKS = (0.2, 0.5, 1, 2, 5, 10)


def minutes_until(curves: pd.DataFrame, levels: tuple[float, ...]) -> pd.DataFrame:
    """Minutes after which each training first had a Dice, NaN where it never had.

    Args:
        curves: Rows of `benchmarks.time_to_dice.curve`, several recipes and seeds one after
            the other.
        levels: Mean Dice over the test patients.

    Returns:
        Index ``recipe`` and ``seed``; for each level a column such as ``0.85``, the time in
        minutes, and one such as ``0.85, CPU``, in minutes of processor time.
    """

    def first(rows: pd.DataFrame) -> pd.Series:
        found = {}
        for level in levels:
            there = rows[rows["dice"] >= level]
            for name, column in ((f"{level:.2f}", "seconds"), (f"{level:.2f}, CPU", "cpu_seconds")):
                found[name] = there[column].iloc[0] / 60 if len(there) else float("nan")
        return pd.Series(found)

    rows = {key: first(group) for key, group in curves.groupby(["recipe", "seed"], sort=False)}
    return pd.DataFrame(rows).T.rename_axis(["recipe", "seed"])


def markdown(curves: pd.DataFrame) -> str:
    """Minutes until each level, of every training, and what it ended on."""
    last = curves.groupby(["recipe", "seed"], sort=False)[["seconds", "dice"]].last()
    minutes = minutes_until(curves, LEVELS)
    minutes.columns = [f"minutes until {column}" for column in minutes]
    minutes["minutes in all"] = last["seconds"] / 60
    shown = minutes.map(lambda value: "never" if pd.isna(value) else f"{value:.1f}")
    return reporting.to_markdown(shown.assign(**{"Dice at the end": last["dice"]})).strip()


def figure(curves: pd.DataFrame) -> Figure:
    """Held-out Dice against minutes, and against minutes of processor time."""
    fig, grid = style.new_figure(1, 2, width=4.2, height=3.8, sharey=True)
    handles = {}
    for axes, (column, label) in zip(
        grid[0],
        {"seconds": "minutes", "cpu_seconds": "minutes of processor time"}.items(),
        strict=True,
    ):
        for number, (recipe, trainings) in enumerate(curves.groupby("recipe", sort=False)):
            for _, rows in trainings.groupby("seed"):
                (handles[recipe],) = axes.plot(
                    rows[column] / 60,
                    rows["dice"],
                    color=style.PALETTE[number],
                    linewidth=1.2,
                    label=recipe,
                )
        for level in LEVELS:
            axes.axhline(level, color=style.GREY, linewidth=0.6, linestyle="dotted")
        axes.set_xscale("log")
        axes.set_xticks(TICKS, [f"{minutes:g}" for minutes in TICKS])
        axes.minorticks_off()
        axes.set_xlabel(label)
        axes.set_ylim(0, 1)
        style.plain_axes(axes, grid="both")
    grid[0, 0].set_ylabel("mean Dice, 29 test patients")
    place = {"loc": "outside lower center", "ncols": 2}
    fig.legend(handles=list(handles.values()), fontsize=8, frameon=False, **place)
    return fig
