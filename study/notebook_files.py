"""A notebook made from its script, and written: what the runner and `tools.notebooks` share."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from seglib.files import REPOSITORY, atomic_write

NOTEBOOKS = REPOSITORY / "notebooks"
#: The repository's address, which stands in pyproject.toml and is copied from there.
HOME = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["urls"][
    "Repository"
]
#: The copies: in the link of a badge, and in the set-up cell, which clones it.
COPIES = re.compile(r'(google\.com/github/|home = "https://github\.com/)[\w.-]+/[\w.-]+(/blob/|")')
#: What jupytext notes in a cell about blank lines in the script; no part of a notebook.
LAYOUT_KEYS = ("lines_to_next_cell", "lines_to_end_of_cell_marker")
#: What a notebook says about itself. The kernel is named as ipykernel names it, because
#: JupyterLab writes that name into what it opens.
METADATA = {
    "jupytext": tomllib.loads((NOTEBOOKS / "jupytext.toml").read_text(encoding="utf-8")),
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def addressed(text: str) -> str:
    """Return a text with the repository's address wherever it has a copy of one."""
    return COPIES.sub(rf"\g<1>{HOME.removeprefix('https://github.com/')}\g<2>", text)


def build(script: Path) -> NotebookNode:
    """Return the notebook of a percent script: no outputs, always the same cell ids."""
    source = jupytext.reads(addressed(script.read_text(encoding="utf-8")), fmt="py:percent")
    seen: Counter[str] = Counter()
    cells = []
    for cell in source.cells:
        # The id depends on the cell's own text, so that a new cell leaves the
        # others' ids alone; the count tells equal cells of one notebook apart.
        text = f"{script.stem}\n{cell.cell_type}\n{cell.source}"
        seen[text] += 1
        made = {
            "cell_type": cell.cell_type,
            "id": hashlib.sha256(f"{text}\n{seen[text]}".encode()).hexdigest()[:12],
            "metadata": {k: v for k, v in cell.metadata.items() if k not in LAYOUT_KEYS},
            "source": cell.source,
        }
        if cell.cell_type == "code":
            made |= {"execution_count": None, "outputs": []}
        cells.append(made)
    notebook = nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": METADATA, "cells": cells}
    )
    nbformat.validate(notebook)
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook aside and then put it in place, so that no half file is ever seen."""
    atomic_write(path, nbformat.writes(notebook).rstrip("\n") + "\n")
