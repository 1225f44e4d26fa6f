"""Walking through folders, and naming what is found there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from seglib.errors import DataError

#: Endings of pictures and of volumes. Here, for a name tells which reader is needed, and those
#: of volumes and of DICOM take longer to import than a picture takes to be predicted.
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
VOLUME_ENDINGS = (".nii.gz", ".nii")


def files_below(folder: Path) -> list[Path]:
    """All files of a folder and its subfolders; what is hidden does not count.

    Links are followed, to files and to folders. A folder that is met twice (a link to it
    stands beside it, or inside it) would give each file two names, or never end.

    Returns:
        Sorted paths.

    Raises:
        DataError: A folder cannot be read or is met twice, a link leads nowhere, or
            something is neither file nor folder.
    """
    found: list[Path] = []
    met: dict[tuple[int, int], Path] = {}
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            state = path.stat()
            if stat.S_ISREG(state.st_mode):
                found.append(path)
                continue
            if not stat.S_ISDIR(state.st_mode):
                raise DataError(
                    f"{path}: is neither a file nor a folder; take it out of the folder"
                )
            first = met.setdefault((state.st_dev, state.st_ino), path)
            if first is not path:
                raise DataError(
                    f"{path} and {first} are one folder, by a link; remove the link, or its files "
                    "would count twice"
                )
            with os.scandir(path) as entries:
                waiting += [path / entry.name for entry in entries if entry.name[0] != "."]
        except OSError as error:
            broken = path.is_symlink() and not os.path.exists(path)
            what = "is a link that leads nowhere" if broken else "cannot be read"
            raise DataError(
                f"{path}: {what} ({error.strerror}); mend it, or take it out of the folder"
            ) from error
    return sorted(found)


def volume_stem(path: Path) -> str | None:
    """A volume's file name without its ending; None if the ending is not a volume's."""
    lower = path.name.lower()
    return next((path.name[: -len(end)] for end in VOLUME_ENDINGS if lower.endswith(end)), None)


def printable(path: str | Path) -> str:
    """A path or name as it can be printed, its bytes that are not UTF-8 as numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
