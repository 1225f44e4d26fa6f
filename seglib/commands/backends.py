"""Which program runs the network of a model file for `predict`: ONNX Runtime, or Keras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seglib.commands.options import AUTO, KERAS, ONNX
from seglib.errors import DataError, ModelFileError, SeglibError
from seglib.inference.model_files import load_model
from seglib.inference.onnx_network import OnnxNetwork, digest
from seglib.quiet import quiet_start

if TYPE_CHECKING:
    import keras

    from seglib.preprocessing.steps import Preprocessing

    Loaded = tuple[keras.Model | OnnxNetwork, Preprocessing, dict]


def load(path: Path, backend: str = AUTO) -> tuple[Loaded, str]:
    """Read a model file for the backend that shall run it.

    Beside ``net.keras`` may lie ``net.onnx``, which `export` wrote from it. Its network gives the
    same masks and is ready in a twentieth of the time, for Keras' own backend takes seconds to
    import.

    Args:
        path: A file of `seglib.load_model`.
        backend: One of `seglib.commands.options.BACKENDS`.

    Returns:
        What `seglib.load_model` gives; and, where Keras runs though there is a file for ONNX
        Runtime, why.

    Raises:
        DataError: The file is not for this backend.
        ModelFileError: It cannot be used.
        SeglibError: ONNX Runtime is missing, and nothing else can run the file, or may.
    """
    if path.suffix == ".onnx":
        if backend == KERAS:
            raise DataError(f"--backend keras: {path} is for ONNX Runtime; name a .keras file")
        return load_model(path), ""
    why = ""
    if path.is_file():  # else `load_model` says so
        beside = path.with_suffix(".onnx")
        if backend == ONNX or (backend == AUTO and beside.is_file()):
            try:
                return _load_export(beside, path), ""
            except SeglibError as error:
                if backend == ONNX:
                    raise
                why = f"Keras runs, for {error}"
        with quiet_start():
            import keras  # noqa: F401
    return load_model(path), why


def _load_export(beside: Path, path: Path) -> Loaded:
    """Read the ONNX file that was written from a model file, and no other one.

    Raises:
        ModelFileError: It is missing or cannot be used, or the model file was another one then.
        SeglibError: ONNX Runtime is missing.
    """
    anew = f"write it with: python -m seglib export --model {path} --output {beside}"
    if not beside.is_file():
        raise ModelFileError(f"there is no {beside}; {anew}")
    network, preprocessing, card = load_model(beside)
    if network.exported_from != digest(path):
        raise ModelFileError(f"{beside} was not written from {path} as it is now; {anew}")
    return network, preprocessing, card
