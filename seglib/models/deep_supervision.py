"""Deep supervision: coarser decoder levels answer too, so that the loss reaches them directly.

Source: Lee et al. 2015, Deeply-supervised nets, arXiv:1409.5185; weights as in nnU-Net.
"""

from __future__ import annotations

import keras
from keras import layers


class DeeplySupervised(keras.Model):
    """A model of several outputs, finest first, all compared with one truth.

    Each level's loss weighs half as much as that of the finer one before it; the
    weights sum to 1. Metrics see the finest level alone.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted mean of the levels' losses."""
        weights = [0.5**level for level in range(len(y_pred))]
        total = 0.0
        for weight, level in zip(weights, y_pred, strict=True):
            loss = super().compute_loss(x, y, level, sample_weight, training)
            total = total + weight / sum(weights) * loss
        return total

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """The metrics of the finest level."""
        return super().compute_metrics(x, y, y_pred[0], sample_weight)


def with_deep_supervision(model: keras.Model, levels: int) -> DeeplySupervised:
    """Let `levels` coarser decoder levels answer beside the finest.

    Args:
        model: A network of `seglib.models.networks` whose decoder levels are named ``decoder1``
            (finest), ``decoder2``, ...; it shares its weights with the result.
        levels: How many levels beside the finest.

    Returns:
        A model for training alone; `model` is what predicts. Its outputs are those of
        `model`, then ``(N, H, W, K)`` of each coarser level, enlarged to full size.

    Raises:
        ValueError: The network has no such levels.
    """
    names = {layer.name for layer in model.layers}
    outputs = [model.output]
    for level in range(2, levels + 2):
        if f"decoder{level}_relu2" not in names:
            raise ValueError(f"{model.name} has no decoder level {level} to supervise")
        x = layers.Conv2D(
            model.output_shape[-1],
            1,
            activation=model.layers[-1].activation,
            dtype="float32",
            name=f"probabilities{level}",
        )(model.get_layer(f"decoder{level}_relu2").output)
        enlarge = layers.UpSampling2D(
            2 ** (level - 1), interpolation="bilinear", name=f"enlarged{level}"
        )
        outputs.append(enlarge(x))
    return DeeplySupervised(model.input, outputs)
