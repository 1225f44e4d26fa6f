"""A bar while something long goes on, and one line of what it was: for whoever is watching."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm.auto import tqdm

#: Names a file to which trainings write how far they are; who sets it shows that in its own way.
VARIABLE = "SEGLIB_PROGRESS_FILE"
#: Seconds after which a bar appears: what is done by then needs none.
PATIENCE = 2.0


def in_notebook() -> bool:
    """Whether what is printed stands below a notebook's cell."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def bar(what: str, total: int, unit: str, *, first: int = 0, delay: float = 0.0) -> tqdm:
    """A progress bar that vanishes when it is closed.

    It is not drawn where nobody would see it move: in a log, a test, or a notebook that a program
    runs.

    Args:
        what: What goes on, in words: "Predicting 532 slices".
        total: How many steps there are.
        unit: What a step is.
        first: Steps done before.
        delay: Seconds after which it appears.
    """
    from tqdm.auto import tqdm  # here, for a program that only predicts starts without it

    watched = not os.environ.get(VARIABLE) and (in_notebook() or sys.stderr.isatty())
    looks = {"desc": what, "unit": unit, "leave": False, "disable": not watched}
    return tqdm(total=total, initial=first, delay=delay, **looks)


def leave_line(what: str, seconds: float) -> None:
    """Say what was done and how long it took, below the cell or on the terminal's error stream."""
    took = f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f}:{seconds % 60:02.0f} min"
    if in_notebook():
        print(f"{what}: {took}")
    elif sys.stderr.isatty():
        print(f"{what}: {took}", file=sys.stderr)


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """Show a bar if it takes longer than `PATIENCE`, and leave one line if it was shown.

    Args:
        what: As `bar`.
        total: As `bar`.
        unit: As `bar`.

    Yields:
        A function to call with the number of steps that were done since the last call.
    """
    start = time.monotonic()
    with bar(what, total, unit, delay=PATIENCE) as shown:
        watched = not shown.disable
        yield shown.update
    seconds = time.monotonic() - start
    if seconds > PATIENCE and watched:
        leave_line(what, seconds)
