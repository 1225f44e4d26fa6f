"""What jobs leave: their tables, masks and manifests. No backend, no data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seglib.datasets.sunnybrook import CHALLENGE_PARTS
from seglib.errors import SeglibError
from seglib.files import REPOSITORY, atomic_write

if TYPE_CHECKING:
    from IPython.display import Image

#: What stored tables call the parts of a data set, from before they had one name each.
OLD_PARTS = {**CHALLENGE_PARTS, "validate": "validation"}

#: The committed results.
STORED = REPOSITORY / "reports" / "runs"


def stored_names(
    experiment: str, variants: Sequence[str] | None = None, stored: Path = STORED
) -> list[str]:
    """The names of an experiment's stored jobs, sorted: what a figure made of them cites.

    Args:
        experiment: Its name.
        variants: Some of its variants; None for all.
        stored: Where results are kept.

    Raises:
        SeglibError: Nothing is stored, or a variant has no result.
    """
    found = sorted(path.parent for path in (stored / experiment).glob("*/*/manifest.json"))
    if variants is not None:
        found = [path for path in found if path.parent.name in variants]
    missing = set(variants or [experiment]) - {path.parent.name for path in found}
    if not found or (variants is not None and missing):
        raise SeglibError(
            f"no stored result of {', '.join(sorted(missing))}; run: python -m study "
            f"run {experiment}"
        )
    return [path.relative_to(stored).as_posix() for path in found]


def read_results(
    experiment: str, table: str, variants: Sequence[str] | None = None, stored: Path = STORED
) -> pd.DataFrame:
    """One stored table of an experiment's jobs, with columns ``variant``, ``fold``, ``seed``.

    Args:
        experiment: Its name.
        table: ``"per_case"``, ``"per_slice"`` or ``"history"``.
        variants: Some of its variants; None for all.
        stored: Where results are kept.

    Raises:
        SeglibError: Nothing is stored, or a variant has no result.
    """
    parts = []
    for name in stored_names(experiment, variants, stored):
        manifest = read_manifest(name, stored)
        labels = {key: manifest[key] for key in ("variant", "fold", "seed")}
        parts.append(read_table(name, table, stored).assign(**labels))
    return pd.concat(parts, ignore_index=True)


def read_compared(experiment: str, reference: str, stored: Path = STORED) -> pd.DataFrame:
    """All scores by case of an experiment whose variants are compared with one of them.

    Args:
        experiment: Its name.
        reference: The variant that the others are compared with.
        stored: Where results are kept.

    Raises:
        SeglibError: Nothing is stored, or not the reference.
    """
    stored_names(experiment, [reference], stored)  # an absent reference gets its own error
    return read_results(experiment, "per_case", stored=stored)


def number_stored(experiment: str, stored: Path = STORED) -> int:
    """How many jobs of an experiment are stored."""
    return sum(1 for _ in (stored / experiment).glob("*/*/manifest.json"))


def read_table(name: str, table: str, stored: Path = STORED) -> pd.DataFrame:
    """One stored table of one job, as `read_results`; names that look like numbers stay text.

    The column ``part`` is in the words of `seglib.slices.PARTS`, whatever was stored.
    """
    names = {"patient": str, "case": str}
    rows = pd.read_csv(stored / name / f"{table}.csv", dtype=names)
    return rows.assign(part=rows["part"].replace(OLD_PARTS)) if "part" in rows else rows


def write_table(folder: Path, name: str, table: pd.DataFrame) -> Path:
    """Write ``NAME.csv`` of one stored job or measurement, as `read_table` reads it.

    Six digits are kept: more would differ between processors.
    """
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return atomic_write(folder / f"{name}.csv", text)


def read_manifest(name: str, stored: Path = STORED) -> dict:
    """The manifest of one stored job."""
    return json.loads((stored / name / "manifest.json").read_text(encoding="utf-8"))


def read_masks(name: str, stored: Path = STORED) -> np.ndarray:
    """The masks one stored job predicted, ``(N, H, W, 1)`` uint8, in the order of its slices.

    Raises:
        SeglibError: The job's masks are not kept beside its tables.
    """
    path = stored / name / "masks.npz"
    if not path.is_file():
        raise SeglibError(f"{name} has no masks.npz; run the job again to have its masks")
    with np.load(path) as packed:
        if "classes" in packed:
            return packed["classes"]
        shape = tuple(packed["shape"])
        return np.unpackbits(packed["bits"], count=int(np.prod(shape))).reshape(shape)


def stored_figure(name: str, alt: str, stored: Path = STORED) -> Image:
    """A figure of the report, for a notebook that would only draw it once more.

    Args:
        name: Its file's name, without the ending.
        alt: What it shows, for a reader who cannot see it.
        stored: Where results are kept; the figures stand beside it.

    Raises:
        SeglibError: There is no such figure.
    """
    from IPython.display import Image

    path = stored.parent / "figures" / f"{name}.png"
    if not path.is_file():
        raise SeglibError(f"the report has no figure {name}; draw its figures: make report")
    return Image(data=path.read_bytes(), width=800, alt=alt)
