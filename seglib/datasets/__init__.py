"""Data sets: one module a source, all returning the same `SliceSet`. `SOURCES` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from seglib.errors import DataError

if TYPE_CHECKING:
    from seglib.slices import SliceSet


@dataclass(frozen=True)
class Source:
    """One data set. Modules are named as text, so that listing sources imports none of them.

    Attributes:
        key: What users call it, and the name of its folder, e.g. ``"msd_heart"``.
        title: `SliceSet.name` of what is read, as figures print it.
        module: Reads it. It has ``load()``; ``cases_from_names()`` if its files' names say who
            the patient is; and ``WRONG_LABELS`` if some patients' labels are known to be wrong.
        phantom: Key of the simulated set that stands in for it, empty if there is none.
        phantom_module: Draws that. It has ``make()``, and ``write()`` if it is read from files.
        may_be_shown: Whether pictures of it may be passed on.
        public: Whether ``python -m seglib fetch KEY`` downloads it.
    """

    key: str
    title: str
    module: str
    phantom: str = ""
    phantom_module: str = ""
    may_be_shown: bool = True
    public: bool = False

    def reader(self) -> ModuleType:
        """The module that reads it, imported."""
        return import_module(self.module)

    def simulator(self) -> ModuleType:
        """The module that draws its phantom, imported.

        Raises:
            DataError: It has no phantom.
        """
        if not self.phantom_module:
            raise DataError(f"{self.key} has no phantom; see data/README.md for how to get it")
        return import_module(self.phantom_module)


#: Every set that is known by name. A new one is a line here and the module that it names.
SOURCES: dict[str, Source] = {
    source.key: source
    for source in (
        Source(
            "sunnybrook",
            "Sunnybrook",
            "seglib.datasets.sunnybrook",
            "phantom",
            "seglib.phantoms.heart",
            public=True,
        ),
        Source(
            "msd_heart",
            "Decathlon heart",
            "seglib.datasets.msd_heart",
            "atrium_phantom",
            "seglib.phantoms.atrium",
            public=True,
        ),
        Source(
            "oasis",
            "OASIS",
            "seglib.datasets.oasis",
            "brain_phantom",
            "seglib.phantoms.brain",
            may_be_shown=False,
        ),
        Source(
            "lgg",
            "LGG",
            "seglib.datasets.lgg",
            "tumour_phantom",
            "seglib.phantoms.tumour",
        ),
    )
}


def names() -> list[str]:
    """What `load` takes: ``auto``, and each source before its phantom."""
    pairs = [(source.key, source.phantom) for source in SOURCES.values()]
    return ["auto", *(name for pair in pairs for name in pair if name)]


def load(name: str = "auto") -> SliceSet:
    """Load a data set by name.

    Args:
        name: A key of `SOURCES`: read from ``$SEGLIB_DATA_DIR/name``, else ``data/raw/name``;
            ``"sunnybrook"`` is downloaded to there if it is absent. The name of a phantom:
            ``"phantom"`` (hearts), ``"atrium_phantom"``, ``"brain_phantom"`` or
            ``"tumour_phantom"``. ``"auto"``: Sunnybrook, or its phantom where Sunnybrook is
            absent and there is no network; that is said on the console, and the set's
            `name` tells which one it is.

    Raises:
        DataError: The name is unknown, or the set is there but broken, or (for every
            name but ``"auto"``) it is absent and cannot be downloaded.
    """
    if name == "auto":
        return _sunnybrook_or_phantom()
    for source in SOURCES.values():
        if name and name == source.phantom:
            return source.simulator().make()
        if name == source.key:
            return source.reader().load(_found_or_fetched(name))
    raise DataError(f"unknown data set {name!r}; choose from {', '.join(names())}")


def _found_or_fetched(name: str) -> Path | None:
    """The folder of a set; Sunnybrook is downloaded where it is absent.

    Returns:
        None where the reader shall look for it itself, and say where it looked.
    """
    from seglib.datasets import download  # requests takes a second
    from seglib.datasets.locations import find_folder

    folder = find_folder(name)
    return download.fetch_sunnybrook() if folder is None and name == "sunnybrook" else folder


def _sunnybrook_or_phantom() -> SliceSet:
    """Sunnybrook, fetched if need be; simulated hearts where there is no way to it."""
    from seglib.datasets import download

    source = SOURCES["sunnybrook"]
    try:
        folder = _found_or_fetched("sunnybrook")
    except download.NetworkError as error:
        print(
            f"Sunnybrook is not on this computer and could not be downloaded.\n  {error}\n"
            "Using the built-in phantom instead: simulated hearts. Its results say nothing about "
            "real images."
        )
        return source.simulator().make()
    return source.reader().load(folder)
