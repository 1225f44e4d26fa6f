"""How cost grows, from the stored turns of `benchmarks.growth` and `benchmarks.streaming`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from benchmarks.growth import BASE, VALUES
from seglib import reporting
from seglib.plotting import style


def costs(growth: pd.DataFrame, streaming: pd.DataFrame) -> pd.DataFrame:
    """Milliseconds an image of each size, in each round.

    Args:
        growth: Turns of `benchmarks.growth`.
        streaming: Turns of `benchmarks.streaming`.

    Returns:
        ``quantity`` (``side``, ``filters``, ``depth``, ``slices``), its ``value``, ``round``
        and ``ms``.
    """
    tables = []
    for quantity, values in VALUES.items():
        names = {f"{quantity} {value}": value for value in values}
        tables.append(_sized(growth, quantity, names))
    slices = {name: int(name.split()[0].replace(",", "")) for name in streaming["contender"]}
    return pd.concat([*tables, _sized(streaming, "slices", slices)], ignore_index=True)


def _sized(turns: pd.DataFrame, quantity: str, values: dict[str, int]) -> pd.DataFrame:
    rows = turns[turns["contender"].isin(values)]
    return pd.DataFrame(
        {
            "quantity": quantity,
            "value": rows["contender"].map(values),
            "round": rows["round"],
            "ms": 1000 * rows["seconds"] / rows["items"],
        }
    )


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """The power of each quantity that the cost grows with: slopes of straight lines in logarithms.

    Args:
        table: From `costs`.

    Returns:
        Index ``quantity``; ``exponent``, the median over rounds, ``low`` and ``high``, the
        extremes, and ``last``, the slope between the two largest sizes alone, where costs that
        do not grow weigh least.
    """

    def slope(rows: pd.DataFrame) -> float:
        return np.polyfit(np.log(rows["value"]), np.log(rows["ms"]), 1)[0]

    found = {}
    for quantity, rows in table.groupby("quantity", sort=False):
        largest = sorted(rows["value"].unique())[-2:]
        slopes = [slope(part) for _, part in rows.groupby("round")]
        ends = [slope(part) for _, part in rows[rows["value"].isin(largest)].groupby("round")]
        found[quantity] = {
            "exponent": np.median(slopes),
            "low": min(slopes),
            "high": max(slopes),
            "last": np.median(ends),
        }
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("quantity")


def markdown(table: pd.DataFrame) -> str:
    """The exponents as a Markdown table."""
    powers = exponents(table)
    shown = pd.DataFrame(
        {
            "quantity": powers.index,
            "from": table.groupby("quantity", sort=False)["value"].min(),
            "to": table.groupby("quantity", sort=False)["value"].max(),
            "exponent": [
                f"{row.exponent:.2f} [{row.low:.2f}, {row.high:.2f}]" for row in powers.itertuples()
            ],
            "between the two largest": [f"{last:.2f}" for last in powers["last"]],
        }
    )
    return reporting.to_markdown(shown.reset_index(drop=True)).strip()


def figure(table: pd.DataFrame) -> Figure:
    """Cost an image against each quantity, both axes logarithmic."""
    powers = exponents(table)
    fig, grid = style.new_figure(1, len(powers), width=2.6, height=2.6)
    for axes, (quantity, power) in zip(grid[0], powers.iterrows(), strict=True):
        rows = table[table["quantity"] == quantity].groupby("value")["ms"]
        middle = rows.median()
        error = [middle - rows.min(), rows.max() - middle]
        axes.errorbar(middle.index, middle, yerr=error, fmt="o", color=style.PALETTE[0])
        line = middle.index.to_numpy(float) ** power["exponent"]
        line *= np.exp(np.mean(np.log(middle / line)))  # through the middle of the points
        axes.plot(middle.index, line, color=style.GREY, linewidth=0.8)
        axes.set_xscale("log", base=10 if quantity == "slices" else 2)
        axes.set_yscale("log")
        axes.set_ylim(middle.min() / 3, middle.max() * 3)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xticks(middle.index, [f"{value:,}" for value in middle.index], fontsize=7)
        axes.minorticks_off()
        axes.set_xlabel(quantity)
        axes.set_title(f"exponent {power['exponent']:.2f}", fontsize=9)
        style.plain_axes(axes, grid="both")
    grid[0, 0].set_ylabel("ms an image")
    base = ", ".join(f"{name} {value}" for name, value in BASE.items())
    fig.suptitle(f"Training step about {base}; batches from as many slices on disk", fontsize=9)
    return fig
