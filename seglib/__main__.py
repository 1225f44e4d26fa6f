"""The command line: `python -m seglib COMMAND`. Heavy imports wait for their command."""

from __future__ import annotations

import argparse
import importlib
import sys

from seglib import __version__
from seglib.commands.console import in_options
from seglib.commands.parsers import PARSERS
from seglib.program import program
from seglib.quiet import quiet_start

#: The module that holds the function of each command.
MODULES = {
    "predict": "seglib.commands.predict",
    "evaluate": "seglib.commands.evaluate",
    "train": "seglib.commands.train",
    "audit": "seglib.commands.audit",
    "export": "seglib.commands.export",
    "recipes": "seglib.commands.recipes",
    "fetch": "seglib.commands.fetch",
}


@program("seglib", translate=in_options)
def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; default those of the process.

    Returns:
        Exit code: 0, or one of `seglib.program.program`.
    """
    options = vars(build_parser().parse_args(arguments))
    command = options.pop("command")
    with quiet_start():
        module = importlib.import_module(MODULES[command])
    getattr(module, command)(**options)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m seglib",
        description="Segment images with a trained network, score masks, train networks, "
        "audit labels.",
        epilog="python -m seglib COMMAND --help explains one command.",
    )
    parser.add_argument("--version", action="version", version=f"seglib {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in PARSERS:
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
