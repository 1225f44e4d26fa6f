"""Where a network with attention looks."""

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
    named = [layer for layer in model.layers if layer.name.endswith("_map")]
    if not named:
        return {}
    import keras

    named.sort(key=lambda layer: layer.name)
    reader = keras.Model(model.input, [layer.output for layer in named])
    values = reader.predict_on_batch(preprocessing.images(images))
    if len(named) == 1:  # Keras gives a single output without its list
        values = [values]
    return {
        layer.name.removesuffix("_map"): keras.ops.convert_to_numpy(value)
        for layer, value in zip(named, values, strict=True)
    }
