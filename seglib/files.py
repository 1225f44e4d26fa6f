"""Where results go, and how a file is written: completely or not at all."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seglib.errors import WriteError

#: The root of the repository: the folder that holds ``seglib/``, ``data/`` and ``reports/``.
REPOSITORY = Path(__file__).resolve().parents[1]


def results_dir() -> Path:
    """The folder that results go to: made on demand, never the committed reports.

    Returns:
        ``$SEGLIB_REPORTS_DIR`` if set; else ``reports/local`` of the checkout this
        library was imported from; else ``reports/local`` under the current folder.
    """
    chosen = os.environ.get("SEGLIB_REPORTS_DIR")
    if chosen:
        return Path(chosen)
    inside = (REPOSITORY / "pyproject.toml").is_file()
    root = REPOSITORY if inside else Path.cwd()
    return root / "reports" / "local"


#: What to do if `results_dir` cannot be written to.
CHOOSE_RESULTS = "set SEGLIB_REPORTS_DIR to a folder that can be written to"


def unwritable(path: Path, error: OSError) -> WriteError:
    """What a failed write means for the user.

    Args:
        path: The file or folder.
        error: What the system said.
    """
    inside = path.absolute().is_relative_to(results_dir().absolute())
    remedy = CHOOSE_RESULTS if inside else "make room there, or choose another place"
    return WriteError(f"cannot write {path}: {error.strerror or error}; {remedy}")


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[None]:
    """What the disk refuses while a file or folder is written becomes a message that names it.

    Raises:
        WriteError: An `OSError` was raised within.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(Path(path), error) from error


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it, if missing.

    Raises:
        WriteError: It cannot be made.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def atomic_write(path: str | os.PathLike, content: bytes | str) -> Path:
    r"""Write a file completely or not at all.

    Args:
        path: The file; its folder is made if missing.
        content: Bytes, or text to be written as UTF-8. A byte of a file name that is no
            UTF-8 becomes an escape such as ``\udce9``, which JSON reads back as it was.

    Returns:
        The path.

    Raises:
        WriteError: The folder cannot be made or written to.
    """
    if isinstance(content, str):
        content = content.encode(errors="backslashreplace")
    with written_aside(path) as aside:
        aside.write_bytes(content)
    return Path(path)


@contextlib.contextmanager
def written_aside(path: str | os.PathLike) -> Iterator[Path]:
    """Let a file be written under another name, which becomes its own once all is there.

    Args:
        path: The file; its folder is made if missing.

    Yields:
        A path in the same folder, with the same ending. Whatever goes wrong, `path` stays
        as it was and nothing else is left.

    Raises:
        WriteError: The folder cannot be made or written to, or an `OSError` was raised within.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            os.replace(aside, path)
    finally:
        with contextlib.suppress(OSError):  # after success, or without a folder, it is not there
            aside.unlink()


def write_json(path: str | os.PathLike, values: dict[str, Any]) -> Path:
    """Write a dictionary as indented JSON; NumPy values become plain ones, NaN null."""
    text = json.dumps(_plain(values), indent=2, ensure_ascii=False, allow_nan=False)
    return atomic_write(path, text + "\n")


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # an array or number of NumPy
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
