"""A new folder for a phantom in a real set's layout, marked as simulated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seglib.datasets.locations import PHANTOM_MARK
from seglib.errors import DataError
from seglib.slices import SliceSet
from seglib.staging import staged_folder


@contextmanager
def new_phantom_folder(
    slices: SliceSet, name: str, folder: str | Path, module: str, inside: str = ""
) -> Iterator[Path]:
    """Give an empty folder to write a phantom into; its files reach `folder` only at the end.

    The file ``PHANTOM.txt`` that is left in it says that no patient is shown, and keeps
    the set from passing for the real one where it is loaded.

    Args:
        slices: What is about to be written.
        name: The data set that it must be.
        folder: A new or empty folder.
        module: ``__name__`` of the module that has drawn the phantom.
        inside: The layout's own root in `folder`, e.g. ``"Task02_Heart"``.

    Yields:
        The empty root to write into.

    Raises:
        DataError: `slices` is another set, or the folder holds something or cannot be
            written to.
    """
    folder = Path(folder)
    if slices.name != name:
        raise DataError(f"only the {name} is written, found the data set {slices.name}")
    if folder.is_dir() and any(folder.iterdir()):
        raise DataError(f"{folder}: is not empty; name a new folder, so that no two sets mix")
    with staged_folder(folder) as aside:
        root = aside / inside
        root.mkdir(exist_ok=True)
        yield root
        mark_as_phantom(root, module)


def mark_as_phantom(root: Path, module: str) -> None:
    """Leave the mark that keeps simulated files from passing for real ones.

    Args:
        root: The folder that the simulated files lie in.
        module: ``__name__`` of the module that has drawn them.
    """
    text = f"Simulated data, written by {module}: no patient is shown.\n"
    (root / PHANTOM_MARK).write_text(text, encoding="utf-8")
