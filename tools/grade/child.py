"""The process of one submission: runs its cells, then gives its answers to whoever asks.

Started as ``python -m tools.grade.child FD`` with a socket. It imports nothing that the submission
does not import, but NumPy. It knows the names of the answers, not what is right.
"""

from __future__ import annotations

import ast
import os
import signal
import socket
import sys
import traceback
import types
import warnings
from pathlib import Path
from typing import Any

import seglib.lessons
from seglib.lessons.exercises.answers import AnswerError, call, decode, encode, plain
from tools.grade.confine import Limits, close_files, refuse_sockets, set_limits

#: Cell magics that run the Python below them.
HARMLESS_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


class Silent:
    """Takes the place of what only talks to a reader: any attribute, any call, nothing done."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def python(source: str) -> str:
    """A cell's Python: magics, shell commands and questions to the kernel are left out.

    Raises:
        SyntaxError: The cell is in another language, or no Python.
    """
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        lines = source.strip().split("\n")
    magic = lines[0].split()[0] if lines[0].startswith("%%") else None
    if magic and magic not in HARMLESS_MAGICS:
        raise SyntaxError(f"a cell in another language: {magic}")
    kept = []
    for line in lines[1:] if magic else lines:
        bare = line.strip()
        if bare.startswith(("%", "!", "?")) or bare.endswith("?"):
            line = line[: len(line) - len(line.lstrip())] + "pass"
        kept.append(line)
    return "\n".join(kept)


class Notebook:
    """A submission's cells, run one after the other in one namespace, as a kernel does."""

    def __init__(self, cells: list[str], names: list[str]):
        self.cells = cells
        self.names = names
        self.errors: dict[int, str] = {}
        self.values: dict[str, list[Any]] = {name: [] for name in names}
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.space = main.__dict__
        self.space.update(display=Silent().show, get_ipython=Silent)
        self.process = os.getpid()

    def run(self, number: int) -> None:
        """Run a cell; note its error, and each new value of an answer."""
        self.errors.pop(number, None)
        try:
            code = compile(python(self.cells[number]), f"<cell {number + 1}>", "exec")
            exec(code, self.space)
        except BaseException as error:
            self.errors[number] = "".join(traceback.format_exception_only(error)).strip()[-500:]
        self.end_if_forked()
        for name in self.names:
            if name in self.space:
                value, seen = self.space[name], self.values[name]
                if not seen or seen[-1] is not value:
                    seen.append(value)

    def run_late(self, number: int) -> None:
        """Run a cell again that came before what it needs; what is there already stays."""
        before = dict(self.space)
        self.run(number)
        self.space.update(before)

    def end_if_forked(self) -> None:
        """A copy of this process that a cell has made must not go on in its place."""
        if os.getpid() != self.process:
            os.kill(os.getpid(), signal.SIGKILL)


def main(descriptor: int) -> None:
    """Take the notebook from the channel, run it, and answer until the channel closes."""
    channel = socket.socket(fileno=descriptor)
    lines = channel.makefile("r", encoding="utf-8")

    def say(**message: Any) -> None:
        channel.sendall((encode(message) + "\n").encode())

    task = decode(lines.readline())
    warnings.simplefilter("ignore")
    seglib.lessons.question = lambda name: Silent()  # its checks are not for here
    if task["guard"]:
        refuse_sockets()
    fenced = close_files(Path(task["scratch"]), [Path(path) for path in task["closed"]])
    set_limits(Limits(**task["limits"]))
    say(files=fenced)
    notebook = Notebook(task["cells"], task["names"])
    for number in range(len(notebook.cells)):
        if number not in task["skipped"]:
            say(cell=number)
            notebook.run(number)
    for number, error in list(notebook.errors.items()):
        if error.startswith("NameError"):
            say(cell=number)
            notebook.run_late(number)
    say(done=True, errors={str(n): text for n, text in notebook.errors.items()})
    for line in lines:
        try:
            say(**answer(notebook, decode(line)))
        except OSError:
            raise
        except BaseException as error:
            say(unusable=f"it raised {type(error).__name__} where its value was read")


def answer(notebook: Notebook, asked: dict[str, Any]) -> dict[str, Any]:
    """What is said to a request: the values of a name, or what one of them gives when called."""
    values = notebook.values[asked["name"]]
    if "arguments" not in asked:
        return {"kinds": ["function" if _is_function(value) else "value" for value in values]}
    value = values[asked["which"]]
    try:
        if asked["arguments"] is None:
            return {"value": plain(value)}
        return {"value": call(value, tuple(asked["arguments"]))}
    except AnswerError as error:
        return {"unusable": str(error)}
    finally:
        notebook.end_if_forked()


def _is_function(value: Any) -> bool:
    """Whether it is there to be called; a Keras model can be, and stands for itself."""
    return callable(value) and not hasattr(value, "count_params")


if __name__ == "__main__":
    main(int(sys.argv[1]))
