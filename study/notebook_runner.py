"""Run the notebooks top to bottom, two side by side, and show how far they are.

From the top folder: ``python -m study notebooks --profile quick``, which is what
``make study`` calls. Executed notebooks, figures and tables go to
``reports/local/<profile>/``. A notebook whose cells, library and data are those of the last
run is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from pathlib import Path

import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from seglib.files import REPOSITORY, write_json
from seglib.program import program, seed_number, whole_number
from seglib.staging import require_writable
from study.console import Board, Console, State, clock
from study.notebook_execution import environment, execute, explain_failure, kill, relative
from study.notebook_files import NOTEBOOKS, build
from study.unchanged import kept, signature

#: How long the notebooks took on another machine, for a first idea.
MEASURED = REPOSITORY / "reports" / "durations.json"


class Runner:
    """Runs notebooks, several side by side; the first failure stops all."""

    def __init__(self, options: argparse.Namespace, reports: Path, console: Console) -> None:
        """Take the options of `main`, and where results and messages go."""
        self.options, self.reports, self.console = options, reports, console
        self.kernels: set[NotebookClient] = set()
        self.kept: list[Path] = []
        self.stopped = threading.Event()
        self.failed: tuple[Path, Exception] | None = None

    def run(self, scripts: list[Path]) -> int:
        """Run notebooks; return 0, or 1 as soon as one fails."""
        durations = self.reports / "durations.json"
        measured = _durations(durations)
        known = (_durations(MEASURED) if self.options.profile == "quick" else {}) | measured
        workers = min(self.options.workers, len(scripts))
        board = Board([script.stem for script in scripts], known, workers)
        waiting = deque(
            (f"[{number}/{len(scripts)}] {script.stem}", script)
            for number, script in enumerate(scripts, start=1)
        )
        pool = ThreadPoolExecutor(workers)
        begun = [pool.submit(self._work, side, waiting, board) for side in range(workers)]
        try:
            with self.console.showing(board):
                for done in as_completed(begun):
                    done.result()
                    if self.stopped.is_set():
                        break
        finally:
            self.stopped.set()
            pool.shutdown(wait=False)
            while not all(future.done() for future in begun):
                for client in list(self.kernels):  # one that was starting comes later
                    kill(client)
                wait(begun, timeout=0.1)
            write_json(durations, measured | board.measured)
        if self.failed is None:
            return 0
        script, error = self.failed
        print(f"\n{explain_failure(script, self._output(script), error)}", file=sys.stderr)
        return 1

    def _work(self, side: int, waiting: deque[tuple[str, Path]], board: Board) -> None:
        """Run what is waiting, from the first on or, on the other side, from the last back.

        Neighbours share trainings: side by side, one would wait for what the other trains.
        """
        while not self.stopped.is_set():
            try:
                place, script = waiting.pop() if side % 2 else waiting.popleft()
            except IndexError:
                return
            try:
                self._one(script, place, board)
            except (CellExecutionError, DeadKernelError) as error:
                if self.failed is None:  # what is killed because of it fails too
                    self.failed = script, error
                self.stopped.set()

    def _output(self, script: Path) -> Path:
        return self.reports / "notebooks" / f"{script.stem}.ipynb"

    def _one(self, script: Path, place: str, board: Board) -> None:
        """Run one notebook, unless it would run as it did before."""
        options, output = self.options, self._output(script)
        asked = (options.profile, options.dataset, options.seed)
        made_from = signature(build(script), *asked)
        if not options.again and kept(output, made_from):
            self.kept.append(output)
            board.waiting.remove(script.stem)
            self.console.line(f"{place} is unchanged: its results are kept")
            return
        with tempfile.TemporaryDirectory() as folder:
            state = State(place, Path(folder) / "progress.jsonl")
            env = environment(*asked, self.reports, state.progress)
            if board.workers > 1:  # a small network gains little from a second core
                cores = max((os.cpu_count() or 1) // board.workers, 1)
                env = {"TF_NUM_INTRAOP_THREADS": str(cores)} | env
            board.running[script.stem] = state
            try:
                execute(
                    script,
                    output,
                    env,
                    on_cell=state.at_cell,
                    made_from=made_from,
                    running=self.kernels,
                )
            finally:
                del board.running[script.stem]
        board.waiting.remove(script.stem)
        board.measured[script.stem] = round(time.monotonic() - state.started, 1)
        self.console.line(f"{place} done in {clock(board.measured[script.stem])}")


def _durations(file: Path) -> dict[str, float]:
    """Seconds of each notebook, by its name; of none, where there is no such file."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def side_by_side() -> int:
    """How many notebooks to run at once: two, if there are cores for them and no GPU to share."""
    return 1 if shutil.which("nvidia-smi") else min(2, os.cpu_count() or 1)


