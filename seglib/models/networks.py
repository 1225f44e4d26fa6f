"""The networks: one function each, any depth and number of filters.

All take ``(N, H, W, C)`` and return probabilities ``(N, H, W, K)``: K = 1 with a
sigmoid for one foreground class, else a softmax over K classes, background first.
H and W must be multiples of ``2**depth``. The encoder-decoder and the U-Net take
volumes ``(N, D, H, W, C)`` as well, and are three-dimensional then.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from seglib.models.layers import (
    attention_gate,
    by_rank,
    channel_attention,
    conv_block,
    head,
    spatial_attention,
    transformed_attention_gate,
    upsample,
)
from seglib.models.published import (
    published_atrium,
    published_lv,
    published_lv_repaired,
    published_lv_skips,
)

#: What turns an encoder level's features into what its skip connection carries:
#: ``skip(features, gating, name)``.
Skip = Callable[[object, object, str], object]


def _u_shape(
    name: str,
    skip: Skip | None,
    input_shape: tuple[int | None, ...],
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
        x = by_rank("MaxPooling", x)(name=f"pool{level + 1}")(x)
    x = conv_block(x, filters * 2**depth, norm, "bottleneck")
    for level in reversed(range(depth)):
        stage = f"decoder{level + 1}"
        up = upsample(x, filters * 2**level, stage)
        if skip is not None:
            carried = skip(levels[level], x, f"skip{level + 1}")
            up = layers.Concatenate(name=f"{stage}_join")([carried, up])
        x = conv_block(up, filters * 2**level, norm, stage)
    return keras.Model(inputs, head(x, num_classes), name=name)


def encoder_decoder(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """The baseline: a U-Net without its skip connections. Arguments as `build_model`."""
    return _u_shape("encoder_decoder", None, input_shape, num_classes, filters, depth, norm)


def unet(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net (Ronneberger et al. 2015, arXiv:1505.04597), padded. Arguments as `build_model`."""

    def skip(features, gating, name):
        return features

    return _u_shape("unet", skip, input_shape, num_classes, filters, depth, norm)


def attention_unet(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net with additive attention gates on all skips. Arguments as `build_model`.

    `attention_unet_oktay` has them where their paper has them.
    """
    return _u_shape(
        "attention_unet", attention_gate, input_shape, num_classes, filters, depth, norm
    )


def attention_unet_oktay(input_shape, num_classes=1, filters=16, depth=4, norm="batch"):
    """U-Net with attention gates as published: all skips but the finest, normalised after.

    The finest skip holds edges and no meaning yet, so it is joined as it is. Each gate is
    steered by the decoder one level deeper. Left out is what is no part of a gate: the
    authors' deep supervision, and their extra 1x1 blocks around the gates. Arguments as
    `build_model`; at depth 1 no skip is left to be gated.

    Source: Oktay et al. 2018, Attention U-Net, arXiv:1804.03999.
    """

    def skip(features, gating, name):
        finest = name == "skip1"
        return features if finest else transformed_attention_gate(features, gating, norm, name)

    return _u_shape("attention_unet_oktay", skip, input_shape, num_classes, filters, depth, norm)


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


ARCHITECTURES = {
    build.__name__: build
    for build in (
        encoder_decoder,
        unet,
        attention_unet,
        attention_unet_oktay,
        channel_attention_unet,
        spatial_attention_unet,
        published_lv,
        published_lv_skips,
        published_lv_repaired,
        published_atrium,
    )
}

#: Those that take volumes too.
VOLUMETRIC = ("encoder_decoder", "unet")


def build_model(
    architecture: str,
    input_shape: tuple[int | None, ...],
    num_classes: int = 1,
    filters: int = 16,
    depth: int = 4,
    norm: str = "batch",
) -> keras.Model:
    """Build a network by name.

    Args:
        architecture: A key of `ARCHITECTURES`.
        input_shape: ``(H, W, C)``, or ``(D, H, W, C)`` for a network of `VOLUMETRIC`;
            D, H and W multiples of ``2**depth``, or None for any.
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
    if len(input_shape) == 4 and architecture not in VOLUMETRIC:
        raise ValueError(
            f"{architecture} takes images, not volumes; for volumes choose from "
            f"{', '.join(VOLUMETRIC)}"
        )
    for side in input_shape[:-1]:
        if side is not None and side % 2**depth:
            raise ValueError(
                f"a network of depth {depth} needs sides that are multiples of {2**depth}, "
                f"found {input_shape[:-1]}"
            )
    return ARCHITECTURES[architecture](input_shape, num_classes, filters, depth, norm)
