"""What a submission's process may not do: outgrow its limits, use the network, touch files.

Each fence is put up where the system has it, and the name of each that stands is reported:

- time, memory and the size of files by the limits of POSIX;
- network and other processes by Linux namespaces (``unshare``, without rights where allowed);
- files by Landlock (Linux 5.13): all may be read but what is closed, and only the scratch folder
  and shared memory written. From version 4 on it also refuses TCP.

Without namespaces, sockets are refused in Python: a fence against accidents, not against intent.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Numbers of Linux' system calls, alike on all processors that matter here.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
#: Rights on files, and the number of rights, by Landlock's version.
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE
_RIGHTS = {1: 13, 2: 14, 3: 15}
_TCP = 0b11


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        seconds: Wall time of the whole submission.
        cell_seconds: Wall time of one cell, or of one call of a function.
        memory_mb: Address space in MiB. TensorFlow alone maps about 3 GiB.
        file_mb: Size of a file that it writes, in MiB.
    """

    seconds: float = 300.0
    cell_seconds: float = 60.0
    memory_mb: int = 6144
    file_mb: int = 64


@functools.cache
def namespaces() -> tuple[str, ...]:
    """The command that cuts a process off from network and other processes; empty if none can."""
    command = ("unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child",
               "--mount-proc")  # fmt: skip
    if not shutil.which("unshare"):
        return ()
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else ()


def set_limits(limits: Limits) -> None:
    """Limit this process for good: nothing that it runs can raise them."""
    cpu = int(8 * limits.seconds)  # of all threads; for a process that nobody watches any more
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_mb << 20),
        (resource.RLIMIT_FSIZE, limits.file_mb << 20),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def refuse_sockets() -> None:
    """Refuse new sockets in Python."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("there is no network while an exercise is graded")

    for name in ("socket", "create_connection", "getaddrinfo"):
        setattr(socket, name, refuse)


def landlock() -> int:
    """The version of Landlock that this system has, or a number below 1."""
    if not sys.platform.startswith("linux"):
        return 0
    return ctypes.CDLL(None).syscall(_CREATE, None, ctypes.c_size_t(0), 1)


def close_files(scratch: Path, closed: Sequence[Path]) -> bool:
    """Let this process write below `scratch` alone, and read all but what is closed.

    Args:
        scratch: A folder.
        closed: Folders and files that it may list but not read.

    Returns:
        Whether this system has Landlock, and the fence stands.
    """
    version = landlock()
    if version < 1:
        return False
    libc = ctypes.CDLL(None)
    handled = (1 << _RIGHTS.get(version, 15)) - 1
    attributes = (ctypes.c_uint64 * 2)(handled, _TCP if version >= 4 else 0)
    size = 16 if version >= 4 else 8
    rules = libc.syscall(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    if rules < 0:
        return False

    def allow(path: Path, rights: int) -> None:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return  # gone meanwhile, or not for this user: then not for the submission either
        rights &= handled if path.is_dir() else handled & _OF_FILES
        rule = rights.to_bytes(8, "little") + place.to_bytes(4, "little")
        libc.syscall(_ADD, rules, 1, rule, 0)
        os.close(place)

    allow(Path("/"), _LIST)
    for path in _all_but([path.resolve() for path in closed]):
        allow(path, _EXECUTE | _READ | _LIST)
    allow(Path("/dev/null"), _READ | _WRITE)
    allow(Path("/dev/shm"), handled)  # where semaphores live, which a data loader uses
    allow(scratch, handled)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    stands = libc.syscall(_RESTRICT, rules, 0) == 0
    os.close(rules)
    return stands


def _all_but(closed: Sequence[Path], folder: Path = Path("/")) -> list[Path]:
    """Paths that together hold everything below a folder but what is closed."""
    found = []
    for path in folder.iterdir():
        if path.is_symlink() or path in closed:
            continue
        above = any(path in one.parents for one in closed)
        found += _all_but(closed, path) if above else [path]
    return found
