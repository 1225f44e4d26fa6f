"""How many floating-point operations a network's convolutions take; the rest is little beside."""

from __future__ import annotations

import math


def training_gflop(model) -> float:
    """Of one image's training step through a Keras model, in 1e9.

    Backwards costs twice as much as forwards: once for the weights, once for the input.

    Args:
        model: A `keras.Model` that is built, of any backend; models may lie in it.
    """
    return 3 * sum(map(_forward, _layers(model))) / 1e9


def torch_training_gflop(model, images) -> float:
    """The same for a `torch.nn.Module`, as PyTorch counts it; the images are ``(N, C, H, W)``."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(images)
    return 3 * counter.get_total_flops() / len(images) / 1e9


def _layers(model) -> list:
    """All layers, those of models inside it among them."""
    found = []
    for layer in model.layers:
        found += _layers(layer) if hasattr(layer, "layers") else [layer]
    return found


def _forward(layer) -> int:
    """A multiplication and an addition for each weight at each place; 0 without a kernel."""
    name = type(layer).__name__
    if name not in ("Conv2D", "Conv2DTranspose"):
        return 0
    # A convolution works at the places of its output, a transposed one at those of its input.
    places = (layer.output if name == "Conv2D" else layer.input).shape[1:3]
    return 2 * math.prod(layer.kernel.shape) * math.prod(places)
