"""Run the notebooks in `quick` on the real data and keep what they show in ``reports/``.

    python -m study collect

Their figures and tables come from networks trained for minutes: what a reader of the
notebooks sees, beside the stored experiments that the report is made of.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from seglib.datasets import SOURCES
from seglib.program import program
from study import notebook_runner
from study.report import REPORTS
from study.results import STORED

SOURCE = REPORTS / "local" / "quick"

#: Sets whose agreement lets no result that may show a picture leave this computer.
KEPT_BACK = {source.title for source in SOURCES.values() if not source.may_be_shown}


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks, copy their results, and drop runs that nothing cites any more.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m study collect", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.parse_args(arguments)
    for kind in ("figures", "tables", "runs"):  # nothing, and no time, from an earlier run
        shutil.rmtree(SOURCE / kind, ignore_errors=True)
    alone = ["--workers", "1", "--again"]  # so that each one's time is its own
    if notebook_runner.main(["--profile", "quick", "--dataset", "sunnybrook", *alone]) != 0:
        print("the notebooks did not run to their end; nothing was collected", file=sys.stderr)
        return 1
    shutil.copyfile(SOURCE / "durations.json", REPORTS / "durations.json")
    for kind in ("figures", "tables"):
        for path in sorted((SOURCE / kind).iterdir()):
            note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            if note["dataset"] not in KEPT_BACK:
                shutil.copyfile(path, REPORTS / kind / path.name)
    for name in cited_runs(SOURCE):
        store_run(SOURCE / "runs" / name)
    drop_uncited_runs()
    return 0


def cited_runs(results: Path) -> set[str]:
    """The runs of notebooks that the figures and tables of a results folder name."""
    notes = [*(results / "figures").glob("*.json"), *(results / "tables").glob("*.json")]
    cited = {run for note in notes for run in json.loads(note.read_text(encoding="utf-8"))["runs"]}
    return {run for run in cited if "/" not in run}  # the names of stored jobs have slashes


def store_run(path: Path) -> None:
    """Copy a run's manifest and history, without its weights, to the stored runs."""
    target = STORED / path.name
    target.mkdir(parents=True, exist_ok=True)
    for name in ("manifest.json", "history.csv"):
        shutil.copyfile(path / name, target / name)


def drop_uncited_runs() -> None:
    """Remove the stored runs of notebooks that no figure or table names any more."""
    cited = cited_runs(REPORTS)
    for manifest in STORED.glob("*/manifest.json"):
        name = json.loads(manifest.read_text(encoding="utf-8")).get("run")
        if name == manifest.parent.name and name not in cited:
            shutil.rmtree(manifest.parent)


if __name__ == "__main__":
    sys.exit(main())
