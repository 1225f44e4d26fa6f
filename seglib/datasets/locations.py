"""Where data sets are looked for on this computer."""

from __future__ import annotations

import os
from pathlib import Path

from seglib.errors import DataError
from seglib.files import REPOSITORY

#: The environment variable that names a folder with data sets in it.
VARIABLE = "SEGLIB_DATA_DIR"


def candidate_folders(name: str) -> list[Path]:
    """The folders where the data set may lie, in the order they are tried.

    Args:
        name: The data set's folder name, e.g. ``"sunnybrook"``.

    Returns:
        ``$SEGLIB_DATA_DIR/name`` where the variable is set, then ``data/raw/name``.

    Raises:
        DataError: The variable is set to something that is not a folder.
    """
    default = REPOSITORY / "data" / "raw" / name
    if not os.environ.get(VARIABLE):
        return [default]
    folder = Path(os.environ[VARIABLE])
    if not folder.is_dir():
        raise DataError(
            f"{VARIABLE} is set to {folder}, which is not a folder; correct or unset it"
        )
    return [folder / name, default]


def find_folder(name: str) -> Path | None:
    """The first candidate folder that exists, or None."""
    return next((folder for folder in candidate_folders(name) if folder.exists()), None)


def require_folder(name: str, given: str | Path | None) -> Path:
    """The folder that the user gave, or else the one that is found.

    Raises:
        DataError: There is no such folder; the message lists where it was looked for.
    """
    if given is not None:
        folder = Path(given)
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
        return folder
    folder = find_folder(name)
    if folder is None:
        places = ", ".join(str(place) for place in candidate_folders(name))
        raise DataError(
            f"no {name} folder found (looked at {places}); set {VARIABLE} to the folder that "
            f"holds {name}/, or see data/README.md for how to get it"
        )
    return folder


#: A folder with this file holds simulated data, and is named so wherever it is loaded.
PHANTOM_MARK = "PHANTOM.txt"


def is_phantom(root: Path) -> bool:
    """Whether a phantom module has written this folder."""
    return (root / PHANTOM_MARK).is_file()
