"""Run the notebooks top to bottom, each in a fresh kernel, and show how far they are.

From the top folder: ``python -m study notebooks --profile quick``, which is what
``make study`` calls. Executed notebooks, figures and tables go to
``reports/local/<profile>/``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from seglib.files import REPOSITORY, write_json
from seglib.program import program, seed_number
from seglib.staging import require_writable
from study.console import Console, State, clock
from study.notebook_files import NOTEBOOKS, build, write

ANSI_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def environment(
    profile: str, dataset: str, seed: int, reports: Path, progress: Path | None = None
) -> dict[str, str]:
    """Return the environment of a notebook's kernel: its parameters and where results go."""
    env = dict(os.environ)
    env["SEGLIB_PROFILE"] = profile
    env["SEGLIB_DATASET"] = dataset
    env["SEGLIB_SEED"] = str(seed)
    env["SEGLIB_REPORTS_DIR"] = str(reports.resolve())
    if progress is not None:
        env["SEGLIB_PROGRESS_FILE"] = str(progress)
    if env.get("SEGLIB_DATA_DIR"):
        # The kernel starts in the notebooks' folder, where a relative path would miss.
        env["SEGLIB_DATA_DIR"] = str(Path(env["SEGLIB_DATA_DIR"]).resolve())
    # This folder's seglib comes first, also where none or another one is installed.
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPOSITORY), env.get("PYTHONPATH")]))
    return env


def execute(
    script: Path,
    output: Path,
    env: dict[str, str],
    *,
    on_cell: Callable[[int, int], None] | None = None,
) -> NotebookNode:
    """Run one notebook in a fresh kernel and write the executed copy, also when it fails.

    Args:
        script: The notebook's .py half. The kernel works in its folder.
        output: The executed .ipynb to write.
        env: The kernel's whole environment, see `environment`.
        on_cell: Called with (number of the code cell that starts, number of code cells).

    Raises:
        CellExecutionError: A cell raised.
        DeadKernelError: The kernel ended by itself.
    """
    notebook = build(script)
    notebook.metadata.pop("jupytext")  # the executed copy is half of no pair
    code_cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def starts(cell: NotebookNode, cell_index: int) -> None:
        # nbclient meets Ctrl-C by killing the kernel and then failing over it; without
        # its handler Ctrl-C is the usual KeyboardInterrupt. Windows has no such handler.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        if on_cell is not None and cell.cell_type == "code":
            on_cell(code_cells.index(cell_index) + 1, len(code_cells))

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(script.parent)}},
        on_cell_start=starts,
        # Other users of this machine cannot listen in; the kernel warns without it.
        config=Config(KernelManager={"transport_encryption": "auto"}),
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    log = output.with_suffix(".log")  # what the kernel process says beside the cells' output
    try:
        with log.open("wb") as stderr:
            client.execute(env=env, stderr=stderr)
    finally:
        write(notebook, output)
    log.unlink()
    return notebook


def explain_failure(script: Path, output: Path, error: Exception) -> str:
    """Say which notebook and cell failed, with the cell's source and its error."""
    place = f"{script.name} failed; executed as far as it came: {relative(output)}"
    if isinstance(error, DeadKernelError):
        log = relative(output.with_suffix(".log"))
        return (
            f"{place}\nIts kernel ended by itself, most often because memory ran out; {log} holds "
            "its last words."
        )
    notebook = json.loads(output.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for result in cell.get("outputs", []):
            if result["output_type"] == "error":
                source = "".join(cell["source"])
                trace = ANSI_COLOURS.sub("", "\n".join(result["traceback"]))
                return f"{place}\n\nThe cell:\n{source}\n\nIts error:\n{trace}"
    return f"{place}\n{error}"


def run(
    scripts: list[Path], profile: str, dataset: str, seed: int, reports: Path, console: Console
) -> int:
    """Run notebooks in order; return 0, or 1 as soon as one fails."""
    durations_file = reports / "durations.json"
    known = json.loads(durations_file.read_text()) if durations_file.exists() else {}
    measured: dict[str, float] = {}
    for number, script in enumerate(scripts, start=1):
        output = reports / "notebooks" / f"{script.stem}.ipynb"
        with tempfile.TemporaryDirectory() as folder:
            state = State(
                name=script.stem,
                number=number,
                names=[path.stem for path in scripts],
                known=known | measured,
                progress=Path(folder) / "progress.jsonl",
            )
            env = environment(profile, dataset, seed, reports, state.progress)
            started = time.monotonic()
            try:
                with console.showing(state):
                    execute(script, output, env, on_cell=state.at_cell)
            except (CellExecutionError, DeadKernelError) as error:
                print(f"\n{explain_failure(script, output, error)}", file=sys.stderr)
                return 1
            measured[script.stem] = round(time.monotonic() - started, 1)
            took = clock(measured[script.stem])
            console.line(f"[{number}/{len(scripts)}] {script.stem} done in {took}")
    write_json(durations_file, known | measured)
    return 0


def relative(path: Path) -> str:
    """Return a path as seen from where the user stands."""
    return os.path.relpath(path)


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
        status = run(
            scripts, options.profile, options.dataset, options.seed, reports, Console(sys.stdout)
        )
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    if status == 0:
        summarise(reports, since)
        print(f"\nTotal time {clock(time.monotonic() - started)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
