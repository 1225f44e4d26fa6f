"""What benchmarks measured, as it is kept in ``reports/benchmarks/``."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd

from seglib.environment import environment
from seglib.files import REPOSITORY, atomic_write, write_json

#: Where tables are kept, and what they were measured on.
STORED = REPOSITORY / "reports" / "benchmarks"
#: The benchmark that trains whole networks, so it has no contenders and no rounds.
TRAINED = "time_to_dice"


def write(name: str, table: pd.DataFrame, started: datetime, **facts: object) -> None:
    """Keep what a benchmark measured, with the machine it ran on.

    Args:
        name: Of the benchmark.
        table: What it measured.
        started: When.
        **facts: What else its manifest says.
    """
    text = table.to_csv(index=False, float_format="%.6g")
    atomic_write(STORED / f"{name}.csv", text)
    manifest = {
        **facts,
        "started": started.isoformat(timespec="seconds"),
        "environment": environment(),
    }
    write_json(STORED / f"{name}.json", manifest)


def read(name: str) -> tuple[pd.DataFrame, dict]:
    """What a benchmark measured, and its manifest."""
    manifest = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    return pd.read_csv(STORED / f"{name}.csv"), manifest
