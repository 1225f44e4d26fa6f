"""Figures, tables and manifests on disk, each with a note of where it comes from.

Everything is written aside and then renamed, so that a stopped run never leaves half
a file over a good one. Nothing written here names the machine, its user, or an
absolute path.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seglib.datasets.slice_set import SliceSet
from seglib.environment import versions
from seglib.errors import DataError, WriteError
from seglib.splits import Split

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def results_dir() -> Path:
    """The folder that results go to: made on demand, never the committed reports.

    Returns:
        ``$SEGLIB_REPORTS_DIR`` if set; else ``reports/local`` of the checkout this
        library was imported from; else ``reports/local`` under the current folder.
    """
    chosen = os.environ.get("SEGLIB_REPORTS_DIR")
    if chosen:
        return Path(chosen)
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").is_file():
        root = Path.cwd()
    return root / "reports" / "local"


#: What to do if `results_dir` cannot be written to.
CHOOSE_RESULTS = "set SEGLIB_REPORTS_DIR to a folder that can be written to"


def unwritable(path: Path, error: OSError) -> WriteError:
    """What a failed write means for the user.

    Args:
        path: The file or folder.
        error: What the system said.
    """
    inside = path.absolute().is_relative_to(results_dir().absolute())
    remedy = CHOOSE_RESULTS if inside else "make room there, or choose another place"
    return WriteError(f"cannot write {path}: {error.strerror or error}; {remedy}")


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[None]:
    """What the disk refuses while a file or folder is written becomes a message that names it.

    Raises:
        WriteError: An `OSError` was raised within.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(Path(path), error) from error


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it, if missing.

    Raises:
        WriteError: It cannot be made.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def atomic_write(path: str | os.PathLike, content: bytes | str) -> Path:
    r"""Write a file completely or not at all.

    Args:
        path: The file; its folder is made if missing.
        content: Bytes, or text to be written as UTF-8. A byte of a file name that is no
            UTF-8 becomes an escape such as ``\udce9``, which JSON reads back as it was.

    Returns:
        The path.

    Raises:
        WriteError: The folder cannot be made or written to.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                content = content.encode(errors="backslashreplace")
            aside.write_bytes(content)
            os.replace(aside, path)
    finally:
        with contextlib.suppress(OSError):  # after success, or without a folder, it is not there
            aside.unlink()
    return path


def write_manifest(path: str | os.PathLike, values: dict[str, Any]) -> Path:
    """Write a dictionary as indented JSON; NumPy values become plain ones, NaN null."""
    text = json.dumps(_plain(values), indent=2, ensure_ascii=False, allow_nan=False)
    return atomic_write(path, text + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple | set):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


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
    fig: Figure, name: str, *, dataset: str, profile: str, runs: Sequence[str] = ()
) -> Path:
    """Write ``figures/NAME.png`` (150 dpi) and ``figures/NAME.json`` into the results.

    The figure's footer is set to the same data set and profile, so that no picture
    leaves without them.

    Args:
        fig: A matplotlib figure.
        name: File name without folder and ending: letters, digits, ``-``, ``_``, ``.``.
        dataset: Name of the data set shown.
        profile: Profile of the runs shown: ``"smoke"``, ``"quick"`` or ``"full"``.
        runs: Ids of the runs the figure was made from.

    Returns:
        Path of the PNG.

    Raises:
        DataError: The name cannot be a file name, or the folder is not writable.
    """
    from seglib.plotting import label_figure  # here, so that training loads no matplotlib

    label_figure(fig, dataset, profile)
    picture = io.BytesIO()
    fig.savefig(picture, format="png", dpi=150, facecolor="white")
    path = results_dir() / "figures" / f"{_checked(name)}.png"
    return _write_with_note(path, picture.getvalue(), provenance(dataset, profile, runs))


def save_animation(
    frames: np.ndarray, name: str, *, dataset: str, profile: str, runs: Sequence[str] = ()
) -> Path:
    """Write ``figures/NAME.gif``, ``figures/NAME.mp4`` and ``figures/NAME.json``.

    Args:
        frames: ``(F, h, w, 3)`` uint8, from `seglib.animation.render_slices`, which has
            written data set and profile on each.
        name: As in `save_figure`.
        dataset: As in `save_figure`.
        profile: As in `save_figure`.
        runs: As in `save_figure`.

    Returns:
        Path of the GIF.

    Raises:
        DataError: The name cannot be a file name, or the folder is not writable.
    """
    from seglib.animation import write_gif, write_mp4

    path = results_dir() / "figures" / f"{_checked(name)}.gif"
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder) / path.name
        write_gif(frames, aside)
        write_mp4(frames, aside.with_suffix(".mp4"))
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
) -> Path:
    """Write ``tables/NAME.csv`` and ``tables/NAME.json`` into the results.

    Args:
        frame: The table. A named index is written as its first columns.
        name: As in `save_figure`.
        dataset: As in `save_figure`.
        profile: As in `save_figure`.
        runs: As in `save_figure`.
        markdown: Write ``tables/NAME.md`` too.

    Returns:
        Path of the CSV.

    Raises:
        DataError: The name cannot be a file name, or the folder is not writable.
    """
    folder = results_dir() / "tables"
    text = _with_index(frame).to_csv(index=False, lineterminator="\n")
    if markdown:
        atomic_write(folder / f"{_checked(name)}.md", to_markdown(frame))
    path = folder / f"{_checked(name)}.csv"
    return _write_with_note(path, text.encode(), provenance(dataset, profile, runs))


def _write_with_note(path: Path, content: bytes, note: dict[str, Any]) -> Path:
    """Write a result and the note beside it; what comes out as it was keeps its date."""
    beside = path.with_suffix(".json")
    if path.is_file() and beside.is_file() and path.read_bytes() == content:
        before = json.loads(beside.read_text(encoding="utf-8"))
        if {**note, "created": before.get("created")} == before:
            return path
    atomic_write(path, content)
    write_manifest(beside, note)
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


def data_hash(slices: SliceSet) -> str:
    """SHA-256 of a set's content: images, masks, and each slice's case and source.

    Two runs with the same hash saw the same pixels under the same names in the same
    order. Shape and dtype are part of it.
    """
    digest = hashlib.sha256()
    for array in (slices.images, slices.masks):
        digest.update(f"{array.shape} {array.dtype.str}".encode())
        digest.update(np.ascontiguousarray(array))
    names = slices.table[["case", "source"]].astype(str).to_numpy().tolist()
    digest.update(json.dumps(names).encode())
    return digest.hexdigest()


def split_hash(split: Split) -> str:
    """SHA-256 of who trains, validates and tests; order and the split's name play no part."""
    parts = [sorted(part) for part in (split.train, split.validation, split.test)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
