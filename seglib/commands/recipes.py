"""`python -m seglib recipes`: what can be trained."""

from __future__ import annotations

import argparse

HELP = """\
List the recipes: what each trains, how, and where it comes from.

example:
  python -m seglib recipes"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def recipes() -> None:
    """Print every recipe in one line."""
    from seglib.recipes.recipe import all_recipes

    rows = [("name", "architecture", "filters", "loss", "optimiser", "epochs", "source")]
    rows += [
        (r.name, r.architecture, str(r.filters), r.loss, r.optimizer, str(r.epochs), r.source)
        for r in all_recipes().values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
