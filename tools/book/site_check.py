"""Look through a built site: do its links lead somewhere, and does it need a network?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

#: What a browser fetches by itself, by tag and attribute. A link that a reader may follow is not.
FETCHED = {
    ("audio", "src"), ("embed", "src"), ("iframe", "src"), ("img", "src"), ("img", "srcset"),
    ("input", "src"), ("link", "href"), ("object", "data"), ("script", "src"), ("source", "src"),
    ("source", "srcset"), ("track", "src"), ("video", "poster"), ("video", "src"),
}  # fmt: skip
_ELSEWHERE = re.compile(r"(https?:)?//")
_IN_CSS = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")
_IN_SCRIPT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](https?://[^"']+)""")


@dataclass
class _Page(HTMLParser):
    """What one page holds that others may name, and what it names itself."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img" and not values.get("alt"):
            self.without_alt.append(values.get("src", "")[:80])
        for name, value in values.items():
            if (tag, name) in FETCHED and not _only_named(tag, values):
                self.fetched.append(value)


def _only_named(tag: str, values: dict[str, str]) -> bool:
    """Whether a ``<link>`` says where something is, but makes no browser fetch it."""
    named = {"author", "canonical", "help", "index", "license", "next", "prev", "search"}
    return tag == "link" and bool(named & set(values.get("rel", "").split()))


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def faults(site: Path) -> list[str]:
    """Return what is wrong with a site, one line each: empty where it is whole.

    A link or an anchor that leads nowhere within the site; a script, style, font or picture that
    comes from elsewhere; a picture without an alternative text.
    """
    _read.cache_clear()
    found = []
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.parts:
            continue  # fragments of the theme's
        page, name = _read(path), path.relative_to(site).as_posix()
        found += [f"{name}: leads nowhere: {link}" for link in page.links if _broken(link, path)]
        for target in page.fetched:
            if _ELSEWHERE.match(target):
                found.append(f"{name}: comes from elsewhere: {target}")
            elif _broken(target, path):
                found.append(f"{name}: is missing: {target[:80]}")
        found += [f"{name}: without alternative text: {src}" for src in page.without_alt]
        found += _styles(name, "\n".join(re.findall(r"<style.*?</style>", _text(path), re.DOTALL)))
    for path in sorted(site.rglob("*.css")):
        found += _styles(path.relative_to(site).as_posix(), _text(path))
    for path in sorted([*site.rglob("*.mjs"), *site.rglob("*.js")]):
        found += [
            f"{path.relative_to(site).as_posix()}: imports from elsewhere: {url}"
            for url in _IN_SCRIPT.findall(_text(path))
        ]
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _styles(name: str, css: str) -> list[str]:
    return [f"{name}: comes from elsewhere: {url}" for url in _IN_CSS.findall(css)]


def _broken(link: str, page: Path) -> bool:
    """Whether a link within the site leads to no file, or to none of the file's anchors."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
        return False
    name, _, anchor = link.partition("#")
    target = page.parent / unquote(name.partition("?")[0]) if name else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return True
    known = target.suffix != ".html" or not anchor or anchor == "top"
    return not known and unquote(anchor) not in _read(target).anchors
