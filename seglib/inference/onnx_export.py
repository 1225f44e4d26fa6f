"""Write a trained network as an ONNX file: for ONNX Runtime, and for programs without Keras."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import keras
import numpy as np

from seglib.errors import SeglibError
from seglib.files import written_aside
from seglib.inference.forward import values_per_pixel
from seglib.inference.onnx_network import ENTRY, ORIGIN, OnnxNetwork, digest, require
from seglib.preprocessing.steps import Preprocessing

#: How far a probability of the file may be from Keras'.
TOLERANCE = 1e-3


def export_onnx(
    model: keras.Model,
    path: str | Path,
    preprocessing: Preprocessing,
    card: dict,
    source: Path | None = None,
) -> None:
    """Write a network, with its preprocessing and card in the file's metadata.

    The file takes ``(N, h, w, C)`` or ``(N, D, h, w, C)`` float32, prepared as its metadata
    say under `ENTRY` (JSON), and gives ``(N, ..., K)`` float32 probabilities; only N is free.
    It is run once beside the network before it gets its name.

    Args:
        model: A network of `seglib.models.networks`, of fixed sides and in float32.
        path: Ends in ``.onnx``; written aside and renamed.
        preprocessing: What the network was trained with.
        card: Plain values about the model, as `seglib.inference.save_model` has them.
        source: The model file that was read, so that the new file can be told from the export
            of another one; None if there is none.

    Raises:
        SeglibError: A package is missing, Keras does not run on TensorFlow, the network
            cannot be written so, or the folder cannot be made.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise SeglibError(
            f"ONNX files are written with Keras on TensorFlow, and here it runs on {backend}. A "
            "model file suits every backend: save the network, then run "
            "KERAS_BACKEND=tensorflow python -m seglib export"
        )
    require("onnx", "onnxruntime", "tf2onnx")
    _require_form(model)
    path = Path(path)
    with written_aside(path) as aside:
        try:
            _convert(model, aside)
            _describe(aside, model, preprocessing, card, source)
            written = OnnxNetwork(aside)
        except Exception as error:  # of TensorFlow, of tf2onnx or of ONNX Runtime
            raise SeglibError(
                f"the network {model.name} cannot be written as an ONNX file: {error}"
            ) from error
        _compare(model, written)


def _require_form(model: keras.Model) -> None:
    """Refuse what the converter is known to write wrong, or not to write.

    Raises:
        SeglibError: The network computes in another precision than float32, or takes
            images of any size: with free sides tf2onnx 1.17 at times loses the last
            operation, and the answer has an axis too many.
    """
    narrow = {layer.compute_dtype for layer in model.layers} - {"float32"}
    sides = model.input_shape[1:-1]
    if narrow or None in sides:
        found = f"computes in {', '.join(narrow)}" if narrow else f"takes images of sides {sides}"
        raise SeglibError(
            f"the network {model.name} {found}; for an ONNX file build it in float32 and with "
            "fixed sides, and give it the weights of this one: new.set_weights(old.get_weights())"
        )


def _convert(model: keras.Model, path: Path) -> None:
    """Write the bare network."""
    signature = [keras.InputSpec(dtype="float32", shape=model.input_shape, name="image")]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*np.object", FutureWarning)  # stands in Keras
        model.export(path, format="onnx", verbose=False, input_signature=signature)


def _describe(
    path: Path, model: keras.Model, preprocessing: Preprocessing, card: dict, source: Path | None
) -> None:
    """Add what `seglib.inference.onnx_network` reads to the file's metadata."""
    import onnx

    written = onnx.load(path)
    entry = {
        "preprocessing": preprocessing.to_dict(),
        "card": card,
        "values_per_pixel": values_per_pixel(model),
    }
    origin = {} if source is None else {ORIGIN: digest(source)}
    onnx.helper.set_model_props(written, {ENTRY: json.dumps(entry), **origin})
    onnx.save(written, path)


def _compare(model: keras.Model, network: OnnxNetwork) -> None:
    """Run the file beside the network, on two images of noise.

    Raises:
        SeglibError: They do not answer alike.
    """
    batch = np.random.default_rng(0).random((2, *model.input_shape[1:]), np.float32)
    expected, found = (one.predict_on_batch(batch) for one in (model, network))
    if found.shape != expected.shape or not np.allclose(found, expected, atol=TOLERANCE):
        raise SeglibError(
            f"the ONNX file of the network {model.name} does not answer as Keras does within "
            f"{TOLERANCE}, so it was not kept"
        )
