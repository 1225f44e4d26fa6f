"""`python -m seglib export`: a trained network as an ONNX file."""

from __future__ import annotations

import argparse
from pathlib import Path

from seglib.commands.options import DEFAULT_MODEL
from seglib.errors import DataError

HELP = """\
Write a model of this project as an ONNX file, which runs without Keras. It holds what
images must be prepared with, so predict --model takes it like the model itself; and
beside the model, under its name, predict finds it: then NAME.keras starts in a second.
Needs two packages more: pip install -e ".[onnx]"

example:
  python -m seglib export --output my_model.onnx --model my_model.keras"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `export`."""
    add = parser.add_argument
    add("--output", type=Path, required=True, metavar="FILE.onnx", help="file to write")
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="model file (.keras) of this project; default: reports/models/sunnybrook.keras",
    )


def export(output: Path, model: Path | None = None) -> None:
    """Write a model of this project as an ONNX file that `predict` takes as well.

    Args:
        output: The file to write; ends in ``.onnx``.
        model: A ``.keras`` file of this project; default `DEFAULT_MODEL`.

    Raises:
        SeglibError: The model cannot be read, a package is missing, or the network has
            no form in ONNX.
    """
    from seglib.files import REPOSITORY
    from seglib.inference.model_files import load_model
    from seglib.inference.onnx_export import export_onnx
    from seglib.staging import check_output

    if model is not None and model.suffix == ".onnx":
        raise DataError(f"--model {model}: is an ONNX file already")
    model = model or REPOSITORY / DEFAULT_MODEL
    check_output(output, model, ending=".onnx")
    network, preprocessing, card = load_model(model)
    export_onnx(network, output, preprocessing, card, source=model)
    print(
        f"{output}: {output.stat().st_size / 2**20:.1f} MiB; use it with predict --model {output}"
    )
