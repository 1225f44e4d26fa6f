"""One notebook, run top to bottom in a fresh kernel."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from seglib.files import REPOSITORY
from study.notebook_files import build, write
from study.unchanged import KEY

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
    made_from: str | None = None,
    running: set[NotebookClient] | None = None,
) -> NotebookNode:
    """Run one notebook in a fresh kernel and write the executed copy, also when it fails.

    Args:
        script: The notebook's .py half. The kernel works in its folder.
        output: The executed .ipynb to write.
        env: The kernel's whole environment, see `environment`.
        on_cell: Called with (number of the code cell that starts, number of code cells).
        made_from: Noted in the executed copy once it is complete, see `study.unchanged`.
        running: Holds the client while its cells run, for whoever wants to `kill` it.

    Raises:
        CellExecutionError: A cell raised.
        DeadKernelError: The kernel ended by itself.
    """
    running = set() if running is None else running
    notebook = build(script)
    notebook.metadata.pop("jupytext")  # the executed copy is half of no pair
    code_cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def starts(cell: NotebookNode, cell_index: int) -> None:
        # nbclient meets Ctrl-C by killing the kernel and then failing over it; without
        # its handler Ctrl-C is the usual KeyboardInterrupt. Windows has no such handler.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        running.add(client)  # not before: nbclient does not forget a kernel that dies as it starts
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
        if made_from is not None:
            notebook.metadata[KEY] = made_from
    finally:
        running.discard(client)
        write(notebook, output)
    log.unlink()
    return notebook


def kill(client: NotebookClient) -> None:
    """End the kernel of a notebook that runs in another thread, where `execute` then raises."""
    provisioner = getattr(client.km, "provisioner", None)
    if provisioner is not None and provisioner.pid:
        with suppress(ProcessLookupError):
            os.kill(provisioner.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


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


def relative(path: Path) -> str:
    """Return a path as seen from where the user stands."""
    return os.path.relpath(path)
