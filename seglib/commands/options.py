"""Options that several commands share, and what they mean. No heavy imports."""

from __future__ import annotations

import argparse
from pathlib import Path

from seglib.program import seed_number, whole_number

#: The model file of commands that were named none, inside the repository.
DEFAULT_MODEL = Path("reports") / "models" / "sunnybrook.keras"

#: What runs the network of `predict`; auto is ONNX where the model file has its export beside it.
AUTO, ONNX, KERAS = BACKENDS = ("auto", "onnx", "keras")


def add_picture_options(parser: argparse.ArgumentParser) -> None:
    """How own pictures are read, and how much of a recipe is spent on them."""
    add = parser.add_argument
    add(
        "--patients",
        metavar="REGEX",
        help="regular expression with the group 'patient', searched in each image's path inside "
        "the folder, without the ending; default: each file is its own patient",
    )
    add(
        "--size",
        type=whole_number(1),
        metavar="N",
        help="resize own images to NxN; default: as they are",
    )
    add(
        "--crop",
        type=whole_number(0),
        metavar="N",
        help="the network sees the central NxN pixels, 0: the whole image; default: the recipe's",
    )
    add(
        "--profile",
        choices=("smoke", "quick", "full"),
        default="full",
        help="how much of the recipe to spend; default: full",
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """The seed, as NumPy and Keras take it."""
    parser.add_argument(
        "--seed",
        type=seed_number,
        default=0,
        metavar="N",
        help="seed of all that is random; default: 0",
    )
