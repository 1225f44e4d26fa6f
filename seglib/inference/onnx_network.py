"""A network in an ONNX file, run by ONNX Runtime: neither Keras nor its backend is needed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import reprlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seglib.errors import DataError, ModelFileError, SeglibError
from seglib.preprocessing.steps import Preprocessing, require_known

if TYPE_CHECKING:
    import onnxruntime

#: Name of seglib's own entry in the metadata of an ONNX file.
ENTRY = "seglib"

#: Name of the entry that says which model file the network came from, by its `digest`.
ORIGIN = "seglib_exported_from"


def digest(path: str | Path) -> str:
    """SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
        values_per_pixel: See `seglib.inference.forward.values_per_pixel`.
        preprocessing: What the network was trained with.
        card: Plain values about the model.
        exported_from: The `digest` of the model file it was written from; empty if the file
            does not say.

    Raises:
        ModelFileError: The file is no ONNX network, or not one of this project.
        SeglibError: ONNX Runtime is missing.
    """

    def __init__(self, path: str | Path):
        require("onnxruntime")
        try:
            self._session = _session(path, threads=1)
            if len(self._session.get_inputs()[0].shape) == 5:  # see predict_on_batch
                self._session = _session(path, threads=_cores())
        except Exception as error:  # ONNX Runtime has many, and no common one of its own
            raise ModelFileError(f"{path} is not a readable .onnx model file: {error}") from error
        held = self._session.get_modelmeta().custom_metadata_map
        if ENTRY not in held:
            raise ModelFileError(
                f"{path} does not say how images must be prepared; write it with: "
                "python -m seglib export"
            )
        try:
            entry = json.loads(held[ENTRY])
        except (ValueError, RecursionError) as error:
            raise ModelFileError(f"{path}: {ENTRY} is not JSON: {error}") from error
        self.preprocessing, self.card = read_entry(entry, f"{path}: {ENTRY}", "values_per_pixel")
        self.exported_from = held.get(ORIGIN, "")
        self.values_per_pixel = entry["values_per_pixel"]
        if type(self.values_per_pixel) not in (int, float) or not self.values_per_pixel > 0:
            raise ModelFileError(
                f"{path}: {ENTRY}: values_per_pixel: expected a number above 0, found "
                f"{reprlib.repr(self.values_per_pixel)}"
            )
        (self._input,), (output,) = self._session.get_inputs(), self._session.get_outputs()
        self.input_shape = (None, *self._input.shape[1:])
        self.output_shape = (None, *output.shape[1:])

    def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
        """``(N, ..., C)`` float32 to ``(N, ..., K)`` float32 probabilities.

        A volume has enough work in each layer for all cores. Slices have not: each gets a core,
        and none waits after every layer for the others.
        """
        if len(self.input_shape) == 5 or len(batch) == 1:
            return self._run(batch)
        with ThreadPoolExecutor(_cores()) as threads:
            return np.concatenate(list(threads.map(self._run, batch[:, None])))

    def _run(self, batch: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._input.name: batch})[0]


def _session(path: str | Path, threads: int) -> onnxruntime.InferenceSession:
    """Open a file; so many threads share the work of a layer."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # a job may be bound to some of them
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_onnx(path: Path) -> tuple[OnnxNetwork, Preprocessing, dict]:
    """Read a file of `seglib.inference.export_onnx`, as `seglib.load_model` reads its own.

    Raises:
        ModelFileError: See `OnnxNetwork`.
    """
    network = OnnxNetwork(path)
    return network, network.preprocessing, network.card


def read_entry(entry: object, where: str, *more: str) -> tuple[Preprocessing, dict]:
    """Preprocessing and card of a model file, which anyone may have written.

    Args:
        entry: What seglib's own entry in the file holds.
        where: Names the file and the entry, for messages.
        more: Names that it holds beside ``preprocessing`` and ``card``.

    Raises:
        ModelFileError: Something is missing, unknown or of the wrong type.
    """
    if not isinstance(entry, dict):
        raise ModelFileError(f"{where}: expected a dict, found {type(entry).__name__}")
    names = ("preprocessing", "card", *more)
    missing = [name for name in names if name not in entry]
    if missing:
        raise ModelFileError(f"{where} lacks {', '.join(missing)}; save the network anew")
    for name in ("preprocessing", "card"):
        if not isinstance(entry[name], dict):
            kind = type(entry[name]).__name__
            raise ModelFileError(f"{where}: {name}: expected a dict, found {kind}")
    classes = entry["card"].get("class_names") or []
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ModelFileError(
            f"{where}: card: class_names: expected a list of names, found {reprlib.repr(classes)}"
        )
    try:
        require_known(entry, names)
        return Preprocessing.from_dict(entry["preprocessing"]), entry["card"]
    except DataError as error:
        raise ModelFileError(f"{where}: {error}") from error