def summarise(reports: Path, since: float) -> None:
    """Print the results table and the files written since the run began (seconds, epoch)."""

    def fresh(folder: str, endings: tuple[str, ...]) -> list[Path]:
        found = sorted(path for path in (reports / folder).glob("*") if path.suffix in endings)
        return [path for path in found if path.stat().st_mtime >= since]

    tables = fresh("tables", (".csv",))
    for table in tables:
        if table.name == "comparison.csv":
            print(f"\nResults ({relative(table)})\n")
            frame = pd.read_csv(table)
            print(frame.to_string(index=False, na_rep="-", float_format="{:.3f}".format))
    for title, paths in (
        ("Figures", fresh("figures", (".png", ".svg", ".gif"))),
        ("Tables", tables),
        ("Executed notebooks", fresh("notebooks", (".ipynb",))),
    ):
        if paths:
            print(f"\n{title}")
            for path in paths:
                print(f"  {relative(path)}")
    used = [json.loads(path.read_text())["name"] for path in fresh("datasets", (".json",))]
    phantoms = [name for name in used if "phantom" in name]
    if phantoms:
        print(
            f"\nBuilt-in phantoms were used ({', '.join(phantoms)}): computed, not measured. "
            "Their figures say nothing about real patients."
        )


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m study notebooks",
        description="Run the notebooks top to bottom and print their results.",
    )
    parser.add_argument("--profile", default="quick", help="smoke, quick (default) or full")
    parser.add_argument("--dataset", default="auto", help="auto (default), sunnybrook or phantom")
    parser.add_argument("--seed", type=seed_number, default=0, help="default: 0")
    parser.add_argument("--only", metavar="NN", help="run one notebook, e.g. --only 04")
    parser.add_argument(
        "--workers",
        type=whole_number(1),
        default=side_by_side(),
        metavar="N",
        help="notebooks side by side (here: %(default)s)",
    )
    parser.add_argument("--again", action="store_true", help="run also what is unchanged")
    parser.add_argument("--notebooks", type=Path, default=NOTEBOOKS, help="default: notebooks/")
    parser.add_argument("--reports", type=Path, help="default: reports/local/<profile>")
    options = parser.parse_args(arguments)
    scripts = sorted(options.notebooks.glob(f"{options.only or '[0-9]'}*.py"))
    if not scripts:
        here = ", ".join(path.stem for path in sorted(options.notebooks.glob("*.py"))) or "none"
        print(
            f"No notebook named {options.only or '[0-9]'}*.py in {relative(options.notebooks)}; "
            f"found: {here}.",
            file=sys.stderr,
        )
        return 2
    reports = options.reports or REPOSITORY / "reports" / "local" / options.profile
    require_writable(reports, "name another folder with --reports", folder=True)
    reports.mkdir(parents=True, exist_ok=True)
    print(
        f"Running {len(scripts)} notebooks: profile {options.profile}, data {options.dataset}, "
        f"seed {options.seed}. Results go to {relative(reports)}."
    )
    since = time.time() - 1  # a file system's clock may be a little behind
    started = time.monotonic()
    try:
        runner = Runner(options, reports, Console(sys.stdout))
        status = runner.run(scripts)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    if status == 0:
        summarise(reports, since)
        if runner.kept:
            print(f"\nKept as they were ({len(runner.kept)}; --again, or AGAIN=1, runs them)")
            for path in runner.kept:
                print(f"  {relative(path)}")
        print(f"\nTotal time {clock(time.monotonic() - started)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
