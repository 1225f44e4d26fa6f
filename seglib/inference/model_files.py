"""Model files: one that holds a network, its preparation and its card, written and read."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.errors import ModelFileError
from seglib.files import written_aside
from seglib.inference.keras_files import (
    CONFIG,
    MOST,
    MOST_CONFIG,
    as_before,
    copy_with,
    read_json,
    why_unreadable,
    written_by,
)
from seglib.inference.onnx_network import load_onnx, read_entry
from seglib.preprocessing.steps import Preprocessing

if TYPE_CHECKING:
    import keras


#: Name of seglib's own entry inside a ``.keras`` file, which is a zip archive.
_EXTRA = "seglib.json"


def save_model(
    model: keras.Model, path: str | Path, preprocessing: Preprocessing, card: dict
) -> None:
    """Write one self-contained ``.keras`` file: network, weights, preprocessing, provenance.

    The optimiser's state is left out. Every version of Keras in requirements.txt reads the
    file. It is written aside and renamed.

    Args:
        model: A network of `seglib.models.networks`.
        path: Ends in ``.keras``.
        preprocessing: What the network was trained with.
        card: Plain values about the model (class names, data, run).

    Raises:
        ModelFileError: The card is too large to be read back.
        WriteError: The file cannot be written.
    """
    import keras

    path = Path(path)
    extra = json.dumps({"preprocessing": preprocessing.to_dict(), "card": card}, indent=1)
    if len(extra) > MOST:
        raise ModelFileError(
            f"the card for {path} takes {len(extra)} bytes, and at most {MOST >> 20} MiB is read "
            "back; leave out what a user of the model does not need"
        )
    bare = keras.Model(model.input, model.output, name=model.name)
    with written_aside(path) as aside, tempfile.TemporaryDirectory(dir=aside.parent) as folder:
        written = Path(folder) / "whole.keras"
        bare.save(written)
        with zipfile.ZipFile(written) as archive:
            config = read_json(archive, CONFIG, MOST_CONFIG, as_before)
            copy_with(archive, aside, config)
        with zipfile.ZipFile(aside, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_EXTRA, extra)


def load_model(path: str | Path) -> tuple[keras.Model, Preprocessing, dict]:
    """Read a file of `save_model`, or of `seglib.inference.export_onnx`.

    Returns:
        Model (of a file that ends in ``.onnx`` an `OnnxNetwork`), its preprocessing, and
        its card.

    Raises:
        ModelFileError: Missing, unreadable, of a Keras that the installed one does not
            understand, or a plain file without preprocessing.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(f"no model file {path}")
    if path.suffix == ".onnx":
        return load_onnx(path)
    written = None
    try:
        with zipfile.ZipFile(path) as archive:
            if _EXTRA not in archive.namelist():
                raise ModelFileError(
                    f"{path} is a Keras file without {_EXTRA}: it does not say how images must be "
                    "prepared. Save the network with seglib.inference.model_files.save_model."
                )
            written = written_by(archive)
            preprocessing, card = read_entry(read_json(archive, _EXTRA, MOST), f"{path}: {_EXTRA}")
            return _network(path, archive), preprocessing, card
    except (ModelFileError, MemoryError):
        raise
    except Exception as error:  # of zipfile, of its decoders or of Keras; they share no class
        raise ModelFileError(why_unreadable(path, written, error)) from error


def _network(path: Path, archive: zipfile.ZipFile) -> keras.Model:
    """The network of an open model file, whichever allowed version of Keras wrote it."""
    import keras

    import seglib.models.layers  # noqa: F401  the classes a saved network may hold register themselves

    config = read_json(archive, CONFIG, MOST_CONFIG)
    plain = read_json(archive, CONFIG, MOST_CONFIG, as_before)
    if plain == config:
        return keras.models.load_model(path, compile=False)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        copy_with(archive, copy, plain)
        return keras.models.load_model(copy, compile=False)
