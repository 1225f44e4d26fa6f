"""Rebuild ``reports/`` and the README's table from the stored results: no training.

    python -m tools.report            tables, figures, README blocks
    python -m tools.report --check    only say which committed tables cannot be rebuilt

What is stored, and how to compute it anew, is the matter of `tools.experiments`. Every
figure and table is written with a note that names the jobs it was made from.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from seglib import comparison, results
from seglib.datasets import sunnybrook
from seglib.reporting import atomic_write
from seglib.waterfall import waterfall_table
from tools import model_card, report_parts
from tools.report_parts import (
    best_summary,
    folds_table,
    results_table,
    steps_table,
    suspects_table,
)

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "reports"
MODEL = REPORTS / "models" / "sunnybrook.keras"
#: The job that trained it.
MODEL_JOB = "literature/lv_best/literature-seed0"


def rebuild_tables(folder: Path) -> None:
    """Write every table that follows from stored results into ``folder/tables``."""
    before = os.environ.get("SEGLIB_REPORTS_DIR")
    os.environ["SEGLIB_REPORTS_DIR"] = str(folder)
    try:
        for make in report_parts.TABLES:
            make()
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
            f"{page.relative_to(ROOT)}: the block {name} is out of date"
            for name, block in blocks.items()
            if block not in text
        ]
    return found


def pages() -> dict[Path, dict[str, str]]:
    """The pages with blocks made from results: for each block its name and its text."""
    best = results_table(best_summary())
    compared = comparison.compare_variants(results.read_results("comparison", "per_case"))
    return {
        ROOT / "README.md": {"results": best},
        REPORTS / "README.md": {
            "results": best,
            "waterfall": steps_table(waterfall_table()),
            "folds": folds_table(compared),
            "suspects": suspects_table(),
            "calibration": markdown("calibration"),
            "doubt": markdown("doubt"),
        },
    }


def markdown(name: str) -> str:
    """A table that has been written as Markdown."""
    return (REPORTS / "tables" / f"{name}.md").read_text(encoding="utf-8").strip()


def fill(page: Path, blocks: dict[str, str]) -> None:
    """Put each block between its two markers, ``<!-- name -->`` and ``<!-- /name -->``."""
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{block}\n<!-- /{name} -->{after}"
    atomic_write(page, text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args(arguments).check:
        found = check()
        print("\n".join(found) or "every committed table follows from the stored results")
        return 1 if found else 0
    slices = sunnybrook.load(exclude_wrong=False)
    rebuild_tables(REPORTS)
    os.environ["SEGLIB_REPORTS_DIR"] = str(REPORTS)
    for make in report_parts.FIGURES:
        make(slices)
        print(f"{make.__name__} done", flush=True)
    summary = best_summary()
    model_card.write(MODEL, MODEL_JOB, results_table(summary), summary)
    for page, blocks in pages().items():
        fill(page, blocks)
    print(results_table(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
