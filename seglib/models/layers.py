"""Blocks the networks are built from: convolutions, normalisations, three kinds of attention.

Convolutions and normalisations take volumes ``(N, D, H, W, C)`` as they take images.

Each function takes a tensor and returns a tensor, in the style of Keras' functional
API, so a model can be read from top to bottom. Attention maps are the outputs of
layers whose name ends in ``_map``; `seglib.inference.attention_maps` reads them.
"""

from __future__ import annotations

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="seglib")
class ChannelStatistics(layers.Layer):
    """Mean and maximum over the channels: what spatial attention looks at.

    ``(N, H, W, C)`` in, ``(N, H, W, 2)`` out.
    """

    def call(self, inputs):
        """``(N, H, W, C)`` -> ``(N, H, W, 2)``."""
        mean = ops.mean(inputs, axis=-1, keepdims=True)
        maximum = ops.max(inputs, axis=-1, keepdims=True)
        return ops.concatenate([mean, maximum], axis=-1)

    def compute_output_shape(self, input_shape):
        """The shape Keras plans with."""
        return (*input_shape[:-1], 2)


def by_rank(name: str, x, suffix: str = ""):
    """Keras' layer class for images or volumes: ``by_rank("Conv", x)`` is Conv2D or Conv3D.

    Args:
        name: What stands before ``2D`` or ``3D`` in the class's name.
        x: ``(N, H, W, C)`` or ``(N, D, H, W, C)``.
        suffix: What stands after it.
    """
    return getattr(layers, f"{name}{len(x.shape) - 2}D{suffix}")


def normalise(x, norm: str, name: str):
    """One normalisation layer.

    Args:
        x: ``(N, H, W, C)`` or ``(N, D, H, W, C)``.
        norm: ``"batch"`` (needs a batch of about 8 or more: at batch 1 the moving
            averages do not describe the data), ``"group"`` (8 groups, or as many as
            divide C), ``"instance"`` (one group per channel) or ``"none"``.
        name: Layer name.

    Raises:
        ValueError: `norm` is none of these.
    """
    if norm == "batch":
        return layers.BatchNormalization(momentum=0.9, name=name)(x)
    if norm == "group":
        channels = x.shape[-1]
        groups = max(g for g in range(1, 9) if channels % g == 0)
        return layers.GroupNormalization(groups, name=name)(x)
    if norm == "instance":
        return layers.GroupNormalization(-1, name=name)(x)
    if norm == "none":
        return x
    raise ValueError(f"norm must be batch, group, instance or none, found {norm!r}")


def conv_block(x, filters: int, norm: str, name: str):
    """Twice convolution of width 3, normalisation, ReLU: ``(..., C)`` -> ``(..., filters)``."""
    for i in (1, 2):
        # The normalisation has its own offset, so the convolution needs no bias.
        x = by_rank("Conv", x)(
            filters,
            3,
            padding="same",
            use_bias=norm == "none",
            kernel_initializer="he_normal",
            name=f"{name}_conv{i}",
        )(x)
        x = normalise(x, norm, f"{name}_norm{i}")
        x = layers.ReLU(name=f"{name}_relu{i}")(x)
    return x


def upsample(x, filters: int, name: str):
    """Transposed convolution of width 2: ``(N, H, W, C)`` -> ``(N, 2H, 2W, filters)``."""
    return by_rank("Conv", x, "Transpose")(
        filters, 2, strides=2, kernel_initializer="he_normal", name=f"{name}_up"
    )(x)


def attention_gate(skip, gating, name: str):
    """Additive attention gate: the coarse features say where in the skip to look.

    Args:
        skip: Encoder features ``(N, H, W, C)``.
        gating: Decoder features, one level deeper, ``(N, H/2, W/2, D)``.
        name: Prefix of the layer names; ``{name}_map`` is ``(N, H, W, 1)`` in [0, 1].

    Returns:
        ``(N, H, W, C)``: `skip` times the map.

    Source: Oktay et al. 2018, arXiv:1804.03999.
    """
    inner = max(skip.shape[-1] // 2, 1)
    theta = layers.Conv2D(inner, 2, strides=2, use_bias=False, name=f"{name}_theta")(skip)
    phi = layers.Conv2D(inner, 1, name=f"{name}_phi")(gating)
    joint = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([theta, phi]))
    coarse = layers.Conv2D(1, 1, activation="sigmoid", name=f"{name}_psi")(joint)
    attention = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_map")(coarse)
    return layers.Multiply(name=f"{name}_multiply")([skip, attention])


def transformed_attention_gate(skip, gating, norm: str, name: str):
    """`attention_gate`, then a 1x1 convolution and a normalisation, as its authors' code has it.

    A gate only ever makes features smaller. The normalisation gives what the decoder joins
    the scale of the features beside it again.

    Args:
        skip: Encoder features ``(N, H, W, C)``.
        gating: Decoder features, one level deeper, ``(N, H/2, W/2, D)``.
        norm: As `normalise`; the authors have ``"batch"``.
        name: As `attention_gate`; the convolution is ``{name}_transform``.

    Returns:
        ``(N, H, W, C)``.

    Source: Oktay et al. 2018, arXiv:1804.03999; the transform is ``W`` in the code published
    with it, github.com/ozan-oktay/Attention-Gated-Networks.
    """
    gated = attention_gate(skip, gating, name)  # (N, H, W, C)
    mixed = layers.Conv2D(skip.shape[-1], 1, use_bias=norm == "none", name=f"{name}_transform")(
        gated
    )
    return normalise(mixed, norm, f"{name}_norm")


def channel_attention(x, name: str, ratio: int = 8):
    """Squeeze-and-excitation with a residual: which *channels* matter, nowhere in particular.

    System 1 calls this "spatial attention"; it pools all positions away first, so it
    cannot be. ``(N, H, W, C)`` in and out; ``{name}_map`` is ``(N, C)`` in [0, 1].

    Source: Hu et al. 2018, arXiv:1709.01507; ratio and residual as system 1.
    """
    channels = x.shape[-1]
    squeezed = layers.GlobalAveragePooling2D(name=f"{name}_squeeze")(x)
    hidden = layers.Dense(max(channels // ratio, 1), activation="relu", name=f"{name}_dense")(
        squeezed
    )
    weights = layers.Dense(channels, activation="sigmoid", name=f"{name}_map")(hidden)
    weights = layers.Reshape((1, 1, channels), name=f"{name}_reshape")(weights)
    scaled = layers.Multiply(name=f"{name}_multiply")([x, weights])
    return layers.Add(name=f"{name}_add")([x, scaled])


def spatial_attention(x, name: str, kernel_size: int = 7):
    """Spatial attention: one weight for each *position*, shared by all channels.

    ``(N, H, W, C)`` in and out; ``{name}_map`` is ``(N, H, W, 1)`` in [0, 1].

    Source: the spatial half of Woo et al. 2018 (CBAM), arXiv:1807.06521.
    """
    statistics = ChannelStatistics(name=f"{name}_statistics")(x)
    attention = layers.Conv2D(
        1, kernel_size, padding="same", activation="sigmoid", name=f"{name}_map"
    )(statistics)
    return layers.Multiply(name=f"{name}_multiply")([x, attention])


def head(x, num_classes: int):
    """1x1 convolution to probabilities, in float32 also under mixed precision.

    ``(..., C)`` -> ``(..., num_classes)``: a sigmoid for one class, else a softmax.
    """
    return by_rank("Conv", x)(
        num_classes,
        1,
        activation="sigmoid" if num_classes == 1 else "softmax",
        dtype="float32",
        name="probabilities",
    )(x)
