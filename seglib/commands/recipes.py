"""`python -m seglib recipes`: what can be trained."""

from __future__ import annotations

from seglib.recipes.recipe import all_recipes


def recipes() -> None:
    """Print every recipe in one line."""
    rows = [("name", "architecture", "filters", "loss", "optimiser", "epochs", "source")]
    rows += [
        (r.name, r.architecture, str(r.filters), r.loss, r.optimizer, str(r.epochs), r.source)
        for r in all_recipes().values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
