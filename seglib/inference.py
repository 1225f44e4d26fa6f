"""From a trained network to masks on the images' own pixel grid; model files."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seglib.datasets.slice_set import SliceSet
from seglib.errors import ModelFileError
from seglib.forward import even_size, forward, most_at_once, values_per_pixel
from seglib.normalisation import require_finite_input
from seglib.onnx_network import OnnxNetwork, load_onnx
from seglib.preprocessing import Preprocessing
from seglib.sliding_window import patch_of, predict_volume
from seglib.volumes import stack_cases

if TYPE_CHECKING:  # what needs Keras imports it: an ONNX file is predicted without
    import keras

#: Name of seglib's own entry inside a ``.keras`` file, which is a zip archive.
_EXTRA = "seglib.json"


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
    inputs = preprocessing.images(images)
    require_finite_input(inputs, images, [f"image {index}" for index in range(len(images))])
    most = batch_size or most_at_once(values_per_pixel(model), inputs.shape[1:3])
    size = even_size(len(inputs), most)
    outputs = np.concatenate(
        [
            _forward(model, inputs[start : start + size], size, rotations)
            for start in range(0, len(inputs), size)
        ]
    )
    return preprocessing.restore(outputs, images.shape[1:3])


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
    """
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

    The optimiser's state is left out. The file is written aside and renamed.

    Args:
        model: A network of `seglib.models`.
        path: Ends in ``.keras``.
        preprocessing: What the network was trained with.
        card: Plain values about the model (class names, data, run).
    """
    import keras

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    bare = keras.Model(model.input, model.output, name=model.name)
    aside = path.with_name(f".{path.stem}.part.keras")
    bare.save(aside)
    with zipfile.ZipFile(aside, "a", zipfile.ZIP_DEFLATED) as archive:
        extra = {"preprocessing": preprocessing.to_dict(), "card": card}
        archive.writestr(_EXTRA, json.dumps(extra, indent=1))
    os.replace(aside, path)


def load_model(path: str | Path) -> tuple[keras.Model, Preprocessing, dict]:
    """Read a file of `save_model`, or of `seglib.onnx_export.export_onnx`.

    Returns:
        Model (of a file that ends in ``.onnx`` an `OnnxNetwork`), its preprocessing, and
        its card.

    Raises:
        ModelFileError: Missing, unreadable, or a plain file without preprocessing.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(f"no model file {path}")
    if path.suffix == ".onnx":
        return load_onnx(path)
    import keras

    import seglib.layers  # noqa: F401  the classes a saved network may hold register themselves

    try:
        with zipfile.ZipFile(path) as archive:
            extra = json.loads(archive.read(_EXTRA))
        model = keras.models.load_model(path, compile=False)
    except KeyError as error:
        raise ModelFileError(
            f"{path} is a Keras file without {_EXTRA}: it does not say how images must be "
            "prepared. Save the network with seglib.inference.save_model."
        ) from error
    except (zipfile.BadZipFile, ValueError, OSError, TypeError) as error:
        raise ModelFileError(f"{path} is not a readable .keras model file: {error}") from error
    return model, Preprocessing(**extra["preprocessing"]), extra["card"]
