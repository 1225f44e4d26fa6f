"""Slides of the sessions, from the notebooks' own text and figures, as ``slides.toml`` says.

One slide shows one section: its heading, the text before its first result, and that result. What
the section says after it becomes the speaker's notes (key S).
"""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path

import nbformat
from nbconvert.exporters import SlidesExporter
from nbformat import NotebookNode
from PIL import Image

from seglib.errors import DataError
from seglib.files import REPOSITORY
from tools.book import notebook_pages, vendor
from tools.book.pages import FRAME

TABLE = FRAME / "slides.toml"
OPENING = "Opening"
#: Most characters of text above a result; whole paragraphs are left out beyond.
MOST_TEXT = 380
#: Most lines of code, or of printed results.
MOST_LINES = 14
#: Height over width from which a figure stands beside the text, not below it.
TALL = 0.65
_BESIDE = '<img class="beside"'
_FIGURE = re.compile(
    r"""(?:save_(?:figure|animation)\(\s*\w+,\s*|stored_figure\(\s*)["']([\w.-]+)["']"""
)
_HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
_INNER_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")


@dataclass(frozen=True)
class Section:
    """What stands under one heading of a notebook.

    Attributes:
        heading: Without its marks.
        parts: Paragraphs of Markdown, and code cells, in their order.
    """

    heading: str
    parts: list[str | NotebookNode]


def sections(notebook: NotebookNode) -> dict[str, Section]:
    """Return a notebook's sections by heading; the first cell is the section `OPENING`."""
    found: dict[str, Section] = {}
    for number, cell in enumerate(notebook.cells):
        if number == 0:
            title, *rest = cell.source.split("\n\n")
            found[OPENING] = Section(title.removeprefix("# "), _taught(rest))
            current = Section("", [])
        elif cell.cell_type == "code":
            current.parts.append(cell)
        else:
            for block in cell.source.split("\n\n"):
                if heading := _HEADING.match(block):
                    current = found.setdefault(heading[1], Section(heading[1], []))
                    block = block[heading.end() :].strip()
                if block:
                    current.parts.append(block)
    return found


def _taught(blocks: list[str]) -> list[str | NotebookNode]:
    """Of an opening the list of what is taught, with the line above it."""
    places = [i for i, block in enumerate(blocks) if block.startswith("- ")]
    return list(blocks[max(0, places[0] - 1) : places[0] + 1]) if places else []


def slide(section: Section, folder: Path, figures: Path) -> tuple[str, str]:
    """Return a section's slide and its speaker's notes, as Markdown.

    Args:
        section: What to show.
        folder: Where the slides will lie; figures are written into its ``figures``.
        figures: The report's figures, which the notebooks have drawn.
    """
    texts = [i for i, part in enumerate(section.parts) if isinstance(part, str)]
    codes = [i for i in range(len(section.parts)) if i not in texts]
    drawn = [i for i in codes if _figure(section.parts[i], figures)]
    chosen = (drawn or codes)[:1]
    shown, length = [], 0
    for i in texts:
        text = section.parts[i]
        # Without a result there is room for the whole list that is the section's point.
        room = chosen or not text.startswith("- ")
        if shown and (room and length + len(text) > MOST_TEXT or chosen and i > chosen[0]):
            break
        shown.append(i)
        length += len(text)
    lines = [section.parts[i] for i in shown]
    if chosen:
        result = _result(section, chosen[0], folder, figures)
        # A tall figure stands beside the text, so it comes first.
        lines = [result, *lines] if result.startswith(_BESIDE) else [*lines, result]
    lines = [f"## {section.heading}", *lines]
    notes = [section.parts[i] for i in texts if i not in shown]
    return _plain("\n\n".join(lines)), _plain("\n\n".join(notes))


def _plain(markdown: str) -> str:
    """Markdown without links into the repository, of which slides are no part."""
    return _INNER_LINK.sub(r"\1", markdown)


