"""The command line: `python -m seglib COMMAND`. Heavy imports wait for their command."""

from __future__ import annotations

import argparse

from seglib.commands import audit, evaluate, export, fetch, predict, recipes, train
from seglib.commands.wording import in_options
from seglib.program import program
from seglib.version import __version__

#: Each command, in the order of the help: its module, and what it does in a line. The module
#: holds a function of the command's name, `add_arguments`, and its `HELP`.
COMMANDS = {
    "predict": (predict, "write a mask for each image of a folder"),
    "evaluate": (evaluate, "score predicted masks against true ones"),
    "train": (train, "train a recipe"),
    "audit": (audit, "find the labels that should be checked first"),
    "export": (export, "write a model as an ONNX file"),
    "recipes": (recipes, "list the recipes"),
    "fetch": (fetch, "get a data set, or learn where it is to be had"),
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
    module, _ = COMMANDS[command]
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
    for name, (module, summary) in COMMANDS.items():
        layout = argparse.RawDescriptionHelpFormatter  # as it is written
        own = commands.add_parser(
            name, help=summary, description=module.HELP, formatter_class=layout
        )
        module.add_arguments(own)
    return parser
