"""A whole `SliceSet` in one file, to carry to another machine or to keep for the next start.

A packed file holds images and is derived data: it is never committed.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.errors import DataError
from seglib.files import written_aside
from seglib.slices import SliceSet

#: What the zip archive in a file that is damaged, or no such file, may raise.
_UNREADABLE = (
    KeyError,
    TypeError,
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def save(slices: SliceSet, path: str | Path, *, compress: bool = True) -> None:
    """Write a set as one ``.npz`` file: pixels, table and class names.

    Args:
        slices: Any set, of which the table holds numbers, words and truth values.
        path: The file, written aside and renamed; its folder is made if missing.
        compress: Make it small, which takes much longer than to write and to read it.
    """
    columns = {
        name: {"dtype": str(column.dtype), "values": column.tolist()}
        for name, column in slices.table.items()
    }
    with written_aside(path) as aside, aside.open("wb") as stream:
        (np.savez_compressed if compress else np.savez)(
            stream,
            images=slices.images,
            masks=slices.masks,
            table=json.dumps(columns),
            name=slices.name,
            class_names=np.array(slices.class_names),
        )


def load(path: str | Path) -> SliceSet:
    """Read a file of `save`: the same set, number types of the table included.

    Raises:
        DataError: The file is absent, damaged, or not one of these.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            # NumPy checks the sums of what it reads only: not if a damaged shape is too small.
            if (damaged := archive.testzip()) is not None:
                raise ValueError(f"{damaged} has another checksum")
        with np.load(path) as packed:
            columns = json.loads(str(packed["table"]))
            return SliceSet(
                name=str(packed["name"]),
                images=packed["images"],
                masks=packed["masks"],
                table=pd.DataFrame(
                    {name: pd.Series(c["values"], dtype=c["dtype"]) for name, c in columns.items()}
                ),
                class_names=tuple(str(name) for name in packed["class_names"]),
            )
    except _UNREADABLE as error:
        raise DataError(f"{path} is not a packed slice set, or damaged: {error}") from error
