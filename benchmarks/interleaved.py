"""Run contenders in turn, round by round, and compare each with the first.

Speeds on one machine differ from minute to minute, with what else runs and how warm it is.
So in each round every contender works for a few seconds, one after the other, in processes
that all stay alive; a ratio is taken inside a round, and its spread over the rounds is said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.contender import Benchmark, Contender
from seglib.files import REPOSITORY


class Runner:
    """The process of one contender, see `benchmarks.worker`.

    Args:
        module: Of the benchmark.
        contender: Who runs in it.
        log: File that takes what the process prints.
    """

    def __init__(self, module: str, contender: Contender, log: Path):
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.worker", module, contender.name],
                cwd=REPOSITORY,
                env={**os.environ, **contender.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def answer(self) -> dict:
        """The next line of the process.

        Raises:
            RuntimeError: The process ended; the last lines of its log say why.
        """
        line = self.process.stdout.readline()
        if not line:
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{self.log.stem} stopped:\n{tail}")
        return json.loads(line)

    def work(self, seconds: float) -> dict:
        """Let it work for about as many seconds; see `benchmarks.worker.round_of`."""
        print(seconds, file=self.process.stdin, flush=True)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def measure(
    benchmark: Benchmark, logs: Path, rounds: int = 5, seconds: float = 3.0
) -> tuple[pd.DataFrame, dict[str, dict]]:
    """Run all contenders of a benchmark in turn.

    Args:
        benchmark: Who runs.
        logs: Folder for what the processes print.
        rounds: How often each has its turn; one more before is not counted.
        seconds: Of each turn, about.

    Returns:
        One row a turn (``contender``, ``round``, ``items``, ``seconds``, ``cpu_seconds``;
        ``peak_mib``, the most memory so far of its process; ``own_mib``, what it holds after
        the turn without the pages of files), and the facts of each contender, or
        ``{"missing": why}`` for one that cannot run here.
    """
    runners, facts, rows = {}, {}, []
    try:
        for contender in benchmark.contenders:  # one after the other: compilers need memory
            runner = Runner(benchmark.module, contender, logs / f"{contender.name}.log")
            runners[contender.name] = runner
            answer = runner.answer()
            facts[contender.name] = answer.get("facts", answer)
            if "missing" in answer:
                runners.pop(contender.name).close()
        for number in range(rounds + 1):
            for name, runner in runners.items():
                turn = runner.work(seconds)
                if number:
                    rows.append({"contender": name, "round": number, **turn})
    finally:
        for runner in runners.values():
            runner.close()
    return pd.DataFrame(rows), facts


def by_round(turns: pd.DataFrame, of: str = "seconds") -> pd.DataFrame:
    """Items for a second of each turn, or of its ``"cpu_seconds"``.

    Args:
        turns: From `measure`.
        of: The column of seconds.

    Returns:
        Index ``round``, a column for each contender.
    """
    rates = turns.assign(rate=turns["items"] / turns[of])
    return rates.pivot(index="round", columns="contender", values="rate")


def summarise(turns: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Speeds, and ratios of speeds inside a round.

    Args:
        turns: From `measure`.
        reference: The contender that the others are compared with.

    Returns:
        Index ``contender`` in order of appearance. ``rate``: items a second, the median over
        rounds; ``rate_per_core``: items a second of processor time; ``ratio``: of ``rate`` to
        the reference's in the same round, the median, with ``ratio_low`` and ``ratio_high``, the
        extremes over rounds; ``per_core_ratio``, ``..._low``, ``..._high`` alike; ``peak_mib`` and
        ``own_mib``, the highest.
    """
    grouped = turns.groupby("contender", sort=False)
    table = pd.DataFrame(index=pd.Index(turns["contender"].unique(), name="contender"))
    for of, rate, ratio in (
        ("seconds", "rate", "ratio"),
        ("cpu_seconds", "rate_per_core", "per_core_ratio"),
    ):
        rates = by_round(turns, of)
        ratios = rates.div(rates[reference], axis=0)
        table[rate], table[ratio] = rates.median(), ratios.median()
        table[f"{ratio}_low"], table[f"{ratio}_high"] = ratios.min(), ratios.max()
    return table.assign(peak_mib=grouped["peak_mib"].max(), own_mib=grouped["own_mib"].max())
