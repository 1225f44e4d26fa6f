"""Links of a page on their way into the book: what is not in it is found in the repository."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from study.notebook_files import HOME

#: The book's first page is the repository's.
RENAMED = {"README.md": "index.md"}
#: A picture that links somewhere, as a badge does: ``[![text](picture)](target)``.
_BADGE = re.compile(r"\[!\[([^\]]*)\]\((https?://[^)\s]+)\)\]\(([^)\s]+)\)")
_LINK = re.compile(r"(!?)(\[[^\]]*\])\(([^)\s]+)\)")


def rewritten(text: str, page: str, top: Path, pages: set[str]) -> tuple[str, set[str]]:
    """Return a page's Markdown with links that hold in the book, and the pictures it shows.

    A link to a page of the book stays; one to any other file of the repository leads to its
    address on the web. A picture on another host becomes its text, for the book fetches nothing.
    A target that does not exist stays as it is: Sphinx then names it.

    Args:
        text: Markdown.
        page: The page's path in the repository, with ``/``.
        top: The repository's top folder.
        pages: Paths of all pages of the book, likewise.

    Returns:
        The text, and the paths of pictures in the repository.
    """
    pictures = set()

    def link(found: re.Match) -> str:
        mark, label, target = found.groups()
        if "://" in target or target.startswith(("#", "mailto:")):
            return found[0]
        name, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), name))
        if mark:
            pictures.add(path)
            return found[0]
        if f"{path}/README.md" in pages:
            path = f"{path}/README.md"
        if path in pages:
            near = posixpath.relpath(RENAMED.get(path, path), posixpath.dirname(page) or ".")
            return f"{label}({near}{'#' if anchor else ''}{anchor})"
        if not (top / path).exists():
            return found[0]
        kind = "tree" if (top / path).is_dir() else "blob"
        return f"{label}({HOME}/{kind}/main/{path}{'#' if anchor else ''}{anchor})"

    return _LINK.sub(link, _BADGE.sub(r"[\1](\3)", text)), pictures
