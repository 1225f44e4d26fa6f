"""The study's command line: its jobs, its report, its notebooks.

    python -m study status                    # what is stored
    python -m study run comparison            # compute what is missing, job by job
    python -m study report                    # then rebuild reports/, without training

Heavy imports wait for their command.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from seglib.program import program

JOBS = "study.runner"
#: The module of each command, and what it does.
COMMANDS = {
    "status": (JOBS, "say which results are stored"),
    "run": (JOBS, "run the jobs that are not stored yet"),
    "submit": (JOBS, "send them to a SLURM cluster's queue"),
    "pack": (JOBS, "write a whole set into one file, to carry it to another machine"),
    "job": (JOBS, "run one job by its name"),
    "report": ("study.report", "rebuild reports/ from the stored results, without training"),
    "notebooks": ("study.notebook_runner", "run the notebooks and print their results"),
    "collect": ("study.collect", "run the notebooks and keep what they show in reports/"),
    "ship": ("study.shipped", "make a trained network a committed model"),
    "judge": ("study.questions.judge", "count stored masks as the 2009 challenge did"),
    "outside": ("study.questions.outside", "outline whole stacks, frames without a contour too"),
    "readers": ("study.questions.readers", "measure two labels of one scan against each other"),
    "uncertainty": (
        "study.questions.uncertainty",
        "make tables of what stored networks know about their mistakes",
    ),
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of what stands before a command's own options."""
    commands = "\n".join(f"  {name:12} {does}" for name, (_, does) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m study",
        usage="python -m study [-h] [--data FILE] COMMAND ...",
        description=__doc__.partition("\n\nHeavy")[0],
        epilog=f"commands:\n{commands}\n\npython -m study COMMAND --help explains one command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        action="append",
        default=[],
        help="for the jobs: read a packed set, not its files",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="see below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Hand the command line to the module of its command.

    Args:
        arguments: Without the program's name; default those of the process.

    Returns:
        The command's exit status.
    """
    parser = build_parser()
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        parser.print_help()
        return 2
    options = parser.parse_args(arguments)
    module = COMMANDS[options.command][0]
    if module == JOBS:
        data = [part for file in options.data for part in ("--data", file)]
        return import_module(module).main([*data, options.command, *options.arguments])
    if options.data:
        parser.error(f"{options.command} reads no packed set; leave --data out")
    return import_module(module).main(options.arguments)


if __name__ == "__main__":
    sys.exit(main())
