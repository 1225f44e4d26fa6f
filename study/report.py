"""Rebuild ``reports/`` and the README's table from the stored results: no training.

    python -m study report            tables, figures, README blocks
    python -m study report --check    only say which committed tables cannot be rebuilt

What is stored, and how to compute it anew, is the matter of `study.runner`. Every
figure and table is written with a note that names the jobs it was made from.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

from benchmarks import report as benchmarks
from seglib.datasets import sunnybrook
from seglib.files import REPOSITORY, atomic_write
from seglib.program import program
from study import shipped
from study.sections import SECTIONS, best

REPORTS = REPOSITORY / "reports"


def rebuild_tables(folder: Path) -> None:
    """Write every table that follows from stored results into ``folder/tables``."""
    before = os.environ.get("SEGLIB_REPORTS_DIR")
    os.environ["SEGLIB_REPORTS_DIR"] = str(folder)
    try:
        for section in SECTIONS:
            section.tables()
    finally:
        if before is None:
            del os.environ["SEGLIB_REPORTS_DIR"]
        else:
            os.environ["SEGLIB_REPORTS_DIR"] = before


def differences(rebuilt: Path, committed: Path) -> list[str]:
    """What is wrong with committed tables, compared with those rebuilt: one line each.

    Numbers may differ in the last digits, as they do between processors.
    """
    found = []
    for path in sorted((rebuilt / "tables").glob("*.csv")):
        other = committed / "tables" / path.name
        if not other.is_file():
            found.append(f"{path.name} follows from the stored results but is not there")
            continue
        try:
            pd.testing.assert_frame_equal(pd.read_csv(path), pd.read_csv(other), rtol=1e-6)
        except AssertionError as error:
            found.append(f"{path.name} does not follow from the stored results: {error}")
    return found


def check() -> list[str]:
    """Rebuild all tables aside and compare them with the committed ones."""
    with tempfile.TemporaryDirectory() as folder:
        rebuild_tables(Path(folder))
        found = differences(Path(folder), REPORTS)
    for page, blocks in pages().items():
        text = page.read_text(encoding="utf-8")
        found += [
            f"{page.relative_to(REPOSITORY)}: the block {name} is out of date"
            for name, block in blocks.items()
            if block not in text
        ]
    return found


def pages() -> dict[Path, dict[str, str]]:
    """The pages with blocks made from results: for each block its name and its text."""
    report = {name: text for section in SECTIONS for name, text in section.blocks().items()}
    found = {REPOSITORY / "README.md": best.blocks(), REPORTS / "README.md": report}
    if benchmarks.PAGE.is_file():
        found[benchmarks.PAGE] = benchmarks.blocks()
    return found


def fill(page: Path, blocks: dict[str, str]) -> None:
    """Put each block between its two markers, ``<!-- name -->`` and ``<!-- /name -->``."""
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{block}\n<!-- /{name} -->{after}"
    atomic_write(page, text)


@program("study.report")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args(arguments).check:
        found = check()
        print("\n".join(found) or "every committed table follows from the stored results")
        return 1 if found else 0
    slices = sunnybrook.load(exclude_wrong=False)
    rebuild_tables(REPORTS)
    os.environ["SEGLIB_REPORTS_DIR"] = str(REPORTS)
    for section in SECTIONS:
        section.figures(slices)
        plt.close("all")  # they are files now
        print(f"{section.__name__.rpartition('.')[2]} done", flush=True)
    benchmarks.figures()
    for model in shipped.SHIPPED:
        shipped.write_card(model)
    for page, blocks in pages().items():
        fill(page, blocks)
    print(best.blocks()["results"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
