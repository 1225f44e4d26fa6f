"""Networks of the published systems where they are not one of `seglib.models.networks`' own.

Built as described, weaknesses included; where a description leaves something open, the
published number of parameters settles it.
"""

from __future__ import annotations

import keras
from keras import layers

from seglib.models.layers import channel_attention, head, normalise


def published_lv(
    input_shape=(256, 256, 1),
    num_classes=1,
    filters=64,
    depth=5,
    norm="batch",
    *,
    skips=False,
    two_filter_head=True,
):
    """System 1's "modified spatial attention U-Net", its weaknesses kept.

    Channel attention after each block but the last, no skip connections,
    ReLU before normalisation, and a 2-filter ReLU convolution before the head, which
    can die and leave one value everywhere, whatever the image. At the default arguments
    it has the published 101,019,629 parameters; where the description leaves the layout
    open, that count settled it.

    Args:
        input_shape: ``(H, W, C)``.
        num_classes: Must be 1: the published head has one sigmoid output.
        filters: Filters of the first level.
        depth: Number of poolings.
        norm: ``"batch"`` as published (Keras' default momentum), or as `build_model`.
        skips: Join each encoder level to the decoder, which the published network lacks.
        two_filter_head: The published convolution before the head; without it the head
            reads the last decoder level.

    Raises:
        ValueError: `num_classes` is another.
    """
    if num_classes != 1:
        raise ValueError("published_lv has one class, as published")

    def conv_relu_norm(x, layer):
        x = layers.ReLU()(layer(x))
        if norm == "batch":
            return layers.BatchNormalization()(x)
        return normalise(x, norm, f"{layer.name}_norm")

    def block(x, channels, name):
        for _ in range(2):
            x = conv_relu_norm(x, layers.Conv2D(channels, 3, padding="same"))
        return channel_attention(x, name)

    inputs = x = keras.Input(input_shape, name="image")
    levels = []
    for level in range(depth):
        x = block(x, filters * 2**level, f"encoder{level + 1}")
        levels.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, filters * 2**depth, "bottleneck")
    for level in reversed(range(depth)):
        channels = filters * 2**level
        x = conv_relu_norm(x, layers.Conv2DTranspose(channels, 2, strides=2))
        if skips:
            x = layers.Concatenate()([levels[level], x])
        x = conv_relu_norm(x, layers.Conv2D(channels, 3, padding="same"))
        if level:
            x = channel_attention(x, f"decoder{level + 1}")
    if two_filter_head:
        x = layers.Conv2D(2, 3, padding="same", activation="relu", name="two_filters")(x)
    return keras.Model(inputs, head(x, num_classes), name="published_lv")


def published_lv_skips(input_shape, num_classes=1, filters=64, depth=5, norm="batch"):
    """`published_lv` with the skip connections it lacks. Arguments as there."""
    return published_lv(input_shape, num_classes, filters, depth, norm, skips=True)


def published_lv_repaired(input_shape, num_classes=1, filters=64, depth=5, norm="batch"):
    """`published_lv` with skip connections and without the head that can die."""
    return published_lv(
        input_shape, num_classes, filters, depth, norm, skips=True, two_filter_head=False
    )


def published_atrium(input_shape=(256, 256, 1), num_classes=1, filters=64, depth=3, norm="none"):
    """System 3's U-Net: bilinear upsampling, no normalisation, 7,781,761 parameters.

    Args:
        input_shape: ``(H, W, C)``.
        num_classes: As `seglib.models.build_model`.
        filters: Filters of the first level.
        depth: Number of poolings.
        norm: ``"none"`` as published, or as `seglib.models.build_model`.
    """

    def block(x, channels, name):
        for i in (1, 2):
            x = layers.Conv2D(channels, 3, padding="same", name=f"{name}_conv{i}")(x)
            x = layers.ReLU(name=f"{name}_relu{i}")(normalise(x, norm, f"{name}_norm{i}"))
        return x

    inputs = x = keras.Input(input_shape, name="image")
    levels = []
    for level in range(depth):
        x = block(x, filters * 2**level, f"encoder{level + 1}")
        levels.append(x)  # (N, H / 2**level, W / 2**level, filters * 2**level)
        x = layers.MaxPooling2D(name=f"pool{level + 1}")(x)
    x = block(x, filters * 2**depth, "bottleneck")
    for level in reversed(range(depth)):
        stage = f"decoder{level + 1}"
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{stage}_up")(x)
        x = layers.Concatenate(name=f"{stage}_join")([levels[level], x])
        x = block(x, filters * 2**level, stage)
    return keras.Model(inputs, head(x, num_classes), name="published_atrium")
