"""The command line: `python -m seglib COMMAND`. Heavy imports wait for their command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seglib import __version__
from seglib.errors import SeglibError

#: The module that holds the function of each command.
MODULES = {
    "predict": "seglib.commands.predict",
    "evaluate": "seglib.commands.evaluate",
    "train": "seglib.commands.train",
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
        description="Segment images with a trained network, score masks, train networks.",
        epilog="python -m seglib COMMAND --help explains one command.",
    )
    parser.add_argument("--version", action="version", version=f"seglib {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_predict, _evaluate, _train, _recipes, _fetch):
        add(commands)
    return parser


def _command(commands, name: str, summary: str, text: str) -> argparse.ArgumentParser:
    """Add a command whose help is laid out as it is written in `text`."""
    return commands.add_parser(
        name,
        help=summary,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _at_least(smallest: int) -> Callable[[str], int]:
    """An argument type: a whole number that is not below `smallest`."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < smallest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number of at least {smallest}"
            )
        return int(text)

    return whole_number


def _predict(commands) -> None:
    add = _command(
        commands,
        "predict",
        "write a mask for each image of a folder",
        """Write a mask for each image: all of them, or none if one cannot be used.

  PNG, TIFF or JPEG   NAME.png, 0 and 255, at the image's own size
  NIfTI volume        a NIfTI mask of the same name, shape and affine, 0 and 1;
                      slices lie along the third axis (and a fourth)
  DICOM               NAME.png, as above

A folder holds one kind of file; sizes may differ, and subfolders are kept. A model of
several classes gives class numbers in NIfTI, and grey values spread over 0-255 in PNG.
A colour image for a grey model is reduced to its brightness, a grey image for a colour
model is repeated in its three channels; either is said.

example:
  python -m seglib predict --input my_images --output my_masks""",
    ).add_argument
    add("--input", type=Path, required=True, metavar="PATH", help="folder of images, or one image")
    add("--output", type=Path, required=True, metavar="DIR", help="folder for the masks")
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="model file (.keras) of this project; default: reports/models/sunnybrook.keras, "
        "which finds the left ventricle's blood pool in short-axis MR",
    )
    add(
        "--rotations",
        action=argparse.BooleanOptionalAction,
        help="average over 8 orientations of each image: 8 times the work, for networks trained "
        "on images turned and mirrored at will; default: what the model's card says",
    )
    add(
        "--largest-component",
        action="store_true",
        help="keep only the largest piece of each slice's mask (default: keep all)",
    )


def _evaluate(commands) -> None:
    add = _command(
        commands,
        "evaluate",
        "score predicted masks against true ones",
        """Score a folder of predicted masks against a folder of true ones, paired by name.

Masks are PNG or TIFF with the values 0 and 255 (or 0 and 1), or NIfTI. The files of a case
are pooled, then cases are averaged into their patient and patients into the mean, which
is printed with its 95 % bootstrap interval over patients. The JSON file holds this
summary and the scores of each patient and case. Distances are in mm for NIfTI (through the
volume) and with --spacing (inside each slice), else in pixels.

example:
  python -m seglib evaluate --truth my_labels --prediction my_masks --output scores.json \\
      --cases '^(?P<patient>[^_]+)_(?P<slice>[0-9]+)'""",
    ).add_argument
    add("--truth", type=Path, required=True, metavar="DIR", help="folder of true masks")
    add("--prediction", type=Path, required=True, metavar="DIR", help="folder of predicted masks")
    add("--output", type=Path, required=True, metavar="FILE.json", help="file for the scores")
    add(
        "--cases",
        metavar="REGEX",
        help="regular expression with the group 'patient' and, if wanted, 'case' and 'slice', "
        "searched in each file's path inside the folder, without the ending; default: "
        "Sunnybrook's names where all files have them, else each file is its own case "
        "and patient",
    )
    add("--spacing", type=float, metavar="MM", help="side of a pixel; default: unknown")
    add(
        "--assumed-spacing",
        type=float,
        metavar="MM",
        help="side of a pixel for counting good contours (mean distance below 5 mm) where it is "
        "unknown; distances stay in pixels; default: none, so they are not counted",
    )
    add(
        "--tolerance",
        type=float,
        default=2.0,
        metavar="D",
        help="of the surface Dice, in mm, or in pixels if the spacing is unknown; default: 2",
    )


def _train(commands) -> None:
    add = _command(
        commands,
        "train",
        "train a recipe",
        """Train a recipe and write one model file, which predict takes.

Without --images the 15 challenge-training patients of Sunnybrook are used (downloaded if they
are not there). A fifth of the patients, if there are 5 or more, is held out to choose
the epoch; their Dice is printed. The same command run again goes on where it was stopped.

examples:
  python -m seglib train unet --profile quick --output my_model.keras
  python -m seglib train unet --images my_images --masks my_labels \\
      --patients '^(?P<patient>[^_]+)_' --output my_model.keras""",
    ).add_argument
    add("recipe", metavar="RECIPE", help="name of a recipe; python -m seglib recipes lists them")
    add("--output", type=Path, required=True, metavar="FILE.keras", help="the model file")
    add(
        "--dataset",
        choices=("sunnybrook", "phantom"),
        default="sunnybrook",
        help="phantom: simulated hearts, to try things out; default: sunnybrook",
    )
    add("--images", type=Path, metavar="DIR", help="folder of your own images (PNG, TIFF, JPEG)")
    add("--masks", type=Path, metavar="DIR", help="folder of their masks (PNG, TIFF), same names")
    add(
        "--patients",
        metavar="REGEX",
        help="regular expression with the group 'patient', searched in each image's path inside "
        "the folder, without the ending; default: each file is its own patient",
    )
    add(
        "--size",
        type=_at_least(1),
        metavar="N",
        help="resize own images to NxN; default: as they are",
    )
    add(
        "--crop",
        type=_at_least(0),
        metavar="N",
        help="the network sees the central NxN pixels, 0: the whole image; default: the recipe's",
    )
    add(
        "--profile",
        choices=("smoke", "quick", "full"),
        default="full",
        help="how much of the recipe to spend; default: full",
    )
    add(
        "--validation",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="hold out a fifth of the patients; default: yes",
    )
    add(
        "--seed",
        type=_at_least(0),
        default=0,
        metavar="N",
        help="seed of all that is random; default: 0",
    )


def _recipes(commands) -> None:
    _command(
        commands,
        "recipes",
        "list the recipes",
        """List the recipes: what each trains, how, and where it comes from.

example:
  python -m seglib recipes""",
    )


def _fetch(commands) -> None:
    add = _command(
        commands,
        "fetch",
        "download a data set",
        """Download a data set from its public source, each file checked by its SHA-256.
Run again, it goes on where it was stopped.

example:
  python -m seglib fetch sunnybrook""",
    ).add_argument
    add("dataset", choices=("sunnybrook",), help="805 PNG pairs of 45 patients, about 35 MB")
    add("--to", type=Path, metavar="DIR", help="folder to fill; default: data/raw/sunnybrook")


if __name__ == "__main__":
    sys.exit(main())
