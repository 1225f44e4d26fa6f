"""How a program speaks: on any console, and of an error in one line."""

from __future__ import annotations

import argparse
import functools
import io
import os
import sys
from collections.abc import Callable

from seglib.errors import SeglibError

#: Exit codes that shells know: stopped by Ctrl-C, and nobody reads on, as with ``| head``.
STOPPED, CLOSED_PIPE = 130, 141


def program(name: str, translate: Callable[[str], str] = str) -> Callable:
    """Make a function that runs a command line one that never ends in a traceback of the user's.

    Args:
        name: What the program calls itself in messages.
        translate: Puts a message into the words of the program's options.

    Returns:
        A decorator of ``main(arguments) -> exit code``. The exit code becomes 1 for an
        error that the user can mend, a file that cannot be read or written among them; 130
        when stopped by Ctrl-C; 141 when nobody reads what is printed any more.
    """

    def decorate(main: Callable[[list[str] | None], int]) -> Callable[[list[str] | None], int]:
        @functools.wraps(main)
        def run(arguments: list[str] | None = None) -> int:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, io.TextIOWrapper):  # else in a notebook, or closed
                    # A file name may hold any bytes, and a console may know ASCII alone.
                    stream.reconfigure(errors="backslashreplace")
            try:
                return _explained(main, arguments, name, translate)
            except BrokenPipeError:
                _print_no_more()
                return CLOSED_PIPE
            except OSError as error:
                _print_no_more()
                print(f"{name}: error: cannot print: {error.strerror}", file=sys.stderr)
                return 1

        return run

    return decorate


def _explained(
    main: Callable[[list[str] | None], int],
    arguments: list[str] | None,
    name: str,
    translate: Callable[[str], str],
) -> int:
    """Run `main`; say its errors in one line each.

    Raises:
        OSError: What was printed cannot be written.
    """
    try:
        return main(arguments)
    except SeglibError as error:
        message = translate(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None:
            message = str(error)
        else:
            message = f"{os.fsdecode(error.filename)}: {error.strerror}"
        message += "; check the path, the right to read and write it, and the room on the disk"
    except KeyboardInterrupt:
        print(f"{name}: stopped", file=sys.stderr)
        return STOPPED
    finally:
        if sys.stdout:
            sys.stdout.flush()  # here, where it is still known what to do if that fails
    print(f"{name}: error: {message}", file=sys.stderr)
    return 1


def _print_no_more() -> None:
    """Let what is still to be printed go nowhere, or Python would complain when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def whole_number(smallest: int, largest: int | None = None) -> Callable[[str], int]:
    """An argument type: a whole number from `smallest` to `largest`."""
    expected = f"a whole number of at least {smallest}"
    if largest is not None:
        expected += f" and at most {largest}"

    def number(text: str) -> int:
        # Longer ones Python does not even read.
        if text.isdecimal() and len(text) <= 19 and smallest <= int(text):
            if largest is None or int(text) <= largest:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}")

    return number


#: What NumPy and Keras take as a seed.
seed_number = whole_number(0, 2**32 - 1)
