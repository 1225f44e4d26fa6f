"""Data sets: one module a source, all returning the same `SliceSet`."""

from __future__ import annotations

from importlib import import_module

from seglib.datasets import download, phantom, sunnybrook
from seglib.datasets.locations import find_folder
from seglib.datasets.slice_set import SliceSet
from seglib.errors import DataError

#: Sets that are read from a folder the user brings, see data/README.md.
BROUGHT = ("msd_heart", "oasis", "lgg")
NAMES = (
    "auto",
    "sunnybrook",
    "phantom",
    *BROUGHT,
    "atrium_phantom",
    "brain_phantom",
    "tumour_phantom",
)


def load(name: str = "auto") -> SliceSet:
    """Load a data set by name.

    Args:
        name: ``"sunnybrook"``: from ``$SEGLIB_DATA_DIR/sunnybrook``, else
            ``data/raw/sunnybrook``, else downloaded to there. ``"phantom"``: the built-in
            simulated hearts. ``"auto"``: Sunnybrook, or the phantom where Sunnybrook is
            absent and there is no network; that is said on the console, and the set's
            `name` tells which one it is. ``"msd_heart"``, ``"oasis"`` and ``"lgg"`` are
            looked for as Sunnybrook is, but never downloaded. ``"atrium_phantom"``,
            ``"brain_phantom"`` and ``"tumour_phantom"``: built-in simulations of these.

    Raises:
        DataError: The name is unknown, or the set is there but broken, or (for every
            name but ``"auto"``) it is absent and cannot be downloaded.
    """
    if name not in NAMES:
        raise DataError(f"unknown data set {name!r}; choose from {', '.join(NAMES)}")
    if name in BROUGHT:  # imported when asked for: one of them loads nibabel
        return import_module(f"seglib.datasets.{name}").load()
    if name.endswith("phantom"):
        return import_module(f"seglib.datasets.{name}").make()
    try:
        folder = find_folder("sunnybrook") or download.fetch_sunnybrook()
    except download.NetworkError as error:
        if name == "sunnybrook":
            raise
        print(
            f"Sunnybrook is not on this computer and could not be downloaded.\n  {error}\n"
            "Using the built-in phantom instead: simulated hearts. Its results say nothing about "
            "real images."
        )
        return phantom.make()
    return sunnybrook.load(folder)
