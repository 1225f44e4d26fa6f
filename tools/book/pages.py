"""Gather the book's pages: the repository's own, at the same paths, so that links stay short."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat

from seglib.files import REPOSITORY
from study.notebook_files import NOTEBOOKS
from tools.book import notebook_pages
from tools.book.links import RENAMED, rewritten

FRAME = REPOSITORY / "docs" / "book"
#: The Markdown pages of the book, as patterns from the top folder. `FRAME` is not among them.
MARKDOWN = (
    "README.md",
    "CONTRIBUTING.md",
    "data/README.md",
    "docs/*.md",
    "reports/*.md",
    "reports/benchmarks/*.md",
    "reports/models/*.md",
    "seglib/README.md",
)
#: Pages that stand in the contents, but in no file of the repository.
MADE = ("slides", "heart")


def gather(source: Path, executed: Path, more: tuple[str, ...] = ()) -> dict[str, str]:
    """Write what Sphinx turns into pages.

    Args:
        source: Folder to fill; emptied first.
        executed: Folder of executed notebooks.
        more: Those of `MADE` that will be added.

    Returns:
        For each notebook whether it was ``"run"``, is ``"older"`` or ``"missing"``.
    """
    shutil.rmtree(source, ignore_errors=True)
    scripts = sorted(NOTEBOOKS.glob("[0-9]*.py"))
    markdown = sorted(path for pattern in MARKDOWN for path in REPOSITORY.glob(pattern))
    pages = {path.relative_to(REPOSITORY).as_posix() for path in markdown}
    pages |= {f"notebooks/{script.stem}.ipynb" for script in scripts}
    pictures: set[str] = set()

    def links(page: str, text: str) -> str:
        text, shown = rewritten(text, page, REPOSITORY, pages)
        pictures.update(shown)
        return text

    for path in markdown:
        page = path.relative_to(REPOSITORY).as_posix()
        _write(source / RENAMED.get(page, page), links(page, path.read_text(encoding="utf-8")))
    states = _notebooks(source, scripts, executed, links)
    for picture in pictures:
        if (REPOSITORY / picture).is_file():
            (source / picture).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / picture, source / picture)
    contents = (FRAME / "contents.md").read_text(encoding="utf-8").splitlines()
    contents = [line for line in contents if line in more or line not in MADE]
    with (source / "index.md").open("a", encoding="utf-8") as index:
        index.write("\n" + "\n".join(contents) + "\n")
    shutil.copy(FRAME / "conf.py", source)
    return states


def _notebooks(
    source: Path, scripts: list[Path], executed: Path, links: Callable[[str, str], str]
) -> dict[str, str]:
    states = {}
    for script in scripts:
        page = notebook_pages.read(script, executed)
        name = f"notebooks/{script.stem}.ipynb"
        notebook = notebook_pages.prepare(page, partial(links, name))
        _write(source / name, nbformat.writes(notebook))
        states[script.stem] = page.state
    return states


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
