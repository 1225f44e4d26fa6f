"""What several questions need for the report."""

from __future__ import annotations

import pandas as pd

from seglib import reporting
from seglib.datasets.sunnybrook import CHALLENGE_PARTS
from seglib.evaluation.tables import summarise
from study import results

#: What a training was, in words: by its experiment, or by what measured its masks.
TRAINED = {
    "literature": "15 patients train, 29 are tested",
    "best": "16 filters, 5 folds",
    "comparison": "8 filters, 12 epochs, 5 folds",
    "audit": "5 folds of all 45 patients",
    "memorised": "system 1 at its size",
    "judge": "15 patients train, 29 are tested",
    "outside": "whole stacks, committed model",
    "uncertainty": "8 filters, 12 epochs, 5 folds",
}

SHOWN = ["dice", "jaccard", "precision", "recall", "surface_dice", "hd95", "assd"]


def labels(experiment: str, variants: list[str] | None = None) -> dict:
    """What a figure or table of an experiment is labelled with, and the jobs it cites."""
    return _cites(experiment, results.stored_names(experiment, variants))


def measured_labels(measured: str) -> dict:
    """The same for what a command of the study has measured of stored jobs, e.g. ``"judge"``."""
    return _cites(measured, results.read_manifest(measured)["jobs"])


def _cites(what: str, runs: list[str]) -> dict:
    return {"dataset": "Sunnybrook", "profile": TRAINED[what], "runs": runs}


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


def short_table(table: pd.DataFrame, *columns: str) -> str:
    """A Markdown table without what is the same in all its rows: that stands in a line below.

    Args:
        table: What to show.
        *columns: Those that may move; the others stay.
    """
    there = {name: table[name][table[name] != ""] for name in columns if name in table}
    same = {name: values.iloc[0] for name, values in there.items() if values.nunique() == 1}
    text = reporting.to_markdown(table.drop(columns=list(same))).strip()
    said = "; ".join(f"{name} {value}" for name, value in same.items())
    return f"{text}\n\nIn all rows: {said}." if same else text


def not_yet(experiment: str, stored: int, wanted: int, meanwhile: str) -> str:
    """What stands in place of an experiment's results until all its jobs are stored."""
    there = f"{stored} of {wanted} jobs are stored (`python -m study run {experiment}`)"
    return f"{there}; until all are, {meanwhile}."


#: With fewer patients than this, tables say which p-value they could reach at best.
FEW = 20


def against_reference(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns that say what a row has over the one that all are compared with.

    Args:
        table: With ``difference``, ``low``, ``high``, ``n``, ``p_holm``, ``p_smallest`` and
            ``verdict``, as `seglib.evaluation.compare_paired` gives them; NaN for the row
            that the others are compared with.
    """
    columns = {
        "difference": with_interval(table, "difference", form="+.3f"),
        "p (Holm)": [reporting.p_value(p) for p in table["p_holm"]],
    }
    if table["n"].min() < FEW:
        columns["smallest p"] = [reporting.p_value(p) for p in table["p_smallest"]]
    return columns | {"verdict": table["verdict"].fillna("").tolist()}


def summarise_groups(per_case: pd.DataFrame) -> pd.DataFrame:
    """Scores of all patients, and of each part of the test set; or of each class.

    Args:
        per_case: From `seglib.evaluation.score_cases`, with a column ``part`` for a test set
            of several parts, which are called what the challenge calls them; or of several
            classes.

    Returns:
        Index ``patients`` (or ``class``) and ``metric``, columns of `summarise`.
    """
    if per_case["class"].nunique() > 1:
        return summarise(per_case)
    groups = {"all": per_case}
    if "part" in per_case and per_case["part"].nunique() > 1:
        groups |= {
            name: per_case[per_case["part"] == part]
            for name, part in CHALLENGE_PARTS.items()
            if (per_case["part"] == part).any()
        }
    tables = {name: summarise(rows) for name, rows in groups.items()}
    return pd.concat(tables, names=["patients"])


def groups_table(summary: pd.DataFrame) -> str:
    """The summary as a Markdown table: mean [95 % interval] of each shown metric."""
    name = summary.index.names[0]
    rows = {}
    for group in summary.index.get_level_values(0).unique():
        part = summary.loc[group]
        rows[group] = {
            "number": int(part.loc["dice", "n"]),
            **{
                f"{metric} ({unit})" if (unit := part.loc[metric, "unit"]) else metric: (
                    "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**part.loc[metric])
                )
                for metric in SHOWN
            },
            # These have no distance.
            "volumes with one mask missing": int(
                part.loc["dice", ["missed", "false_positive"]].sum()
            ),
        }
    title = "test patients" if name == "patients" else name
    table = pd.DataFrame(rows).T.rename_axis(title).reset_index()
    return reporting.to_markdown(table).strip()
