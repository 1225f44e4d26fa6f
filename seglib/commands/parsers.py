"""What each command takes: its options and its help text. No heavy imports."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from seglib.datasets import names
from seglib.program import seed_number, whole_number
from seglib.training.devices import BACKENDS


def _command(commands, name: str, summary: str, text: str) -> argparse.ArgumentParser:
    """Add a command whose help is laid out as it is written in `text`."""
    return commands.add_parser(
        name,
        help=summary,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _predict(commands) -> None:
    add = _command(
        commands,
        "predict",
        "write a mask for each image of a folder",
        """Write a mask for each image: all of them, or none if one cannot be used.

  PNG, TIFF or JPEG   NAME.png, 0 and 255, at the image's own size
  NIfTI volume        a NIfTI mask of the same name, shape and affine, 0 and 1;
                      slices are stacked along the longest side of its voxels if
                      that is 1.5 times the others, else from foot to head,
                      however the file stores its axes
  DICOM               NAME.png, as above

A folder holds one kind of file; sizes may differ, and subfolders are kept. NAME_mask
beside NAME is taken for its label and left alone. A model of
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
        help="model file (.keras or .onnx) of this project; default: "
        "reports/models/sunnybrook.keras, for the left ventricle in short-axis MR",
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

Masks are PNG or TIFF with the values 0 and 255 (or 0 and 1), or NIfTI. Where NAME and
NAME_mask stand side by side, NAME_mask is the mask. With --classes they hold class
numbers, or in PNG the grey values that predict writes. The files of a case are pooled,
then cases are averaged into their patient and patients into the mean, which is printed
with its 95 % bootstrap interval over patients. The JSON file holds this summary and the
scores of each patient and case. Distances are in mm for NIfTI (through the
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
        "Sunnybrook's or LGG's names where all files have them, else each file is its own case "
        "and patient",
    )
    add(
        "--classes",
        metavar="NAMES",
        help="names of the classes 1, 2, ... with commas between, for masks of several classes; "
        "default: one structure",
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


def _picture_options(add: Callable) -> None:
    """How own pictures are read, and how much of a recipe is spent on them."""
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


def _seed(add: Callable) -> None:
    add(
        "--seed",
        type=seed_number,
        default=0,
        metavar="N",
        help="seed of all that is random; default: 0",
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
Other sets are read from the folders that data/README.md names.
--strategy trains on several devices, with the result of one: mirrored takes all GPUs of this
machine; multi_worker the machines of TF_CONFIG, where the same command is started on each;
data_parallel all devices that JAX sees (KERAS_BACKEND=jax). The recipe's batch is shared.

examples:
  python -m seglib train unet --profile quick --output my_model.keras
  python -m seglib train tumour --dataset lgg --output tumour.keras
  python -m seglib train unet --images my_images --masks my_labels \\
      --patients '^(?P<patient>[^_]+)_' --output my_model.keras""",
    ).add_argument
    add("recipe", metavar="RECIPE", help="name of a recipe; python -m seglib recipes lists them")
    add("--output", type=Path, required=True, metavar="FILE.keras", help="the model file")
    add(
        "--dataset",
        choices=names()[1:],
        default="sunnybrook",
        help="a set that the library knows: %(choices)s; those named phantom are simulated, to "
        "try things out; default: sunnybrook",
        metavar="NAME",
    )
    add("--images", type=Path, metavar="DIR", help="folder of your own images (PNG, TIFF, JPEG)")
    add("--masks", type=Path, metavar="DIR", help="folder of their masks (PNG, TIFF), same names")
    _picture_options(add)
    add(
        "--validation",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="hold out a fifth of the patients; default: yes",
    )
    _seed(add)
    add(
        "--strategy",
        choices=("none", *BACKENDS),
        default="none",
        help="train on several devices: %(choices)s; default: none",
        metavar="NAME",
    )


def _audit(commands) -> None:
    add = _command(
        commands,
        "audit",
        "find the labels that should be checked first",
        """Rank the labels of your own data by how much they disagree with a network that never saw
them. The patients are cut into folds; each fold is predicted by a network trained on the
others, so the work is that of FOLDS trainings. DIR receives

  suspects.csv   patients, the one that disagrees most first
  slices.csv     slices, each measured against the others of its patient
  suspects.png   the first patients with the outlines of label and prediction
  slices.png     the first slices likewise

A suspect is no verdict: the network may be the one that is wrong. Look, then decide. The
same command run again goes on where it was stopped.

example:
  python -m seglib audit --images my_images --masks my_labels --output my_audit \\
      --patients '^(?P<patient>[^_]+)_' --profile quick""",
    ).add_argument
    add(
        "--images",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of your images (PNG, TIFF, JPEG)",
    )
    add(
        "--masks",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of their masks (PNG, TIFF), same names",
    )
    add("--output", type=Path, required=True, metavar="DIR", help="folder for the results")
    add(
        "--recipe",
        default="unet",
        metavar="RECIPE",
        help="what to train; python -m seglib recipes lists them; default: unet",
    )
    add(
        "--folds",
        type=whole_number(2),
        default=5,
        metavar="N",
        help="networks to train; at most the number of patients; default: 5",
    )
    add(
        "--top",
        type=whole_number(1),
        default=8,
        metavar="N",
        help="how many suspects are drawn; default: 8",
    )
    _picture_options(add)
    _seed(add)


def _export(commands) -> None:
    add = _command(
        commands,
        "export",
        "write a model as an ONNX file",
        """Write a model of this project as an ONNX file, which runs without Keras. It holds what
images must be prepared with, so predict --model takes it like the model itself.
Needs three packages more: pip install -e ".[onnx]"

example:
  python -m seglib export --output my_model.onnx --model my_model.keras""",
    ).add_argument
    add("--output", type=Path, required=True, metavar="FILE.onnx", help="file to write")
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="model file (.keras) of this project; default: reports/models/sunnybrook.keras",
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
        "get a data set, or learn where it is to be had",
        """sunnybrook: download it from its public source, each file checked by its SHA-256. Run
again, it goes on where it was stopped.
oasis: say where the brain slices are to be had, for they cannot be passed on, and check the
layout, sizes and labels of your copy.

examples:
  python -m seglib fetch sunnybrook
  python -m seglib fetch oasis my_slices""",
    ).add_argument
    add("dataset", choices=("sunnybrook", "oasis"), help="sunnybrook: 805 PNG pairs, about 35 MB")
    add("folder", type=Path, nargs="?", metavar="FOLDER", help="oasis: your copy, to be checked")
    add(
        "--to",
        type=Path,
        metavar="DIR",
        help="sunnybrook: folder to fill; default: data/raw/sunnybrook",
    )


#: Adds the parser of each command, in the order of the help.
PARSERS = (_predict, _evaluate, _train, _audit, _export, _recipes, _fetch)
