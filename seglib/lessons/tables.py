"""Tables as a reader wants them: names in words, counts as counts, nothing cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
from tabulate import tabulate

from seglib.plotting.style import METRIC_NAMES
from seglib.recipes.recipe import brief
from seglib.reporting import p_value

#: What stands where there is no value.
MISSING = "–"
#: How every table spells its columns. A name that is not here loses its underscores; one in
#: ``_low``, ``_high`` or ``_sd`` is spelt like the name before it.
NAMES = METRIC_NAMES | {
    "low": "95 % from",
    "high": "95 % to",
    "sd": "SD",
    "n": "patients",
    "missed": "cases missed",
    "false_positive": "cases with a false alarm",
    "p_holm": "p (Holm)",
    "p_smallest": "smallest p possible",
    "p_equivalent": "p of equivalence",
    "p_holm_at_size": "p (Holm), at like size",
    "rho_at_size": "rho at like size",
    "low_at_size": "95 % from, at like size",
    "high_at_size": "95 % to, at like size",
    "by_seed": "Dice of each run",
    "seed_sd": "SD of the runs",
    "reference_seeds": "seeds of the reference",
    "minutes": "minutes of training",
    "part_a": "first",
    "part_b": "second",
    "ece": "calibration error (ECE)",
    "mce": "largest error (MCE)",
    "brier": "Brier score",
    "entropy_single": "entropy of one network",
    "ef_truth": "EF, expert (%)",
    "ef_predicted": "EF, network (%)",
    "error": "error (points)",
    "atlas_ef": "EF, atlas (%)",
    "ed_px_per_ml": "pixels per ml at ED",
    "es_px_per_ml": "pixels per ml at ES",
    "mae": "mean absolute error",
    "area_ratio": "area, network / expert",
    "random_high": "random, 95 % to",
    "empty_left_out": "empty pairs left out",
    "empty_is_one": "empty pair counts as 1",
}
#: Counts, shown as such where all of them are 0 or 1 too.
COUNTS = {"n", "missed", "false_positive", "patients", "slices", "seeds", "reference_seeds"}
#: Columns that the column ``unit`` is the unit of.
DISTANCES = ("hd95", "assd")
#: Decimals of the columns that are not shown with 3.
DECIMALS = {"hd95": 2, "assd": 2, "minutes": 1}
_INTERVALS = {"_low": "95 % from", "_high": "95 % to", "_sd": "SD"}


def in_words(name: object, unit: str = "") -> str:
    """How a table spells a column or a row.

    Args:
        name: As the library calls it; a tuple is the name under several headings.
        unit: Added in brackets.
    """
    if name is None:
        return ""
    if isinstance(name, tuple):
        *above, last = [in_words(part) for part in name]
        return f"{last} ({', '.join(above)})" if above else last
    name = str(name)
    if unit:
        return f"{in_words(name)} ({unit})"
    if name in NAMES:
        return NAMES[name]
    for ending, words in _INTERVALS.items():
        if name.endswith(ending):
            return f"{in_words(name.removesuffix(ending))}, {words}"
    return name.replace("_", " ")


@dataclass(frozen=True)
class Table:
    """A table that a notebook shows as HTML and a terminal as text.

    Attributes:
        headers: Of the columns, in words.
        rows: The cells as text.
        numbers: For each column whether it stands to the right, as numbers do.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[bool]

    def _written(self, form: str) -> str:
        sides = ["right" if numbers else "left" for numbers in self.numbers]
        aligned = {"colalign": sides} if self.rows else {}
        return tabulate(self.rows, self.headers, form, disable_numparse=True, **aligned)

    def __repr__(self) -> str:
        return self._written("simple")

    def _repr_html_(self) -> str:
        html = self._written("html").replace("<table>", '<table class="dataframe">')
        for cell in ("td", "th"):  # JupyterLab puts what says nothing to the right
            html = html.replace(f"<{cell}>", f'<{cell} style="text-align: left;">')
        return html


