"""The networks: one function each, any depth and number of filters.

All take ``(N, H, W, C)`` and return probabilities ``(N, H, W, K)``: K = 1 with a
sigmoid for one foreground class, else a softmax over K classes, background first.
H and W must be multiples of ``2**depth``.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from seglib.layers import (
    attention_gate,
    channel_attention,
    conv_block,
    normalise,
    spatial_attention,
    upsample,
)

#: What turns an encoder level's features into what its skip connection carries:
#: ``skip(features, gating, name)``.
Skip = Callable[[object, object, str], object]


def _head(x, num_classes: int):
    """1x1 convolution to probabilities, in float32 also under mixed precision."""
    return layers.Conv2D(
        num_classes,
        1,
        activation="sigmoid" if num_classes == 1 else "softmax",
        dtype="float32",
        name="probabilities",
    )(x)


def _u_shape(
    name: str,
    skip: Skip | None,
    input_shape: tuple[int | None, int | None, int],
    num_classes: int,
    filters: int,
    depth: int,
    norm: str,
) -> keras.Model:
    """The shape that all study networks share; only what `skip` does differs."""
    inputs = x = keras.Input(input_shape, name="image")
    levels = []
    for level in range(depth):
        x = conv_block(x, filters * 2**level, norm, f"encoder{level + 1}")
        levels.append(x)  # (N, H / 2**level, W / 2**level, filters * 2**level)
        x = layers.MaxPooling2D(name=f"pool{level + 1}")(x)
    x = conv_block(x, filters * 2**depth, norm, "bottleneck")
    for level in reversed(range(depth)):
        stage = f"decoder{level + 1}"
        up = upsample(x, filters * 2**level, stage)
        if skip is not None:
            carried = skip(levels[level], x, f"skip{level + 1}")
            up = layers.Concatenate(name=f"{stage}_join")([carried, up])
        x = conv_block(up, filters * 2**level, norm, stage)
    return keras.Model(inputs, _head(x, num_classes), name=name)


def encoder_decoder(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """The baseline: a U-Net without its skip connections. Arguments as `build_model`."""
    return _u_shape("encoder_decoder", None, input_shape, num_classes, filters, depth, norm)


def unet(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net (Ronneberger et al. 2015, arXiv:1505.04597), padded. Arguments as `build_model`."""

    def skip(features, gating, name):
        return features

    return _u_shape("unet", skip, input_shape, num_classes, filters, depth, norm)


def attention_unet(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net with additive attention gates on the skips. Arguments as `build_model`."""
    return _u_shape(
        "attention_unet", attention_gate, input_shape, num_classes, filters, depth, norm
    )


def channel_attention_unet(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net with squeeze-and-excitation on the skips. Arguments as `build_model`."""

    def skip(features, gating, name):
        return channel_attention(features, name)

    return _u_shape("channel_attention_unet", skip, input_shape, num_classes, filters, depth, norm)


def spatial_attention_unet(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net with true spatial attention on the skips. Arguments as `build_model`."""

    def skip(features, gating, name):
        return spatial_attention(features, name)

    return _u_shape("spatial_attention_unet", skip, input_shape, num_classes, filters, depth, norm)


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
    can die and leave an all-black output. At the default arguments it has the
    published 101,019,629 parameters; where the description leaves the layout open,
    that count settled it.

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
    return keras.Model(inputs, _head(x, num_classes), name="published_lv")


def published_lv_skips(input_shape, num_classes=1, filters=64, depth=5, norm="batch"):
    """`published_lv` with the skip connections it lacks. Arguments as there."""
    return published_lv(input_shape, num_classes, filters, depth, norm, skips=True)


def published_lv_repaired(input_shape, num_classes=1, filters=64, depth=5, norm="batch"):
    """`published_lv` with skip connections and without the head that can die."""
    return published_lv(
        input_shape, num_classes, filters, depth, norm, skips=True, two_filter_head=False
    )


ARCHITECTURES = {
    build.__name__: build
    for build in (
        encoder_decoder,
        unet,
        attention_unet,
        channel_attention_unet,
        spatial_attention_unet,
        published_lv,
        published_lv_skips,
        published_lv_repaired,
    )
}


def build_model(
    architecture: str,
    input_shape: tuple[int | None, int | None, int],
    num_classes: int = 1,
    filters: int = 16,
    depth: int = 4,
    norm: str = "batch",
) -> keras.Model:
    """Build a network by name.

    Args:
        architecture: A key of `ARCHITECTURES`.
        input_shape: ``(H, W, C)``; H and W multiples of ``2**depth``, or None for any.
        num_classes: 1 for one foreground class (sigmoid), else classes with background.
        filters: Filters of the first level; doubled at each level down.
        depth: Number of poolings.
        norm: ``"batch"``, ``"group"``, ``"instance"`` or ``"none"``.

    Returns:
        An uncompiled Keras model.

    Raises:
        ValueError: Unknown name, or arguments the network cannot take.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"no network {architecture!r}; choose from {', '.join(ARCHITECTURES)}")
    for side in input_shape[:2]:
        if side is not None and side % 2**depth:
            raise ValueError(
                f"a network of depth {depth} needs sides that are multiples of {2**depth}, "
                f"found {input_shape[:2]}"
            )
    return ARCHITECTURES[architecture](input_shape, num_classes, filters, depth, norm)
