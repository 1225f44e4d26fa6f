"""What a user waits for before anything happens: imports."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.contender import Benchmark, Contender, Ready


def python(*arguments: str) -> Ready:
    """A contender that starts Python anew each time."""

    def work() -> int:
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return 1

    work()
    return Ready(work)


BENCHMARK = Benchmark(
    module=__name__,
    title="Start-up",
    items="starts",
    contenders=(
        Contender("python", lambda: python("-c", "pass")),
        Contender("import seglib", lambda: python("-c", "import seglib")),
        Contender("import tensorflow", lambda: python("-c", "import tensorflow")),
        Contender("import keras", lambda: python("-c", "import keras")),
    ),
)
