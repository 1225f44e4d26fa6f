"""What several sections of the report need."""

from __future__ import annotations

import pandas as pd

from seglib import results


def labels(experiment: str, variants: list[str] | None = None) -> dict:
    """What a figure or table of an experiment is labelled with, and the jobs it cites."""
    names = results.stored_names(experiment, variants)
    return {"dataset": "Sunnybrook", "profile": "stored runs", "runs": names}


def with_interval(
    table: pd.DataFrame,
    value: str = "dice",
    low: str = "low",
    high: str = "high",
    form: str = ".3f",
) -> list[str]:
    """``0.933 [0.923, 0.942]`` of each row; the value alone where there is no interval."""

    def cell(row: pd.Series) -> str:
        if pd.isna(row[value]):
            return ""
        limits = "" if pd.isna(row[low]) else f" [{row[low]:{form}}, {row[high]:{form}}]"
        return f"{row[value]:{form}}{limits}"

    return [cell(row) for _, row in table.iterrows()]


def small(p: float) -> str:
    """A p-value to three decimals; empty where there is none."""
    return "" if pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
