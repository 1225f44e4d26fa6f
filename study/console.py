"""One live line on the console that says how far a run of notebooks is."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

#: Seconds between two lines, on a terminal (one line, rewritten) and in a log file.
ON_TERMINAL, IN_LOG = 0.5, 10.0


def clock(seconds: float) -> str:
    """Return a duration as m:ss, or h:mm:ss from one hour on."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def time_left(
    names: list[str], running: dict[str, float], known: dict[str, float], workers: int = 1
) -> float | None:
    """Estimate the seconds that a run of notebooks still takes.

    Args:
        names: The notebooks that are not done yet.
        running: Of these, the ones that run now, and the seconds each has run.
        known: Measured seconds of a notebook, from this run or an earlier one.
        workers: How many run side by side.

    Returns:
        Seconds, a notebook without a measurement taken as the mean of the others;
        None while none of them is known.
    """
    measured = [known[name] for name in names if name in known]
    if not measured:
        return None
    mean = sum(measured) / len(measured)
    left = [max(known.get(name, mean) - running.get(name, 0.0), 0.0) for name in names]
    return max(sum(left) / workers, *(left[names.index(name)] for name in running), 0.0)


@dataclass
class State:
    """Where a notebook is: the cell, and the newest line of its training."""

    name: str
    progress: Path
    cell: int = 0
    cells: int = 0
    started: float = field(default_factory=time.monotonic)

    def at_cell(self, cell: int, cells: int) -> None:
        """Note the code cell that starts."""
        self.cell, self.cells = cell, cells

    def training(self) -> str:
        """Return the newest progress line as text, or an empty string."""
        if not self.progress.exists():
            return ""
        # The last piece is empty, or a line that is still being written.
        lines = self.progress.read_text(encoding="utf-8").split("\n")[:-1]
        if not lines:
            return ""
        newest = json.loads(lines[-1])
        text = f"{newest['run']} epoch {newest['epoch']}/{newest['epochs']}"
        if newest.get("dice") is not None:
            text += f" Dice {newest['dice']:.3f}"
        if newest.get("seconds_left") is not None:
            text += f", {clock(newest['seconds_left'])} left in it"
        return text

    def text(self) -> str:
        """Return what is to be shown of it."""
        parts = [
            self.name,
            f"cell {self.cell}/{self.cells}" if self.cells else "starting",
            self.training(),
        ]
        return ", ".join(part for part in parts if part)


@dataclass
class Board:
    """All notebooks of a run: which are waiting, which run now, and what is known of the time.

    Attributes:
        waiting: Names of those that are not done, the ones that run now among them.
        known: Seconds of a notebook, from an earlier run.
        workers: How many run side by side.
        running: Those that run now.
        measured: Seconds of those that this run has finished.
    """

    waiting: list[str]
    known: dict[str, float]
    workers: int = 1
    running: dict[str, State] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)

    def text(self, total: float) -> str:
        """Return the line to show after ``total`` seconds of the whole run."""
        running = dict(self.running)  # as it is now; others change it
        spent = {k: time.monotonic() - state.started for k, state in running.items()}
        left = time_left(list(self.waiting), spent, self.known, self.workers)
        parts = [f"{clock(total)} so far" + ("" if left is None else f", about {clock(left)} left")]
        return " | ".join(parts + [state.text() for state in running.values()])


class Console:
    """Shows a `Board` while it changes: in place on a terminal, line by line in a log."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``; time counts from now."""
        self.stream = stream
        self.terminal = stream.isatty()
        self.started = time.monotonic()

    def line(self, text: str) -> None:
        """Print a line that stays."""
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r{text.ljust(width)}\n" if self.terminal else f"{text}\n")
        self.stream.flush()

    def show(self, board: Board) -> None:
        """Print how far the run is."""
        text = board.text(time.monotonic() - self.started)
        if not self.terminal:
            self.line(text)
            return
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r" + text[:width].ljust(width))
        self.stream.flush()

    @contextmanager
    def showing(self, board: Board) -> Iterator[None]:
        """Show ``board`` at once and then again and again, until the block ends."""
        ended = threading.Event()

        def repeat() -> None:
            self.show(board)
            while not ended.wait(ON_TERMINAL if self.terminal else IN_LOG):
                self.show(board)

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
