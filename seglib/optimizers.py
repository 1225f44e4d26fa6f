"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

import math

import keras
from keras import ops

SCHEDULES = ("constant", "cosine", "polynomial")
OPTIMIZERS = ("sgd", "adam", "adamw")


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise, then half a cosine down to 0.

    Keras' `CosineDecay` gives the same numbers by branching, and AdamW asks for the rate once
    for every weight: its branches took longer to build than the network.

    Args:
        learning_rate: The highest rate, reached after the rise.
        warmup_steps: Steps of the rise, which begins at ``learning_rate / warmup_steps``.
        decay_steps: Steps of the fall.

    Source: Loshchilov & Hutter 2017, arXiv:1608.03983.
    """

    def __init__(self, learning_rate: float, warmup_steps: int, decay_steps: int):
        self.learning_rate = learning_rate
        self.warmup_steps = warmup_steps
        self.decay_steps = decay_steps

    def __call__(self, step):
        """The rate at an optimiser step, counted from 0."""
        step = ops.cast(step, "float32")
        first = self.learning_rate / self.warmup_steps
        rising = first + (self.learning_rate - first) * step / self.warmup_steps
        done = ops.minimum((step - self.warmup_steps) / self.decay_steps, 1.0)
        falling = self.learning_rate * 0.5 * (1.0 + ops.cos(math.pi * done))
        return ops.where(step < self.warmup_steps, rising, falling)

    def get_config(self) -> dict:
        """What makes it again."""
        names = ("learning_rate", "warmup_steps", "decay_steps")
        return {name: getattr(self, name) for name in names}


def make_schedule(name: str, learning_rate: float, total_steps: int):
    """A learning rate, or a schedule that falls from it to 0 over `total_steps`.

    Args:
        name: ``"constant"``, ``"cosine"`` (with a linear warm-up over the first 3 % of
            the steps) or ``"polynomial"`` (power 0.9, as nnU-Net).
        learning_rate: The highest learning rate.
        total_steps: Optimiser steps of the whole training.

    Raises:
        ValueError: The name is unknown.
    """
    if name == "constant":
        return learning_rate
    if name == "cosine":
        warmup = max(total_steps * 3 // 100, 1)
        return WarmupCosine(learning_rate, warmup, decay_steps=max(total_steps - warmup, 1))
    if name == "polynomial":
        return keras.optimizers.schedules.PolynomialDecay(
            learning_rate, total_steps, end_learning_rate=0.0, power=0.9
        )
    raise ValueError(f"no schedule {name!r}; choose from {', '.join(SCHEDULES)}")


def make_optimizer(
    name: str,
    learning_rate,
    *,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    ema: float = 0.0,
) -> keras.optimizers.Optimizer:
    """An optimiser by name.

    Args:
        name: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: A number, or a schedule from `make_schedule`.
        momentum: SGD's momentum, with Nesterov's look-ahead; others ignore it.
        weight_decay: Decoupled weight decay of AdamW and SGD; Adam ignores it.
        ema: Momentum of a moving average of the weights, kept beside them; 0 for none.

    Raises:
        ValueError: The name is unknown.
    """
    average = {"use_ema": True, "ema_momentum": ema} if ema else {}
    if name == "sgd":
        return keras.optimizers.SGD(
            learning_rate,
            momentum=momentum,
            nesterov=True,
            weight_decay=weight_decay or None,
            **average,
        )
    if name == "adam":
        return keras.optimizers.Adam(learning_rate, **average)
    if name == "adamw":
        return keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, **average)
    raise ValueError(f"no optimiser {name!r}; choose from {', '.join(OPTIMIZERS)}")
