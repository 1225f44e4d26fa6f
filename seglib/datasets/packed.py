"""A whole `SliceSet` in one compressed file, to carry to another machine.

A packed file holds images and is derived data: it is never committed.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.slice_set import SliceSet
from seglib.errors import DataError


def save(slices: SliceSet, path: str | Path) -> None:
    """Write a set as one ``.npz`` file: pixels, table and class names.

    Args:
        slices: Any set.
        path: The file; its folder must exist.
    """
    with open(path, "wb") as stream:
        np.savez_compressed(
            stream,
            images=slices.images,
            masks=slices.masks,
            table=slices.table.to_json(orient="split", double_precision=15),
            name=slices.name,
            class_names=np.array(slices.class_names),
        )


def load(path: str | Path) -> SliceSet:
    """Read a file of `save`.

    Raises:
        DataError: The file is absent, or not one of these.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with np.load(path) as packed:
            table = pd.read_json(io.StringIO(str(packed["table"])), orient="split", dtype=False)
            return SliceSet(
                name=str(packed["name"]),
                images=packed["images"],
                masks=packed["masks"],
                table=table,
                class_names=tuple(str(name) for name in packed["class_names"]),
            )
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a packed slice set: {error}") from error