def _figure(cell: NotebookNode, figures: Path) -> Path | None:
    """The figure that a cell draws or shows, if the report has it."""
    paths = [figures / f"{name}.png" for name in _FIGURE.findall(cell.source)]
    return next((path for path in paths if path.is_file()), None)


def _result(section: Section, place: int, folder: Path, figures: Path) -> str:
    cell = section.parts[place]
    path = _figure(cell, figures)
    if path is None:
        return "\n\n".join([_code(cell.source), *_printed(cell)])
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / "figures")
    before = [part for part in section.parts[:place] if isinstance(part, str)]
    text = notebook_pages.plain(before[-1]) if before else ""
    with Image.open(path) as picture:
        tall = picture.height > TALL * picture.width
    alt = escape(notebook_pages.alternative_text(section.heading, text))
    return f'{_BESIDE if tall else "<img"} src="figures/{path.name}" alt="{alt}">'


def _code(source: str) -> str:
    lines = source.splitlines()
    more = ["# …"] if len(lines) > MOST_LINES else []
    return "\n".join(["```python", *lines[:MOST_LINES], *more, "```"])


def _printed(cell: NotebookNode) -> list[str]:
    """A cell's first printed text or table, if it has been run."""
    for output in cell.get("outputs", []):
        if html := output.get("data", {}).get("text/html"):
            return [re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL).replace("\n\n", "\n")]
        if text := output.get("text") or output.get("data", {}).get("text/plain"):
            return ["\n".join(["```text", *text.splitlines()[:MOST_LINES], "```"])]
    return []


def session_notebook(session: dict, number: int, executed: Path, folder: Path) -> NotebookNode:
    """Return one session's slides as a notebook of Markdown cells.

    Args:
        session: Its title and sections, from `TABLE`.
        number: Of the session, from 1.
        executed: Folder of executed notebooks; results of those that were run are shown.
        folder: As `slide`.

    Raises:
        DataError: A notebook has no section of a name that the table holds.
    """
    opening = [f"# Session {number}: {session['title']}", "Segmenting the heart"]
    cells = [_cell("slide", "\n\n".join(opening))]
    for name, headings in session["notebooks"].items():
        page = notebook_pages.read(REPOSITORY / "notebooks" / f"{name}.py", executed)
        held = sections(page.notebook)
        for heading in headings:
            if heading not in held:
                raise DataError(f"{TABLE.name}: {name} has no section {heading!r}")
            text, notes = slide(held[heading], folder, REPOSITORY / "reports" / "figures")
            cells.append(_cell("slide", text))
            cells += [_cell("notes", notes)] if notes else []
    metadata = {"title": f"Session {number}: {session['title']}"}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _cell(kind: str, text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}})


def build(folder: Path, executed: Path, packages: Path) -> list[tuple[str, str]]:
    """Write ``session1.html`` and so on, which need nothing but what lies beside them.

    Args:
        folder: Where to.
        executed: Folder of executed notebooks.
        packages: Folder of `tools.book.vendor.fetch`.

    Returns:
        For each session its file's name and its title.
    """
    shutil.rmtree(folder, ignore_errors=True)
    vendor.copy(packages, "reveal.js", folder / "reveal")
    (folder / "reveal" / "dist" / "theme").mkdir()
    shutil.copy(FRAME / "slides" / "slides.css", folder / "reveal" / "dist" / "theme")
    exporter = SlidesExporter(
        template_name="slides",
        extra_template_basedirs=[str(FRAME)],
        reveal_url_prefix="reveal",
        reveal_theme="slides",
        exclude_anchor_links=True,
    )
    written = []
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))["session"]
    for number, session in enumerate(table, start=1):
        notebook = session_notebook(session, number, executed, folder)
        page, _ = exporter.from_notebook_node(notebook)
        (folder / f"session{number}.html").write_text(page, encoding="utf-8")
        written.append((f"session{number}.html", session["title"]))
    return written
