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


def time_left(names: list[str], number: int, known: dict[str, float], spent: float) -> float | None:
    """Estimate the seconds that a run of notebooks still takes.

    Args:
        names: All notebooks of the run, in order.
        number: The one that runs now, counted from 1.
        known: Measured seconds of a notebook, from this run or an earlier one.
        spent: Seconds the present notebook has run.

    Returns:
        Seconds, a notebook without a measurement taken as the mean of the others;
        None while none of them is known.
    """
    measured = [known[name] for name in names if name in known]
    if not measured:
        return None
    mean = sum(measured) / len(measured)
    present, *later = (known.get(name, mean) for name in names[number - 1 :])
    return max(present - spent, 0) + sum(later)


@dataclass
class State:
    """Where a run is: the notebook, the cell, and the newest line of its training."""

    name: str
    number: int
    names: list[str]
    known: dict[str, float]
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

    def text(self, total: float) -> str:
        """Return the line to show after ``total`` seconds of the whole run."""
        spent = time.monotonic() - self.started
        left = time_left(self.names, self.number, self.known, spent)
        parts = [
            f"[{self.number}/{len(self.names)}] {self.name}",
            f"{clock(total)} so far" + ("" if left is None else f", about {clock(left)} left"),
            f"cell {self.cell}/{self.cells}" if self.cells else "starting",
            self.training(),
        ]
        return " | ".join(part for part in parts if part)


class Console:
    """Shows a `State` while it changes: in place on a terminal, line by line in a log."""

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

    def show(self, state: State) -> None:
        """Print how far ``state`` is."""
        text = state.text(time.monotonic() - self.started)
        if not self.terminal:
            self.line(text)
            return
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r" + text[:width].ljust(width))
        self.stream.flush()

    @contextmanager
    def showing(self, state: State) -> Iterator[None]:
        """Show ``state`` at once and then again and again, until the block ends."""
        ended = threading.Event()

        def repeat() -> None:
            self.show(state)
            while not ended.wait(ON_TERMINAL if self.terminal else IN_LOG):
                self.show(state)

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
