"""How a program speaks: on any console, and of an error in one line.

No heavy imports: the command line's help needs this module.
"""

from __future__ import annotations

import functools
import io
import os
import sys
from collections.abc import Callable

from seglib.errors import SeglibError

#: Exit codes that shells know: stopped by Ctrl-C, and nobody reads on, as with ``| head``.
STOPPED, CLOSED_PIPE = 130, 141

#: What the library says to those who call it, and what the command line calls the same.
IN_OPTIONS = {
    "patient_pattern": "--patients",
    "pass size (e.g. size=256) to bring": "use --size (e.g. --size 256) to bring",
    'images and masks in one folder need mask_suffix, e.g. mask_suffix="_mask" for 03.png and '
    "03_mask.png": "holds images and masks; move the masks into a folder of their own, each "
    "under the name of its image",
    "hold out other patients, or none": "try another --seed, or --no-validation",
    "give one, or set patience=0 and another schedule": "leave out --no-validation and give "
    "5 patients or more, or train another recipe",
    "Lower the recipe's learning_rate, ": "Try another --seed, or another recipe; this one's "
    "learning rate is ",
    "use cross_entropy instead": "choose a recipe with cross_entropy (python -m seglib recipes) "
    "instead",
    "use bce instead": "choose a recipe with bce (python -m seglib recipes) instead",
    "there is nothing to balance": "this recipe needs both kinds; train another one",
    "make the patch smaller": "make the images larger with --size, or train another recipe",
    "build it in float32 and with fixed sides, and give it the weights of this one: "
    "new.set_weights(old.get_weights())": "train it in float32 and with a --crop above 0, which "
    "fixes the sides",
}


def in_options(message: str) -> str:
    """A message of the library in the words of the command line."""
    for words, options in IN_OPTIONS.items():
        message = message.replace(words, options)
    return message


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
