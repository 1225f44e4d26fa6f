"""What was read from many files, kept in one file for the next start.

A kept set is found again by what it was made from: the content of the files, what their
names tell, the reader's arguments, the reader's code, and the packages that it calls. If
one of them is another, the set is read anew; dates and sizes of files play no part.

A kept set holds the pixels of patients, so nobody but its owner can read it: its file has the
mode 0600, and a folder that this module has made, or `data/cache`, has 0700. (Windows has no
such modes; there, the folder of the user is closed to others by itself.)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from seglib.errors import DataError, WriteError
from seglib.files import REPOSITORY
from seglib.fingerprint import fingerprint
from seglib.formats import packed
from seglib.formats.pictures import read_all
from seglib.slices import SliceSet

#: The environment variable that names the folder of the kept sets, or says `OFF`.
VARIABLE = "SEGLIB_CACHE_DIR"
OFF = "off"

#: The folder where no other is named: that of this library alone.
OWN_FOLDER = REPOSITORY / "data" / "cache"

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600

#: How a kept set is called: its reader, and the hash of all that decides what is read.
_KEPT_NAME = re.compile(r"\w+-[0-9a-f]{32}\.npz")

#: Bytes that all kept sets may have together; those not used for longest make room.
LIMIT = 4 * 2**30

#: Packages that decode files, or hold what was read.
_PACKAGES = ("nibabel", "numpy", "pandas", "pillow")


def cache_folder() -> Path | None:
    """The folder of the kept sets.

    Returns:
        ``$SEGLIB_CACHE_DIR`` where the variable is set, else ``data/cache`` of the
        repository; None where the variable says ``off``.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen == OFF:
        return None
    return Path(chosen) if chosen else OWN_FOLDER


def cached(
    read: Callable[..., SliceSet], files: Sequence[tuple[Path, ...]], **known: object
) -> SliceSet:
    """Read a set, or take what the same code has read from the same content before.

    A kept set that is damaged is read anew, and one that cannot be kept is not; both are
    said on the console. Programs that start together do not disturb each other.

    Args:
        read: Called as ``read(files, **known)``. From the files it may take nothing but
            their content: what their names and folders tell must be in `known`.
        files: All files that are read, in tuples as `read` takes them.
        known: What else decides what is read: plain values, as JSON can write them.

    Returns:
        What `read` returns.

    Raises:
        DataError: As `read`; nothing is kept then.
    """
    folder = cache_folder()
    key = None if folder is None else _key(read, files, known)
    if key is None:
        return read(files, **known)
    path = folder / f"{read.__module__.rpartition('.')[2]}-{key}.npz"
    _close_to_others(folder)
    slices = _kept(path)
    if slices is None:
        slices = read(files, **known)
        if _key(read, files, known) == key:  # else a file has changed while it was read
            _keep(slices, path)
    return slices


def _key(read: Callable, files: Sequence[tuple[Path, ...]], known: dict) -> str | None:
    """Hash of all that decides what is read; None if a file cannot be, as `read` will say."""
    code = fingerprint(read.__module__)
    packages = [metadata.version(name) for name in _PACKAGES]
    facts = [code, packages, read.__module__, read.__qualname__, known]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    try:
        for hashes in read_all(_hashes, files):
            digest.update(hashes)
    except OSError:
        return None
    return digest.hexdigest()[:32]


def _hashes(paths: tuple[Path, ...]) -> bytes:
    """The SHA-256 of each file, one after the other."""
    hashes = b""
    for path in paths:
        with path.open("rb") as stream:
            hashes += hashlib.file_digest(stream, "sha256").digest()
    return hashes


def _kept(path: Path) -> SliceSet | None:
    """A set that was kept; None if there is none, or it is damaged."""
    if not path.is_file():
        return None
    try:
        slices = packed.load(path)
    except DataError as error:
        print(f"A kept data set is damaged and will be made anew from its files: {error}")
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # now: it has been used
    return slices


def _keep(slices: SliceSet, path: Path) -> None:
    """Write a set aside, rename it, and remove the sets that this leaves no room for."""
    if slices.images.nbytes + slices.masks.nbytes > LIMIT:
        return
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as aside:
            packed.save(slices, Path(aside) / path.name, compress=False)
            (Path(aside) / path.name).chmod(_FILE_MODE)
            os.replace(Path(aside) / path.name, path)
        _make_room(path.parent)
    except (OSError, WriteError) as error:
        refused = error.__cause__ or error
        reason = getattr(refused, "strerror", None) or refused
        print(
            f"{slices.name} was read, but not kept for the next start in {path.parent} "
            f"({reason}). Set {VARIABLE} to a folder that can be written to, or to {OFF!r}"
        )


def _kept_sets(folder: Path) -> list[Path]:
    """The files of the kept sets; a folder that the user named may hold others."""
    return [path for path in folder.glob("*.npz") if _KEPT_NAME.fullmatch(path.name)]


def _close_to_others(folder: Path) -> None:
    """Take from others what an earlier version let them read; a user's folder stays as it is."""
    closed = {path: _FILE_MODE for path in _kept_sets(folder)}
    if folder == OWN_FOLDER:
        closed[folder] = _FOLDER_MODE
    for path, mode in closed.items():
        # It may be gone meanwhile, or another's, or on a disk that is only read.
        with contextlib.suppress(OSError):
            if path.stat().st_mode & 0o077:
                path.chmod(mode)


def _make_room(folder: Path) -> None:
    """Keep the sets that were used last and fit into `LIMIT`; remove the others."""
    total = 0
    for path in sorted(_kept_sets(folder), key=lambda path: path.stat().st_mtime, reverse=True):
        total += path.stat().st_size
        if total > LIMIT:
            path.unlink(missing_ok=True)
