"""From a trained network to masks on the images' own pixel grid; model files."""

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

import numpy as np

from seglib.datasets.slice_set import SliceSet
from seglib.errors import DataError, ModelFileError
from seglib.forward import bytes_beside, even_size, forward, most_at_once, values_per_pixel
from seglib.normalisation import require_finite_input
from seglib.onnx_network import OnnxNetwork, load_onnx, read_entry
from seglib.preprocessing import Preprocessing
from seglib.sliding_window import patch_of, predict_volume
from seglib.volumes import stack_cases

if TYPE_CHECKING:  # what needs Keras imports it: an ONNX file is predicted without
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


def predict(
    model: keras.Model | OnnxNetwork,
    images: np.ndarray,
    preprocessing: Preprocessing,
    *,
    batch_size: int | None = None,
    rotations: bool = False,
) -> np.ndarray:
    """Probabilities on the grid of the input images.

    Args:
        model: A network of `seglib.models`, or one in an ONNX file.
        images: ``(N, H, W, C)``, intensities as stored.
        preprocessing: What the network was trained with.
        batch_size: Most images in a forward pass; default as many as fit into memory
            (`seglib.forward.most_at_once`). The result does not depend on it.
        rotations: Average over the 8 flips and quarter turns of the square (test-time
            augmentation): 8 times the work. Needs a square network input.

    Returns:
        ``(N, H, W, K)`` float32; 0 outside the crop that the network sees.

    Raises:
        DataError: An image is not finite once it is prepared; its index is named.
    """
    classes = model.output_shape[-1]
    most = batch_size or most_at_once(
        values_per_pixel(model),
        preprocessing.target_size(*images.shape[1:3]),
        bytes_beside(images, classes),
    )
    size = even_size(len(images), most)
    probabilities = np.empty((*images.shape[:3], classes), np.float32)
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        inputs = preprocessing.images(images[part])
        names = [f"image {index}" for index in range(start, start + len(inputs))]
        require_finite_input(inputs, images[part], names)
        outputs = _forward(model, inputs, size, rotations)
        probabilities[part] = preprocessing.restore(outputs, images.shape[1:3])
    return probabilities


def predict_set(
    model: keras.Model | OnnxNetwork,
    slices: SliceSet,
    preprocessing: Preprocessing,
    *,
    rotations: bool = False,
) -> np.ndarray:
    """Probabilities of all slices of a set, whether the network sees slices or volumes.

    Args:
        model: A network of `seglib.models`; one of volumes gets each case as a whole.
        slices: What to predict.
        preprocessing: What the network was trained with.
        rotations: As `predict`; for networks of slices alone.

    Returns:
        As `predict`, in the order of `slices`.

    Raises:
        ValueError: `rotations` for a network of volumes.
    """
    patch = patch_of(model)
    if patch is None:
        return predict(model, slices.images, preprocessing, rotations=rotations)
    if rotations:
        raise ValueError("a network of volumes is not turned at test time; use rotations=False")
    shape = (*slices.images.shape[:3], model.output_shape[-1])
    probabilities = np.empty(shape, np.float32)
    for rows in stack_cases(slices):
        probabilities[rows] = predict_volume(model, slices.images[rows], preprocessing, patch)
    return probabilities


def _forward(
    model: keras.Model | OnnxNetwork, batch: np.ndarray, size: int, rotations: bool
) -> np.ndarray:
    if not rotations:
        return forward(model, batch, size)
    total = 0.0
    for flip in (False, True):
        for turns in range(4):
            turned = np.rot90(batch[:, :, ::-1] if flip else batch, turns, axes=(1, 2))
            output = np.rot90(forward(model, turned, size), -turns, axes=(1, 2))
            total = total + (output[:, :, ::-1] if flip else output)
    return total / np.float32(8)


def to_mask(probabilities: np.ndarray, level: float = 0.5) -> np.ndarray:
    """Hard masks.

    Args:
        probabilities: ``(N, H, W, K)``.
        level: For K = 1, foreground is where the probability is at least this.

    Returns:
        ``(N, H, W, 1)`` uint8 class indices.

    Raises:
        DataError: K is above 256, more than uint8 can number.
    """
    if probabilities.shape[-1] > 256:
        raise DataError(
            f"the network tells {probabilities.shape[-1]} classes apart, but a mask numbers 256 "
            "at most, background included"
        )
    if probabilities.shape[-1] == 1:
        return (probabilities >= level).astype(np.uint8)
    return probabilities.argmax(axis=-1, keepdims=True).astype(np.uint8)


def largest_component(masks: np.ndarray) -> np.ndarray:
    """Keep the largest 8-connected piece of foreground on each slice.

    A clean-up that can only remove; report it when you use it.

    Args:
        masks: ``(N, H, W, 1)`` uint8 with one foreground class.
    """
    from scipy import ndimage  # slow to import, and few predictions ask for this

    cleaned = np.zeros_like(masks)
    for out, mask in zip(cleaned, masks, strict=True):
        pieces, count = ndimage.label(mask[..., 0], structure=np.ones((3, 3)))
        if count:
            sizes = np.bincount(pieces.ravel())[1:]
            out[..., 0] = pieces == 1 + sizes.argmax()
    return cleaned


def attention_maps(
    model: keras.Model, images: np.ndarray, preprocessing: Preprocessing
) -> dict[str, np.ndarray]:
    """The attention weights a network gives to `images`.

    Args:
        model: A network with attention; others have no maps.
        images: ``(N, H, W, C)``, intensities as stored.
        preprocessing: What the network was trained with.

    Returns:
        For each attention block, finest first, ``(N, h, w, 1)`` (spatial) or
        ``(N, C)`` (channel) weights in [0, 1].
    """
    named = [layer for layer in model.layers if layer.name.endswith("_map")]
    if not named:
        return {}
    import keras

    named.sort(key=lambda layer: layer.name)
    reader = keras.Model(model.input, [layer.output for layer in named])
    values = reader.predict_on_batch(preprocessing.images(images))
    return {
        layer.name.removesuffix("_map"): keras.ops.convert_to_numpy(value)
        for layer, value in zip(named, values, strict=True)
    }


def save_model(
    model: keras.Model, path: str | Path, preprocessing: Preprocessing, card: dict
) -> None:
    """Write one self-contained ``.keras`` file: network, weights, preprocessing, provenance.

    The optimiser's state is left out. Every version of Keras in requirements.txt reads the
    file. It is written aside and renamed.

    Args:
        model: A network of `seglib.models`.
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
    """Read a file of `save_model`, or of `seglib.onnx_export.export_onnx`.

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
                    "prepared. Save the network with seglib.inference.save_model."
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

    import seglib.layers  # noqa: F401  the classes a saved network may hold register themselves

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
        "is installed, load the file and write it anew with seglib.inference.save_model."
    )
