"""The command line: `python -m seglib COMMAND`. Heavy imports wait for their command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from seglib import __version__
from seglib.commands.parsers import PARSERS
from seglib.errors import SeglibError

#: The module that holds the function of each command.
MODULES = {
    "predict": "seglib.commands.predict",
    "evaluate": "seglib.commands.evaluate",
    "train": "seglib.commands.train",
    "audit": "seglib.commands.audit",
    "recipes": "seglib.commands.recipes",
    "fetch": "seglib.commands.fetch",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; default those of the process.

    Returns:
        Exit code: 0, 1 for an error the user can mend, 130 when stopped by Ctrl-C.
    """
    options = vars(build_parser().parse_args(arguments))
    command = options.pop("command")
    try:
        with _quiet_start():
            module = importlib.import_module(MODULES[command])
        getattr(module, command)(**options)
    except SeglibError as error:
        print(f"seglib: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("seglib: stopped", file=sys.stderr)
        return 130
    return 0


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Hide what TensorFlow says on the error stream while it is imported.

    It writes below Python, and in version 2.21 partly without regard to
    ``TF_CPP_MIN_LOG_LEVEL``. If the import fails, all of it is shown; whoever has set
    that variable decides alone.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except BaseException:
            messages.seek(0)
            os.write(terminal, messages.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


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
