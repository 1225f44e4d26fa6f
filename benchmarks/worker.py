"""The process of one contender: sets it up, then works for as long as it is told.

    python -m benchmarks.worker MODULE CONTENDER

Reads a number of seconds a line, and answers each with a line of JSON. What libraries
print goes to the error stream.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path

from benchmarks.contender import MissingError, Ready


def processor_time() -> float:
    """Seconds of processor time so far, those of ended child processes among them."""
    return sum(os.times()[:4])


def own_memory() -> float | None:
    """Memory in MiB that holds no file's pages, which the system takes back when it needs to."""
    status = Path("/proc/self/status")
    if not status.is_file():  # not Linux
        return None
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) / 1024


def round_of(ready: Ready, seconds: float) -> dict:
    """Work for about as many seconds, at least once, and say how much came of it."""
    items = 0
    started, processor = time.perf_counter(), processor_time()
    while not items or time.perf_counter() - started < seconds:
        items += ready.work()
    return {
        "items": items,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": processor_time() - processor,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "own_mib": own_memory(),
    }


def main() -> int:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module, name = sys.argv[1:]
    try:
        contender = importlib.import_module(module).BENCHMARK[name]
        ready = contender.set_up()
    except (ImportError, MissingError) as error:
        print(json.dumps({"missing": str(error)}), file=answers)
        return 0
    print(json.dumps({"facts": ready.facts}), file=answers)
    for line in sys.stdin:
        print(json.dumps(round_of(ready, float(line))), file=answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
