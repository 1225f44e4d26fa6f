"""What a user waits for before anything happens: imports, and the first mask."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.contender import Benchmark, Contender, Ready


def _python(*arguments: str) -> Ready:
    """A contender that starts Python anew each time."""

    def work() -> int:
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return 1

    work()
    return Ready(work)


def first_mask() -> Ready:
    """`python -m seglib predict` for one picture of 256x256."""
    from seglib.phantoms import heart

    folder = Path(tempfile.mkdtemp())
    Image.fromarray(heart.make(1, 1, 256).images[0, ..., 0]).save(folder / "heart.png")
    paths = ("--input", str(folder / "heart.png"), "--output", str(folder / "masks"))
    return _python("-m", "seglib", "predict", *paths)


BENCHMARK = Benchmark(
    module=__name__,
    title="Start-up",
    items="starts",
    contenders=(
        Contender("python", lambda: _python("-c", "pass")),
        Contender("import seglib", lambda: _python("-c", "import seglib")),
        Contender("import tensorflow", lambda: _python("-c", "import tensorflow")),
        Contender("import keras", lambda: _python("-c", "import keras")),
        Contender("python -m seglib --help", lambda: _python("-m", "seglib", "--help")),
        Contender("first mask", first_mask),
    ),
)
