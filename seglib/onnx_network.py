"""A network in an ONNX file, run by ONNX Runtime: neither Keras nor its backend is needed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np

from seglib.errors import ModelFileError, SeglibError
from seglib.preprocessing import Preprocessing

#: Name of seglib's own entry in the metadata of an ONNX file.
ENTRY = "seglib"


def require(*packages: str) -> None:
    """Stop, with the way out, if a package is missing.

    Raises:
        SeglibError: One of them is not installed.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise SeglibError(
            f"ONNX files need {', '.join(missing)}, not installed here; in the folder of this "
            'project run: pip install -e ".[onnx]"'
        )


class OnnxNetwork:
    """A network in an ONNX file, with the little of a Keras model that predicting needs.

    Attributes:
        input_shape: ``(None, h, w, C)`` or ``(None, D, h, w, C)``.
        output_shape: The same with K.
        values_per_pixel: See `seglib.forward.values_per_pixel`.
        entry: What seglib has written into the file, see `seglib.onnx_export`.

    Raises:
        ModelFileError: The file is no ONNX network, or not one of this project.
        SeglibError: ONNX Runtime is missing.
    """

    def __init__(self, path: str | Path):
        require("onnxruntime")
        import onnxruntime

        try:
            self._session = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has many, and no common one of its own
            raise ModelFileError(f"{path} is not a readable .onnx model file: {error}") from error
        held = self._session.get_modelmeta().custom_metadata_map
        if ENTRY not in held:
            raise ModelFileError(
                f"{path} does not say how images must be prepared; write it with: "
                "python -m seglib export"
            )
        self.entry = json.loads(held[ENTRY])
        self.values_per_pixel = self.entry["values_per_pixel"]
        (self._input,), (output,) = self._session.get_inputs(), self._session.get_outputs()
        self.input_shape = (None, *self._input.shape[1:])
        self.output_shape = (None, *output.shape[1:])

    def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
        """``(N, ..., C)`` float32 to ``(N, ..., K)`` float32 probabilities."""
        return self._session.run(None, {self._input.name: batch})[0]


def load_onnx(path: Path) -> tuple[OnnxNetwork, Preprocessing, dict]:
    """Read a file of `seglib.onnx_export`, as `seglib.inference.load_model` reads its own.

    Raises:
        ModelFileError: See `OnnxNetwork`.
    """
    network = OnnxNetwork(path)
    return network, Preprocessing(**network.entry["preprocessing"]), network.entry["card"]
