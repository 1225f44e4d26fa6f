"""Tables and plots of stored benchmarks, for ``reports/benchmarks/README.md``.

Everything here is made from the turns that `python -m benchmarks` stored; nothing is timed.
`python -m benchmarks --page` writes it all.
"""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from benchmarks import aims, dice_report, growth_report
from benchmarks.interleaved import by_round, summarise
from benchmarks.stored import STORED, TRAINED, read
from seglib import reporting
from seglib.plotting import style
from study import pages

PAGE = STORED / "README.md"
#: What each benchmark that is drawn worked on.
DATA = {
    "training_step": "random numbers as images",
    "input_pipeline": "simulated hearts",
    "inference": "simulated hearts",
    "growth": "random numbers, simulated hearts",
    TRAINED: "Sunnybrook",
}


def stored_names() -> list[str]:
    """The benchmarks with contenders of which results are stored."""
    return sorted(path.stem for path in STORED.glob("*.csv") if path.stem != TRAINED)


def machine(manifest: dict) -> str:
    """One line on where and when a benchmark ran."""
    found = manifest["environment"]
    shown = "tensorflow keras jax torch onnxruntime numpy opencv-python-headless".split()
    versions = ", ".join(
        f"{name} {found['versions'][name]}" for name in shown if name in found["versions"]
    )
    rounds = f"{manifest['rounds']} rounds, " if "rounds" in manifest else ""
    return (
        f"{found['device']}, {found['cpu_count']} cores, Python {found['python']}, {versions}; "
        f"{rounds}{manifest['started'][:10]}"
    )


def share_of_peak(turns: pd.DataFrame, manifest: dict) -> pd.Series:
    """What each contender gets out of the machine, of what the yardstick gets out of it.

    Returns:
        Index ``contender``; operations a second as a share of the yardstick's in the same
        round, the median over rounds.
    """
    gflop = {name: facts.get("gflop") for name, facts in manifest["contenders"].items()}
    speeds = by_round(turns).mul(pd.Series(gflop, dtype=float))
    return speeds.div(speeds[manifest["yardstick"]], axis=0).median()


def with_spread(table: pd.DataFrame, ratio: str) -> list[str]:
    """``1.8 [1.71, 1.92]`` of each row: median and extremes over the rounds."""
    return [
        f"{row[ratio]:.3g} [{row[f'{ratio}_low']:.3g}, {row[f'{ratio}_high']:.3g}]"
        for _, row in table.iterrows()
    ]


def markdown(name: str) -> str:
    """A benchmark's summary as a Markdown table, with what it was measured on."""
    turns, manifest = read(name)
    contenders = manifest["contenders"]
    table = summarise(turns, next(iter(contenders)))
    if yardstick := manifest["yardstick"]:
        table = table.drop(index=yardstick)
    items = manifest["items"]
    shown = pd.DataFrame(
        {
            "": table.index,
            f"{items} / s": [f"{rate:.3g}" for rate in table["rate"]],
            "ms each": [f"{1000 / rate:,.1f}" for rate in table["rate"]],
            "ratio": with_spread(table, "ratio"),
            f"{items} / s of one core": [f"{rate:.3g}" for rate in table["rate_per_core"]],
            "ratio of these": with_spread(table, "per_core_ratio"),
            "peak MiB": [f"{peak:.0f}" for peak in table["peak_mib"]],
            "held MiB": [f"{held:.0f}" for held in table["own_mib"]],
        }
    )
    if yardstick:
        shares = share_of_peak(turns, manifest)[table.index]
        shown[f"share of the {yardstick}"] = [f"{share:.0%}" for share in shares]
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
    """Speeds against the reference as dots, the spread over rounds as lines.

    Args:
        name: A stored benchmark.
        ratio: ``"ratio"`` of time, or ``"per_core_ratio"`` of processor time.
    """
    turns, manifest = read(name)
    table = summarise(turns, next(iter(manifest["contenders"]))).iloc[::-1]
    if manifest["yardstick"]:
        table = table.drop(index=manifest["yardstick"])
    fig, axes = style.new_figure(1, 1, width=7.0, height=0.8 + 0.32 * len(table))
    axes = axes[0, 0]
    spread = np.abs(table[[f"{ratio}_low", f"{ratio}_high"]].sub(table[ratio], axis=0)).T
    axes.errorbar(table[ratio], table.index, xerr=spread, fmt="o", color=style.PALETTE[0])
    axes.axvline(1, color=style.GREY, linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.set_xlabel(f"times as fast as {table.index[-1]}")
    axes.set_title(manifest["title"], fontsize=10)
    style.plain_axes(axes, grid="x")
    return fig


def _growth() -> pd.DataFrame | None:
    if {"growth", "streaming"} <= set(stored_names()):
        return growth_report.costs(read("growth")[0], read("streaming")[0])
    return None


def blocks() -> dict[str, str]:
    """The Markdown blocks of the page, by the name of their markers."""
    found = {name: markdown(name) for name in stored_names()}
    if (table := _growth()) is not None:
        found["exponents"] = growth_report.markdown(table)
    if (STORED / f"{TRAINED}.csv").is_file():
        curves, manifest = read(TRAINED)
        found[TRAINED] = f"{dice_report.markdown(curves)}\n\n{machine(manifest)}."
    found["aims"] = aims.markdown()
    return found


def write() -> None:
    """Draw the figures and fill the page; without a page there is nothing to do."""
    figures()
    if PAGE.is_file():
        pages.fill(PAGE, blocks())


def figures() -> None:
    """Draw the stored benchmarks that the page shows, beside their numbers."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    drawn = {}
    for name in stored_names():
        if f"({name}.png)" in page:
            drawn[name] = figure(name, "per_core_ratio" if name == "input_pipeline" else "ratio")
    if (table := _growth()) is not None:
        drawn["growth"] = growth_report.figure(table)
    if (STORED / f"{TRAINED}.csv").is_file():
        drawn[TRAINED] = dice_report.figure(read(TRAINED)[0])
    for name, fig in drawn.items():
        found = read(name)[1]["environment"]
        machine_in_words = f"{found['cpu_count']} cores of an {found['device']}"
        style.label_figure(fig, DATA[name], machine_in_words)
        fig.savefig(STORED / f"{name}.png", dpi=150, facecolor="white")
        plt.close(fig)
