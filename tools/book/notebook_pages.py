"""A notebook on its way into the book: its results if it has been run, and a word if it has not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from study.notebook_files import build

WIDGET = "application/vnd.jupyter.widget-view+json"
#: Most characters of a figure's alternative text; screen readers read it in one go.
LONGEST = 300
_NOTE = """```{{note}}
{text} `make study ONLY={number}` runs it, `make book` then shows its results.
```"""
MISSING = "This notebook has not been run here, so it stands without results."
OLDER = "This notebook has changed since it was run here: its results are those of the older text."
PLAIN = (
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"[*`#>|]+|^\s*[-+]\s", re.MULTILINE), ""),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class NotebookPage:
    """A notebook as the book shows it.

    Attributes:
        name: Of the script, without its ending.
        notebook: Its cells, with results where there are some.
        state: ``"run"``, ``"older"`` (it was run, but its text is no longer that) or ``"missing"``.
    """

    name: str
    notebook: NotebookNode
    state: str


def read(script: Path, executed: Path) -> NotebookPage:
    """Take the executed copy of a notebook, or the notebook without results where there is none.

    Args:
        script: The notebook's .py half.
        executed: Folder of executed notebooks, as `study.notebook_runner.Runner` leaves them.
    """
    fresh = build(script)
    path = executed / f"{script.stem}.ipynb"
    if not path.is_file():
        return NotebookPage(script.stem, fresh, "missing")
    found = nbformat.read(path, as_version=4)
    same = [cell.source for cell in fresh.cells] == [cell.source for cell in found.cells]
    return NotebookPage(script.stem, found, "run" if same else "older")


def prepare(page: NotebookPage, links: Callable[[str], str]) -> NotebookNode:
    """Return the notebook as Sphinx gets it.

    Its links hold in the book, every figure has an alternative text, the set-up cell is folded,
    and widgets, which need a kernel, are left out: a static page would show them as text.

    Args:
        page: As `read` gave it; its notebook is changed.
        links: Rewrites the links of a Markdown cell.
    """
    notebook = page.notebook
    notebook.metadata.pop("widgets", None)
    text, heading = "", ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE) or [heading])[-1]
            text = last_paragraph(cell.source)
            cell.source = links(cell.source)
        elif cell.cell_type == "code":
            cell.outputs = [output for output in map(_static, cell.outputs) if output]
            alt = own_text(cell) or alternative_text(heading, text)
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
            tags = cell.metadata.get("tags", [])
            if "setup" in tags:
                cell.metadata["tags"] = [*tags, "hide-input"]
    if page.state != "run":
        note = _NOTE.format(
            text=MISSING if page.state == "missing" else OLDER, number=page.name[:2]
        )
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(note))
    return notebook


def _static(output: NotebookNode) -> NotebookNode | None:
    """An output without its widget; None where nothing else is left that a reader can use."""
    data = output.get("data", {})
    if WIDGET in data:
        del data[WIDGET]
        data.pop("text/plain", None)  # how Python prints the widget
        return output if data else None
    return output


def own_text(cell: NotebookNode) -> str:
    """The alternative text that the cell's first figure brings; empty where it brings none."""
    about = [of for output in cell.outputs for of in output.get("metadata", {}).values()]
    texts = [of["alt"] for of in about if isinstance(of, dict) and of.get("alt")]
    return texts[0].replace('"', "'") if texts else ""


def last_paragraph(markdown: str) -> str:
    """The last paragraph of a Markdown cell as plain text; empty where a heading ends the cell."""
    block = markdown.split("\n\n")[-1]
    return "" if block.startswith("#") else plain(block)


def plain(markdown: str) -> str:
    """Markdown as it reads without its marks, on one line."""
    for pattern, instead in PLAIN:
        markdown = pattern.sub(instead, markdown)
    return markdown.strip()


def alternative_text(heading: str, text: str) -> str:
    """What stands for a figure where it cannot be seen: its section, and what to look for in it."""
    alt = f"Figure of the section '{plain(heading)}'. {text}".replace('"', "'").strip()
    return alt if len(alt) <= LONGEST else alt[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