def show_table(
    frame: pd.DataFrame | pd.Series, decimals: int | Mapping[str, int] = DECIMALS
) -> Table:
    """A table to read: the value of a cell that ends in it is shown.

    Columns and rows are named in words, with their unit; p-values are cut at "< 0.001"; whole
    numbers are counts; what is missing is a dash; text stands to the left and is never cut.

    Args:
        frame: A table, or a series as a table of one column. Its index becomes the first
            columns, unless it only numbers the rows. A column ``unit`` goes into the headings,
            or the rows' names, of what it is the unit of.
        decimals: Of numbers that are not whole; or by column, as the library calls it, and 3 for
            the others. A number that they would spoil is shown with its first two digits, unless
            it stands in a column of larger ones.
    """
    frame = frame.to_frame() if isinstance(frame, pd.Series) else frame
    frame, unit, units = _without_unit(frame)
    headers, columns, numbers = [], [], []
    for name, values in _index_columns(frame):
        pairs = zip(values, units, strict=True)
        columns.append([_row_name(value, of_row) for value, of_row in pairs])
        headers.append(in_words(name))
        numbers.append(pd.api.types.is_numeric_dtype(values.dtype))
    for place, name in enumerate(frame.columns):
        values = frame.iloc[:, place]
        raw = name[-1] if isinstance(name, tuple) else name
        places = decimals if isinstance(decimals, int) else decimals.get(raw, 3)
        columns.append(_cells(str(raw), values, places))
        headers.append(in_words(name, unit if raw in DISTANCES else ""))
        filled = [value for value in values if not _is_missing(value)]
        numbers.append(bool(filled) and all(_is_number(value) for value in filled))
    return Table(headers, [list(row) for row in zip(*columns, strict=True)], numbers)


def _without_unit(frame: pd.DataFrame) -> tuple[pd.DataFrame, str, list[str]]:
    """The frame without its column of units if that has another place: all columns', or a row's."""
    none = [""] * len(frame)
    if "unit" not in frame:
        return frame, "", none
    units = frame["unit"].fillna("").astype(str).tolist()
    if "metric" in frame.index.names:
        return frame.drop(columns="unit"), "", units
    if len(set(units)) == 1 and any(name in frame for name in DISTANCES):
        return frame.drop(columns="unit"), units[0], none
    return frame, "", none


def _index_columns(frame: pd.DataFrame) -> list[tuple[object, pd.Index]]:
    """Heading and values of each level of the index; none where it only numbers the rows."""
    index = frame.index
    if isinstance(index, pd.RangeIndex) and index.name is None:
        return []
    levels = [(name, index.get_level_values(i)) for i, name in enumerate(index.names)]
    if len(levels) == 1 and levels[0][0] is None and frame.columns.nlevels == 1:
        return [(frame.columns.name, levels[0][1])]  # of a table that was turned
    return levels


def _row_name(value: object, unit: str) -> str:
    """A row's name: words for those that stand in `NAMES`, all others as they are."""
    if value in NAMES:
        return in_words(value, unit)
    return _cell(value, 3)


def _cells(name: str, values: pd.Series, decimals: int) -> list[str]:
    """The cells of a column as text."""
    if name == "p" or name.startswith("p_"):
        return [p_value(value) or MISSING for value in values]
    floats = [v for v in values if isinstance(v, float | np.floating) and not _is_missing(v)]
    # A score of exactly 1 is no count.
    whole = name in COUNTS or any(abs(v) > 1 for v in floats)
    whole = whole and all(float(v).is_integer() for v in floats)
    sign = "+" if name == "difference" else ""
    if values.dtype == object:  # one kind of value a row
        return [_cell(value, decimals, sign) for value in values]
    if any(abs(v) >= 5 / 10**decimals for v in floats):  # beside these, the smallest are zero
        values = values.round(decimals) + 0.0
    return [_cell(value, decimals, sign, whole=whole) for value in values]


def _cell(value: Any, decimals: int, sign: str = "", *, whole: bool | None = None) -> str:
    """One value as text; where `whole` is None, the value itself says whether it is a count."""
    if isinstance(value, tuple | list | np.ndarray):
        return f"({', '.join(_cell(part, decimals) for part in value)})"
    if _is_missing(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not _is_number(value):
        return brief(value) if is_dataclass(value) else str(value)
    if whole is None:
        whole = float(value).is_integer() and abs(value) > 1
    if whole or isinstance(value, int | np.integer):
        return f"{int(value):{sign},}" if abs(value) >= 10_000 else f"{int(value):{sign}}"
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{decimals}f}"
    if abs(float(text) - value) > max(0.05 * abs(value), 1e-12):
        text = f"{value:.2g}"
    return f"{sign}{text}" if float(text) > 0 else text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _is_missing(value: Any) -> bool:
    if isinstance(value, tuple | list | np.ndarray):
        return False
    return value is None or value is pd.NaT or value == "" or bool(pd.isna(value))
