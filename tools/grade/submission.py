"""A submitted notebook as its code cells, whatever state the file is in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

#: A larger file is not read: its outputs hold something that is no text.
MOST_BYTES = 50 << 20


@dataclass
class Submission:
    """What a submission's file gives.

    Attributes:
        cells: Source of each code cell. Outputs are never looked at.
        notes: What is odd about it.
        fault: Why there is nothing to run, or "".
    """

    cells: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fault: str = ""

    def questions(self) -> set[str]:
        """Names of the questions that its cells ask."""
        found = re.findall(r"""question\(\s*["'](\d\d-[\w-]+)["']""", "\n".join(self.cells))
        return set(found)


def read(path: Path) -> Submission:
    """Read a notebook, of which only the code cells are wanted.

    Args:
        path: The file; it may be broken.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            return Submission(fault=f"The file is larger than {MOST_BYTES >> 20} MiB.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Submission(fault=f"The file cannot be read: {error}.")
    if not text.strip():
        return Submission(fault="The file is empty.")
    try:
        notebook = json.loads(text)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        code = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        return Submission(fault=f"The file is no notebook ({type(error).__name__}: {error}).")
    return Submission(code, _odd_kernel(notebook))


def _source(cell: dict) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(map(str, source))


def _odd_kernel(notebook: dict) -> list[str]:
    """Say if the notebook was set to another language: its cells may still be Python."""
    metadata = notebook.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    kernel = kernel if isinstance(kernel, dict) else {}
    language = kernel.get("language") or (
        "python" if "py" in str(kernel.get("name", "py")) else "?"
    )
    return [] if language == "python" else [f"its kernel is {kernel.get('name')}, not Python"]
