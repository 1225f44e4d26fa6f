"""Tables and plots of stored benchmarks, for ``reports/benchmarks/README.md``.

Everything here is made from the turns that `python -m benchmarks` stored; nothing is timed.
"""

from __future__ import annotations

import json

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from benchmarks.interleaved import STORED, summarise
from seglib import plot_style, reporting

PAGE = STORED / "README.md"


def stored_names() -> list[str]:
    """The benchmarks of which results are stored."""
    return sorted(path.stem for path in STORED.glob("*.csv"))


def read(name: str) -> tuple[pd.DataFrame, dict]:
    """What a benchmark measured: its turns, and what they were measured on."""
    manifest = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    return pd.read_csv(STORED / f"{name}.csv"), manifest


def machine(manifest: dict) -> str:
    """One line on where and when a benchmark ran."""
    found = manifest["environment"]
    shown = ("tensorflow", "keras", "jax", "torch", "numpy", "opencv-python-headless")
    versions = ", ".join(
        f"{name} {found['versions'][name]}" for name in shown if name in found["versions"]
    )
    return (
        f"{found['device']}, {found['cpu_count']} cores, Python {found['python']}, {versions}; "
        f"{manifest['rounds']} rounds, {manifest['started'][:10]}"
    )


def with_spread(table: pd.DataFrame, ratio: str) -> list[str]:
    """``1.80 [1.71, 1.92]`` of each row: median and extremes over the rounds."""
    return [
        f"{row[ratio]:.2f} [{row[f'{ratio}_low']:.2f}, {row[f'{ratio}_high']:.2f}]"
        for _, row in table.iterrows()
    ]


def markdown(name: str) -> str:
    """A benchmark's summary as a Markdown table, with what it was measured on."""
    turns, manifest = read(name)
    contenders = manifest["contenders"]
    table = summarise(turns, next(iter(contenders)))
    items = manifest["items"]
    shown = pd.DataFrame(
        {
            "": table.index,
            f"{items} / s": [f"{rate:.3g}" for rate in table["rate"]],
            "ratio": with_spread(table, "ratio"),
            f"{items} / s of one core": [f"{rate:.3g}" for rate in table["rate_per_core"]],
            "ratio of these": with_spread(table, "per_core_ratio"),
            "peak MiB": [f"{peak:.0f}" for peak in table["peak_mib"]],
        }
    )
    for fact in dict.fromkeys(key for facts in contenders.values() for key in facts):
        if fact != "missing":
            shown[fact.replace("_", " ")] = [
                _cell(contenders[contender].get(fact)) for contender in table.index
            ]
    missing = [
        f"- {contender} did not run: {facts['missing']}"
        for contender, facts in contenders.items()
        if "missing" in facts
    ]
    lines = [reporting.to_markdown(shown).strip(), "", machine(manifest) + ".", *missing]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def figure(name: str, ratio: str = "ratio") -> Figure:
    """Speeds against the reference as bars, the spread over rounds as lines.

    Args:
        name: A stored benchmark.
        ratio: ``"ratio"`` of time, or ``"per_core_ratio"`` of processor time.
    """
    turns, manifest = read(name)
    table = summarise(turns, next(iter(manifest["contenders"]))).iloc[::-1]
    fig, axes = plot_style.new_figure(1, 1, width=7.0, height=0.8 + 0.32 * len(table))
    axes = axes[0, 0]
    spread = np.abs(table[[f"{ratio}_low", f"{ratio}_high"]].sub(table[ratio], axis=0)).T
    axes.barh(table.index, table[ratio], xerr=spread, color=plot_style.PALETTE[0], height=0.6)
    axes.axvline(1, color=plot_style.GREY, linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.set_xlabel(f"times as fast as {table.index[-1]}")
    axes.set_title(manifest["title"], fontsize=10)
    plot_style.plain_axes(axes, grid="x")
    return fig


def blocks() -> dict[str, str]:
    """The Markdown blocks of the page, by the name of their markers."""
    return {name: markdown(name) for name in stored_names()}


def figures() -> None:
    """Draw every stored benchmark beside its numbers."""
    for name in stored_names():
        fig = figure(name, "per_core_ratio" if name == "input_pipeline" else "ratio")
        fig.savefig(STORED / f"{name}.png", dpi=150, facecolor="white")
        plt.close(fig)
