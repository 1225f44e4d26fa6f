"""Pages with blocks that are made from results, each between two markers.

A block stands between ``<!-- name -->`` and ``<!-- /name -->``; all around it is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from seglib.files import atomic_write


def names(page: Path) -> list[str]:
    """The names of the blocks that a page has a place for, in its order."""
    return re.findall(r"^<!-- (\w+) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)


def fill(page: Path, blocks: Mapping[str, str]) -> None:
    """Put each block between its two markers."""
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{block}\n<!-- /{name} -->{after}"
    atomic_write(page, text)


def out_of_date(page: Path, blocks: Mapping[str, str]) -> list[str]:
    """The names of the blocks that a page does not hold as they are now."""
    text = page.read_text(encoding="utf-8")
    return [name for name, block in blocks.items() if block not in text]
