"""Figures, tables and manifests on disk, each with a note of where it comes from.

Everything is written aside and then renamed, so that a stopped run never leaves half
a file over a good one. Nothing written here names the machine, its user, or an
absolute path.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seglib.environment import versions
from seglib.errors import DataError
from seglib.files import atomic_write, results_dir, write_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def provenance(dataset: str, profile: str, runs: Sequence[str] = ()) -> dict[str, Any]:
    """The note beside a figure or table: data set, profile, runs, versions, date (UTC)."""
    return {
        "dataset": dataset,
        "profile": profile,
        "runs": list(runs),
        "versions": versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def save_figure(
    fig: Figure,
    name: str,
    *,
    dataset: str,
    profile: str,
    runs: Sequence[str] = (),
    folder: Path | None = None,
) -> Path:
    """Write ``figures/NAME.png`` (150 dpi) and ``figures/NAME.json`` into the results.

    Data set and profile are written at the figure's foot here, and only here, so that no
    picture leaves without them.

    Args:
        fig: A matplotlib figure.
        name: File name without folder and ending: letters, digits, ``-``, ``_``, ``.``.
        dataset: Name of the data set shown.
        profile: Profile of the runs shown: ``"smoke"``, ``"quick"`` or ``"full"``.
        runs: Ids of the runs the figure was made from.
        folder: Where results go; None for `seglib.files.results_dir`.

    Returns:
        Path of the PNG.

    Raises:
        DataError: The name cannot be a file name, or the folder is not writable.
    """
    from seglib.plotting.style import label_figure  # here, so that training loads no matplotlib

    label_figure(fig, dataset, profile)
    picture = io.BytesIO()
    fig.savefig(picture, format="png", dpi=150, facecolor="white")
    path = (folder or results_dir()) / "figures" / f"{_checked(name)}.png"
    return _write_with_note(path, picture.getvalue(), provenance(dataset, profile, runs))


def save_animation(
    frames: np.ndarray,
    name: str,
    *,
    dataset: str,
    profile: str,
    runs: Sequence[str] = (),
    folder: Path | None = None,
    fps: float | None = None,
    mp4: bool = True,
) -> Path:
    """Write ``figures/NAME.gif``, ``figures/NAME.mp4`` and ``figures/NAME.json``.

    Args:
        frames: ``(F, h, w, 3)`` uint8, from `seglib.plotting.render_slices` or
            `seglib.plotting.render_beat`, which have written data set and profile on each.
        name: As in `save_figure`.
        dataset: As in `save_figure`.
        profile: As in `save_figure`.
        runs: As in `save_figure`.
        folder: As in `save_figure`.
        fps: Frames a second; None for `seglib.plotting.animation.FPS`.
        mp4: Whether to write the MP4 too. It does not repeat, so a beat is a GIF alone.

    Returns:
        Path of the GIF.

    Raises:
        DataError: The name cannot be a file name, or the folder is not writable.
    """
    from seglib.plotting.animation import FPS, write_gif, write_mp4

    path = (folder or results_dir()) / "figures" / f"{_checked(name)}.gif"
    with tempfile.TemporaryDirectory() as temporary:
        aside = Path(temporary) / path.name
        write_gif(frames, aside, fps or FPS)
        if mp4:
            write_mp4(frames, aside.with_suffix(".mp4"), fps or FPS)
            atomic_write(path.with_suffix(".mp4"), aside.with_suffix(".mp4").read_bytes())
        return _write_with_note(path, aside.read_bytes(), provenance(dataset, profile, runs))


def save_table(
    frame: pd.DataFrame,
    name: str,
    *,
    dataset: str,
    profile: str,
    runs: Sequence[str] = (),
    markdown: bool = False,
    folder: Path | None = None,
) -> Path:
    """Write ``tables/NAME.csv`` and ``tables/NAME.json`` into the results.

    Args:
        frame: The table. A named index is written as its first columns.
        name: As in `save_figure`.
        dataset: As in `save_figure`.
        profile: As in `save_figure`.
        runs: As in `save_figure`.
        markdown: Write ``tables/NAME.md`` too.
        folder: As in `save_figure`.

    Returns:
        Path of the CSV.

    Raises:
        DataError: The name cannot be a file name, or the folder is not writable.
    """
    tables = (folder or results_dir()) / "tables"
    text = _with_index(frame).to_csv(index=False, lineterminator="\n")
    if markdown:
        atomic_write(tables / f"{_checked(name)}.md", to_markdown(frame))
    path = tables / f"{_checked(name)}.csv"
    return _write_with_note(path, text.encode(), provenance(dataset, profile, runs))


def _write_with_note(path: Path, content: bytes, note: dict[str, Any]) -> Path:
    """Write a result and the note beside it; what comes out as it was keeps its date."""
    beside = path.with_suffix(".json")
    if path.is_file() and beside.is_file() and path.read_bytes() == content:
        before = json.loads(beside.read_text(encoding="utf-8"))
        if {**note, "created": before.get("created")} == before:
            return path
    atomic_write(path, content)
    write_json(beside, note)
    return path


def _checked(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        raise DataError(
            f"{name!r} cannot name a result: use letters, digits, '-', '_' and '.', "
            "without folder and ending"
        )
    return name


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index() if any(frame.index.names) else frame


def p_value(p: float) -> str:
    """A p-value as every table shows it, to three decimals; empty where there is none."""
    return "" if pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def to_markdown(frame: pd.DataFrame, decimals: int = 3) -> str:
    """A table in GitHub's Markdown.

    Args:
        frame: The table. A named index becomes its first columns.
        decimals: Decimals of the floating-point columns; NaN becomes an empty cell.

    Returns:
        Text with one line per row and a final newline. Numbers stand to the right.
    """
    frame = _with_index(frame)
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]

    def cell(value: Any) -> str:
        if pd.isna(value):
            return ""
        text = f"{value:.{decimals}f}" if isinstance(value, float | np.floating) else str(value)
        return text.replace("|", r"\|").replace("\n", " ")

    rows = [[cell(str(column)) for column in frame.columns]]
    rows.append(["---:" if right else "---" for right in numeric])
    rows += [[cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
