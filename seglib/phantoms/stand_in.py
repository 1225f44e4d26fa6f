"""The folder of a set that the user brings, or of the phantom that stands in for it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from seglib.datasets import SOURCES
from seglib.datasets.locations import find_folder, require_folder


def find_or_simulate(name: str, choice: str = "auto") -> Path:
    """The folder to load a set from, so that a lesson runs with and without the real one.

    Args:
        name: ``"msd_heart"``, ``"oasis"`` or ``"lgg"``: the module that shall read it.
        choice: ``"phantom"`` always draws the phantom; the set's own name insists on
            the real one; any other word, ``"auto"`` or another organ's set, takes the
            real one where it is found, else the phantom, and says so.

    Returns:
        A folder in the set's own layout. One that holds a phantom is marked, and the set
        that is loaded from it is named after it; it is drawn anew for each program, which
        removes it when it ends.

    Raises:
        DataError: The real one is asked for and absent.
    """
    source = SOURCES[name]
    if choice == name:
        return require_folder(name, None)
    if choice != "phantom":
        folder = find_folder(name)
        if folder is not None:
            return folder
        way = "data/README.md tells how to get it"
        if source.public:
            way = f"`python -m seglib fetch {name}` downloads it"
        print(
            f"{name} is not on this computer; {way}. Using the "
            "built-in phantom instead: simulated pictures in the same layout. Its results say "
            "nothing about real images."
        )
    module = source.simulator()
    folder = Path(tempfile.mkdtemp(prefix=f"seglib-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    module.write(module.make(), folder)
    return folder
