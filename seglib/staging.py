"""A folder of results that appears complete or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seglib.errors import DataError


@contextmanager
def staged_folder(output: Path) -> Iterator[Path]:
    """Give an empty folder to write into; its files reach `output` only at the end.

    If the block raises, whatever was written is removed, and `output` is as it was: not
    made if it was not there. Files of the same names are replaced; others stay.

    Args:
        output: The folder that the results shall be in.

    Yields:
        The empty folder.

    Raises:
        DataError: `output` is a file, or cannot be written to.
    """
    # Inside an existing folder, else in the nearest one above it: then both lie on one
    # disk, even where the output is a mounted one, and a rename is enough.
    home = output
    while not home.exists():
        home = home.parent
    if not home.is_dir():
        raise DataError(f"{home}: is a file; name a folder for the results")
    aside = home / f".seglib-{os.getpid()}.part"
    try:
        aside.mkdir()
        yield aside
        targets = {f: output / f.relative_to(aside) for f in aside.rglob("*") if f.is_file()}
        for target in targets.values():
            if target.is_dir():
                raise DataError(f"{target}: is a folder, and a file shall have this name")
        for file, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
    except OSError as error:
        raise DataError(f"cannot write to {output}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
