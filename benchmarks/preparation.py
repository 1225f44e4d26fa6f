"""From files to arrays: Sunnybrook's 805 pairs, the Decathlon's 12 atria, 596 LGG slices.

The files are in the system's memory already after the first turn, so this measures reading,
checking and decoding, not the disk. Sets that are not on this machine are left out.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contender import Benchmark, Contender, Ready


def _reading(load: Callable) -> Ready:
    """A contender that reads a whole set each time; items are sets."""
    from seglib.errors import DataError

    try:
        slices = load()
    except DataError as error:
        raise ImportError(f"the set is not here: {error}") from error

    def work() -> int:
        load()
        return 1

    return Ready(work, {"slices": len(slices)})


def sunnybrook() -> Ready:
    """805 pairs of PNG files."""
    from seglib.datasets import sunnybrook

    return _reading(lambda: sunnybrook.load(exclude_wrong=False))


def atria() -> Ready:
    """12 NIfTI volumes and their labels."""
    from seglib.datasets import msd_heart

    return _reading(msd_heart.load)


def tumours() -> Ready:
    """596 pairs of TIFF files in three channels."""
    from seglib.datasets import lgg

    return _reading(lgg.load)


BENCHMARK = Benchmark(
    module=__name__,
    title="Reading a whole data set",
    items="sets",
    contenders=(
        Contender("Sunnybrook, 805 pairs", sunnybrook),
        Contender("Decathlon heart, 12 volumes", atria),
        Contender("LGG, 596 pairs", tumours),
    ),
)
