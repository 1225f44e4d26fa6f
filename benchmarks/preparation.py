"""From files to arrays: Sunnybrook's 805 pairs, the Decathlon's 12 atria, 596 LGG slices.

Each set is read from its files without being kept, read and kept for the next start, and taken
from what was kept, see `seglib.datasets.cache`. The files are in the system's memory already,
so this measures decoding and checking, not the disk. Sets that are not on this machine are
left out.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial

from benchmarks.contender import Benchmark, Contender, MissingError, Ready


def _sunnybrook():
    from seglib.datasets import sunnybrook

    return sunnybrook.load(exclude_wrong=False)


def _atria():
    from seglib.datasets import msd_heart

    return msd_heart.load()


def _tumours():
    from seglib.datasets import lgg

    return lgg.load()


SETS = {
    "Sunnybrook, 805 pairs": _sunnybrook,
    "Decathlon heart, 12 volumes": _atria,
    "LGG, 596 pairs": _tumours,
}
WAYS = ("not kept", "read and kept", "second start")


def reading(load: Callable, way: str) -> Ready:
    """Reads a whole set each time; items are sets.

    Args:
        load: Reads it.
        way: One of `WAYS`.
    """
    from seglib.datasets import cache
    from seglib.errors import DataError

    os.environ[cache.VARIABLE] = cache.OFF
    try:
        slices = load()
    except DataError as error:
        raise MissingError("its files are not on this machine") from error
    folder = tempfile.TemporaryDirectory()
    if way != "not kept":
        os.environ[cache.VARIABLE] = folder.name
        load()

    def work() -> int:
        if way == "read and kept":
            for kept in os.scandir(folder.name):
                os.remove(kept)
        load()
        return 1

    return Ready(work, {"slices": len(slices)})


BENCHMARK = Benchmark(
    module=__name__,
    title="Reading a whole data set",
    items="sets",
    contenders=tuple(
        Contender(f"{name}, {way}", partial(reading, load, way))
        for name, load in SETS.items()
        for way in WAYS
    ),
)
