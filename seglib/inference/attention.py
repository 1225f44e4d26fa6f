"""What a network sees on its way: features of its levels, and where its attention looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seglib.preprocessing.steps import Preprocessing

if TYPE_CHECKING:
    import keras


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
    named = sorted(layer.name for layer in model.layers if layer.name.endswith("_map"))
    found = _outputs(model, named, images, preprocessing)
    return {name.removesuffix("_map"): value for name, value in found.items()}


def feature_maps(
    model: keras.Model, images: np.ndarray, preprocessing: Preprocessing
) -> dict[str, np.ndarray]:
    """What the levels of one of the study's networks make of `images`.

    Args:
        model: An encoder–decoder, or any U-Net of `seglib.models.networks`.
        images: ``(N, H, W, C)``, intensities as stored.
        preprocessing: What the network was trained with.

    Returns:
        The last features of each level, ``(N, h, w, filters)``, 0 or more, in the order in
        which an image passes them: ``"encoder1"``, ..., ``"bottleneck"``, ..., ``"decoder1"``.
        Empty for a network without such levels.
    """
    ending = "_relu2"  # as `seglib.models.layers.conv_block` ends
    levels = ("encoder", "bottleneck", "decoder")
    named = [layer.name for layer in model.layers if layer.name.endswith(ending)]
    named = [name for name in named if name.startswith(levels)]
    found = _outputs(model, named, images, preprocessing)
    return {name.removesuffix(ending): value for name, value in found.items()}


def _outputs(
    model: keras.Model, named: list[str], images: np.ndarray, preprocessing: Preprocessing
) -> dict[str, np.ndarray]:
    """What the named layers give, in their order."""
    if not named:
        return {}
    import keras

    reader = keras.Model(model.input, [model.get_layer(name).output for name in named])
    values = reader.predict_on_batch(preprocessing.images(images))
    if len(named) == 1:  # Keras gives a single output without its list
        values = [values]
    return {
        name: keras.ops.convert_to_numpy(value) for name, value in zip(named, values, strict=True)
    }
