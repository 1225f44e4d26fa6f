"""The study's command line: ``python -m study COMMAND``, and its jobs.

    python -m study status                 which results are stored
    python -m study run comparison         compute those that are missing, job by job
    python -m study report                 make reports/ from them, without training
    python -m study notebooks --only 04    run the notebooks
    python -m study collect                run them and keep what they show
    python -m study ship sunnybrook        make a trained network a committed model
    python -m study uncertainty            what the stored networks know about their mistakes

``python -m study jobs --help`` explains ``status``, ``run``, ``submit``, ``pack`` and ``job``.
"""

from __future__ import annotations

import sys
from importlib import import_module

#: The module of each command; all others are those of `study.runner`.
MODULES = {
    "report": "study.report",
    "notebooks": "study.notebook_runner",
    "collect": "study.collect",
    "ship": "study.shipped",
    "uncertainty": "study.questions.uncertainty",
}


def main(arguments: list[str]) -> int:
    """Hand the command line to the module of its command; return the exit status."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    if arguments[0] in MODULES:
        return import_module(MODULES[arguments[0]]).main(arguments[1:])
    return import_module("study.runner").main(arguments[arguments[0] == "jobs" :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
