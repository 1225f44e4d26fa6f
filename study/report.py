"""Rebuild reports/ and the README's film and blocks from the stored results: no training.

    python -m study report            tables, figures, README blocks
    python -m study report --check    only say which committed tables cannot be rebuilt

`python -m study status` says what is stored, `python -m study run` computes what is not. Every
figure and table is written with a note that names the jobs it was made from.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

from seglib.files import REPOSITORY
from seglib.program import program
from seglib.slices import SliceSet
from study import abstract, course, front_page, pages, questions, shipped
from study.questions import heart

REPORTS = REPOSITORY / "reports"


def rebuild_tables(folder: Path) -> None:
    """Write every table that follows from stored results into ``folder/tables``."""
    for question in questions.modules():
        if hasattr(question, "tables"):
            question.tables(folder)


def draw_figures(slices: SliceSet, folder: Path) -> None:
    """Write every figure that follows from stored results into ``folder/figures``."""
    for question in questions.modules():
        if hasattr(question, "figures"):
            question.figures(slices, folder)
            plt.close("all")  # they are files now
            print(f"{question.__name__.rpartition('.')[2]} done", flush=True)
    front_page.figures(slices, folder)


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
    for page, blocks in blocks_of_pages().items():
        found += [
            f"{page.relative_to(REPOSITORY)}: the block {name} is out of date"
            for name in pages.out_of_date(page, blocks)
        ]
    return found


def blocks_of_pages() -> dict[Path, dict[str, str]]:
    """The pages with blocks made from results: for each block its name and its text.

    Raises:
        ValueError: A block has a place on no page of the report, or on two.
    """
    made = [question.blocks() for question in questions.modules() if hasattr(question, "blocks")]
    report = {name: text for blocks in (abstract.blocks(), *made) for name, text in blocks.items()}
    found = {page: pages.names(page) for page in sorted(REPORTS.glob("*.md"))}
    places = Counter(name for names in found.values() for name in names)
    if wrong := sorted(name for name in report if places[name] != 1):
        raise ValueError(f"blocks that are not on one page of the report: {', '.join(wrong)}")
    shown = {page: {name: report[name] for name in names} for page, names in found.items()}
    beside = {REPOSITORY / "README.md": front_page.blocks(), course.GUIDE: course.blocks()}
    return {**beside, **shown}


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study report", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args(arguments).check:
        found = check()
        print("\n".join(found) or "every committed table follows from the stored results")
        return 1 if found else 0
    slices = heart.load()  # before anything is written: it may be absent
    rebuild_tables(REPORTS)
    draw_figures(slices, REPORTS)
    for model in shipped.SHIPPED:
        shipped.write_card(model)
    made = blocks_of_pages()
    for page, blocks in made.items():
        pages.fill(page, blocks)
    print(made[REPOSITORY / "README.md"]["results"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
