"""A submission's process as this process sees it: started, asked, and stopped in time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seglib.files import REPOSITORY
from seglib.lessons.exercises.answers import AnswerError, decode, encode
from tools.grade.confine import Limits, namespaces

#: Longest line that is read from a submission, in bytes: an answer has its limits too.
MOST_BYTES = 16 << 20
#: Seconds that a process may take to start, on a machine with much to do.
PATIENCE = 60.0


class EndedError(Exception):
    """The process is over, or was stopped; `cell` is the one that it was at, if any."""

    def __init__(self, reason: str, cell: int | None = None):
        super().__init__(reason)
        self.reason, self.cell = reason, cell


class Session:
    """One process of one submission; a context that leaves nothing running behind it.

    Attributes:
        errors: What stopped each cell that failed, by its number.
        fences: What stands around the process, in words.
    """

    def __init__(self, limits: Limits, deadline: float, closed: Sequence[Path] = ()):
        """Start the process.

        Args:
            limits: Of the submission.
            deadline: When its time is over, by `time.monotonic`.
            closed: Folders that it may not read.
        """
        self.limits, self.deadline, self.closed = limits, deadline, closed
        self.errors: dict[int, str] = {}
        self.fences: list[str] = []
        self._scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._buffer = bytearray()
        # As in the repository, so that the set-up cell finds where it is.
        folder = Path(self._scratch.name)
        (folder / "seglib").symlink_to(REPOSITORY / "seglib")
        for place in ("notebooks/solutions", "notebooks/exercises"):
            (folder / place).mkdir(parents=True)
        self._channel, theirs = socket.socketpair()
        number = theirs.fileno()
        command = [*namespaces(), sys.executable, "-B", "-s", "-m", "tools.grade.child"]
        self._process = subprocess.Popen(
            [*command, str(number)],
            cwd=folder / place,
            env=_environment(folder),
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        # With namespaces the end of the first process is the end of all that it has started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._channel.close()
        self._scratch.cleanup()

    def run(self, cells: list[str], names: list[str], skipped: Sequence[int] = ()) -> None:
        """Run the cells.

        Args:
            cells: Source of each code cell.
            names: Of the answers.
            skipped: Numbers of the cells to leave out.

        Raises:
            EndedError: The process ended, or a cell, or all of them, took too long.
        """
        task = {
            "cells": cells,
            "names": names,
            "skipped": list(skipped),
            "limits": asdict(self.limits),
            "scratch": self._scratch.name,
            "closed": [str(path) for path in self.closed],
            "guard": not namespaces(),
        }
        at = None
        try:
            ready = self._start(task)
            network = "no network" if namespaces() else "network refused in Python only"
            self.fences = [network, "files closed" if ready.get("files") else "files open"]
            while True:
                message = self._hear()
                if message.get("done") is True:
                    break
                at = message.get("cell")
        except EndedError as error:
            known = isinstance(at, int) and 0 <= at < len(cells) and at not in skipped
            raise EndedError(error.reason, at if known else None) from None
        errors = message.get("errors")
        for number, text in errors.items() if isinstance(errors, dict) else ():
            if number.isdecimal() and int(number) < len(cells):
                self.errors[int(number)] = str(text)[:500]

    def _start(self, task: dict) -> dict:
        """Give the process its task; what it answers comes before anything of the submission."""
        try:
            self._say(task)
            return self._hear(PATIENCE)
        except EndedError as error:
            raise self._ended("could not be started") from error

    def kinds(self, name: str) -> list[str]:
        """``"function"`` or ``"value"`` for each value that a name has had, in their order."""
        kinds = self._ask({"name": name}).get("kinds")
        return [str(kind) for kind in kinds] if isinstance(kinds, list) else []

    def value(self, name: str, which: int, arguments: tuple | None = None) -> Any:
        """A value that a name has had, or what it gives when called; plain data.

        Raises:
            AnswerError: It cannot be read, or failed; or the process ended over it.
        """
        try:
            said = self._ask({"name": name, "which": which, "arguments": arguments})
        except EndedError as error:
            raise AnswerError(f"it {error.reason}") from error
        if "value" not in said:
            raise AnswerError(str(said.get("unusable", "it gave nothing"))[:500])
        return said["value"]

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._channel.fileno() >= 0

    def _ask(self, request: dict) -> dict:
        self._say(request)
        return self._hear()

    def _say(self, message: dict) -> None:
        try:
            self._channel.settimeout(self._left())
            self._channel.sendall((encode(message) + "\n").encode())
        except OSError as error:
            raise self._ended("ended its process") from error

    def _hear(self, patience: float = 0.0) -> dict:
        until = time.monotonic() + max(self._left(), patience)
        end = self._buffer.find(b"\n")
        while end < 0:
            try:
                self._channel.settimeout(max(until - time.monotonic(), 0.001))
                part = self._channel.recv(1 << 20)
            except TimeoutError:
                raise self._ended(self._slow()) from None
            except OSError as error:
                raise self._ended("ended its process") from error
            if not part:
                raise self._ended("ended its process")
            here = part.find(b"\n")
            end = -1 if here < 0 else len(self._buffer) + here
            self._buffer += part
            if len(self._buffer) > MOST_BYTES:
                raise self._ended("gave more than can be read")
        line = self._buffer[:end].decode(errors="replace")
        del self._buffer[: end + 1]
        try:
            found = decode(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._ended("gave what cannot be read")
        return found

    def _left(self) -> float:
        left = min(self.limits.cell_seconds, self.deadline - time.monotonic())
        if left <= 0:
            raise self._ended(self._slow())
        return left

    def _slow(self) -> str:
        if time.monotonic() >= self.deadline:
            return f"used up the {self.limits.seconds:g} s of a submission"
        return f"did not end within {self.limits.cell_seconds:g} s"

    def _ended(self, reason: str) -> EndedError:
        """The error to raise; the process is of no use any more."""
        self._channel.close()
        return EndedError(reason)


def _environment(scratch: Path) -> dict[str, str]:
    """What a submission sees: its folder and the smallest settings, nothing of this user's."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(REPOSITORY),
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "SEGLIB_PROFILE": "smoke",
        "SEGLIB_DATASET": "phantom",
        "SEGLIB_REPORTS_DIR": str(scratch / "reports"),
    }
