"""Whether a notebook that was run would run the same again: then its results are kept."""

from __future__ import annotations

import hashlib
import json
import os
from importlib import metadata
from pathlib import Path

from nbformat import NotebookNode

from seglib.datasets.locations import candidate_folders
from seglib.files import REPOSITORY

#: Where an executed notebook keeps what it was made from.
KEY = "made_from"
#: What notebooks show of ``reports/``: stored results, and models that are shipped.
STORED = ("runs", "models", "tables", "figures")


def signature(notebook: NotebookNode, *options: object) -> str:
    """What decides a notebook's results: cells, library, packages, data and stored results.

    Files of data and of results count by name, size and time of change: reading them takes longer.

    Args:
        notebook: As it is built from its script.
        options: What it is run with: profile, data set, seed.
    """
    parts = [
        [cell.source for cell in notebook.cells],
        [str(option) for option in options],
        [path.read_text("utf-8") for path in sorted((REPOSITORY / "seglib").rglob("*.py"))],
        sorted(f"{found.name} {found.version}" for found in metadata.distributions()),
        [_files(folder) for folder in candidate_folders(".")],
        [_files(REPOSITORY / "reports" / name) for name in STORED],
    ]
    return hashlib.sha256(json.dumps(parts).encode(errors="backslashreplace")).hexdigest()[:16]


def _files(folder: Path) -> list[list]:
    """Name, size and time of change of each file below a folder; nothing where there is none."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            status = os.lstat(path)
            found.append([path, status.st_size, status.st_mtime_ns])
    return sorted(found)


def kept(output: Path, made_from: str) -> bool:
    """Whether the executed notebook `output` was made, to its end, from the same things."""
    if not output.is_file():
        return False
    return json.loads(output.read_text("utf-8"))["metadata"].get(KEY) == made_from
