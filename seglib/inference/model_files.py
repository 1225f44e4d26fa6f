"""Model files: one that holds a network, its preparation and its card, written and read."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.errors import ModelFileError
from seglib.inference.onnx_network import load_onnx, read_entry
from seglib.preprocessing.steps import Preprocessing

if TYPE_CHECKING:
    import keras


#: Name of seglib's own entry inside a ``.keras`` file, which is a zip archive.
_EXTRA = "seglib.json"


#: Keras' own entry that describes the network.
_CONFIG = "config.json"


#: Most bytes that are read of an entry: a small file may hold an endless one.
_MOST = 2**20


#: The same for `_CONFIG`; a hundred layers take about 150 kB.
_MOST_CONFIG = 2**24


#: What Keras says of a class today and did not when requirements.txt begins, with the value
#: that means "as before". Left out, every allowed version reads the file and builds the same.
_ADDED = {
    "BatchNormalization": {"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99},
} | dict.fromkeys(  # since 3.14 the one above, since 3.15 the ones below
    [
        "VarianceScaling",
        *(f"{who}{how}" for who in ("Glorot", "He", "Lecun") for how in ("Normal", "Uniform")),
    ],
    {"input_axes": None, "output_axes": None},
)


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
    """
    import keras

    path = Path(path)
    extra = json.dumps({"preprocessing": preprocessing.to_dict(), "card": card}, indent=1)
    if len(extra) > _MOST:
        raise ModelFileError(
            f"the card for {path} takes {len(extra)} bytes, and at most {_MOST >> 20} MiB is read "
            "back; leave out what a user of the model does not need"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    bare = keras.Model(model.input, model.output, name=model.name)
    written, aside = (path.with_name(f".{path.stem}.{part}.keras") for part in ("whole", "part"))
    try:
        bare.save(written)
        with zipfile.ZipFile(written) as archive:
            config = _json(archive, _CONFIG, _MOST_CONFIG, _as_before)
            _copy(archive, aside, config)
        with zipfile.ZipFile(aside, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_EXTRA, extra)
        os.replace(aside, path)
    finally:
        written.unlink(missing_ok=True)
        aside.unlink(missing_ok=True)


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
            written = _written_by(archive)
            preprocessing, card = read_entry(_json(archive, _EXTRA, _MOST), f"{path}: {_EXTRA}")
            return _network(path, archive), preprocessing, card
    except (ModelFileError, MemoryError):
        raise
    except Exception as error:  # of zipfile, of its decoders or of Keras; they share no class
        raise ModelFileError(_why_unreadable(path, written, error)) from error


def _network(path: Path, archive: zipfile.ZipFile) -> keras.Model:
    """The network of an open model file, whichever allowed version of Keras wrote it."""
    import keras

    import seglib.models.layers  # noqa: F401  the classes a saved network may hold register themselves

    config = _json(archive, _CONFIG, _MOST_CONFIG)
    plain = _json(archive, _CONFIG, _MOST_CONFIG, _as_before)
    if plain == config:
        return keras.models.load_model(path, compile=False)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        _copy(archive, copy, plain)
        return keras.models.load_model(copy, compile=False)


def _as_before(node: dict) -> dict:
    """One object of a configuration without what `_ADDED` names; other values are kept."""
    if not str(node.get("module")).startswith("keras.") or not isinstance(node.get("config"), dict):
        return node
    added = _ADDED.get(str(node.get("class_name")), {})
    config = {
        key: value
        for key, value in node["config"].items()
        if key not in added or value != added[key]
    }
    return node | {"config": config}


def _copy(archive: zipfile.ZipFile, target: Path, config: object) -> None:
    """Write a Keras file anew, every entry as it is but for the configuration."""
    with zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            named = zipfile.ZipInfo(entry.filename, entry.date_time)
            named.compress_type = entry.compress_type
            if entry.filename == _CONFIG:
                copy.writestr(named, json.dumps(config))
                continue
            named.file_size = entry.file_size  # past 2 GiB it has another form
            with archive.open(entry) as source, copy.open(named, "w") as file:
                shutil.copyfileobj(source, file)


def _json(
    archive: zipfile.ZipFile, name: str, most: int, hook: Callable[[dict], dict] | None = None
) -> object:
    """What an entry of a model file holds, of which no more than `most` bytes are read.

    Args:
        archive: The open file.
        name: Of the entry.
        most: Bytes.
        hook: Applied to each object in the entry, innermost first.

    Raises:
        ValueError: The entry is larger, by what it states or by what comes, or is not JSON.
    """
    with archive.open(name) as file:
        data = file.read(most + 1)
    if max(len(data), archive.getinfo(name).file_size) > most:
        raise ValueError(f"{name} takes more than {most >> 20} MiB")
    try:
        return json.loads(data, object_hook=hook)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON: {error}") from error


def _written_by(archive: zipfile.ZipFile) -> str | None:
    """The version of Keras that wrote a file, where it says so."""
    try:
        metadata = _json(archive, "metadata.json", _MOST)
    except (KeyError, ValueError):  # it has no say in what the network is
        return None
    found = metadata.get("keras_version") if isinstance(metadata, dict) else None
    is_version = isinstance(found, str) and re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}", found)
    return found if is_version else None


def _why_unreadable(path: Path, written: str | None, error: Exception) -> str:
    """What to say of a file that could not be read: most often its Keras is too new."""
    import keras

    def numbers(version: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", version)]

    here = keras.__version__
    if written is None or numbers(written) <= numbers(here):
        return f"{path} is not a readable .keras model file: {error}"
    reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]  # Keras': a page
    return (
        f"{path} was written by Keras {written}, and installed here is Keras {here}, which cannot "
        f"read it ({reason:.300}). Install that version: pip install keras=={written}; or where it "
        "is installed, load the file and write it anew with seglib.save_model."
    )
