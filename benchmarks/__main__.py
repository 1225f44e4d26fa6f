"""Run benchmarks and store what they measured in ``reports/benchmarks/``.

    python -m benchmarks                              all
    python -m benchmarks input_pipeline training_step
    python -m benchmarks --rounds 2 --seconds 1       a first look
    python -m benchmarks --page                       measure nothing, make the page alone

Nothing else should run on the machine meanwhile. In the end tables, plots and the page are made
from all that is stored.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report, stored
from benchmarks.interleaved import measure, summarise
from benchmarks.stored import TRAINED
from study.console import clock

NAMES = (
    "input_pipeline",
    "training_step",
    "step_variants",
    "training_step_gpu",
    "inference",
    "start_up",
    "commands",
    "preparation",
    "growth",
    "streaming",
    "waiting",
)


def run(name: str, rounds: int, seconds: float) -> None:
    """Measure one benchmark and store its turns, and what they were measured on."""
    benchmark = importlib.import_module(f"benchmarks.{name}").BENCHMARK
    started = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as logs:
        turns, facts = measure(benchmark, Path(logs), rounds, seconds)
    if turns.empty:
        print(f"{name}: nothing to measure here, {next(iter(facts.values()))['missing']}")
        return
    stored.write(
        name,
        turns,
        started,
        title=benchmark.title,
        items=benchmark.items,
        contenders=facts,
        yardstick=benchmark.yardstick,
        rounds=rounds,
        seconds=seconds,
    )
    print(f"{name}, {clock((datetime.now(UTC) - started).total_seconds())}")
    print(summarise(turns, benchmark.contenders[0].name)[["rate", "ratio"]].round(3).to_string())
    for contender, what in facts.items():
        if "missing" in what:
            print(f"  {contender}: not run, {what['missing']}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", choices=[*NAMES, TRAINED, []], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender (default 5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn (default 3)")
    parser.add_argument("--page", action="store_true", help="make the page, measure nothing")
    options = parser.parse_args(arguments)
    for name in [] if options.page else options.names or [*NAMES, TRAINED]:
        if name == TRAINED:
            importlib.import_module(f"benchmarks.{name}").store()
        else:
            run(name, options.rounds, options.seconds)
    report.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
