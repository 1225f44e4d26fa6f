"""A recipe's network with its optimiser, loss and metrics, ready to be fitted."""

from __future__ import annotations

import keras

from seglib.losses import make_loss
from seglib.metrics import DiceScore, JaccardScore
from seglib.models.deep_supervision import with_deep_supervision
from seglib.models.networks import build_model
from seglib.optimizers import make_optimizer, make_schedule
from seglib.recipes.recipe import Recipe
from seglib.training.working_copy import working_copy


def compile_model(
    recipe: Recipe,
    input_shape: tuple,
    num_classes: int,
    total_steps: int,
    precision: str = "float32",
) -> tuple[keras.Model, keras.Model]:
    """Build and compile a recipe's network.

    Args:
        recipe: What to build.
        input_shape: ``(h, w, C)`` after preprocessing, or ``(D, h, w, C)`` of a patch.
        num_classes: Network outputs: 1 for one foreground class.
        total_steps: Optimiser steps of the whole training, for the schedule.
        precision: As `seglib.training.working_copy.working_copy`.

    Returns:
        The network, and the compiled model that is fitted in its place; at the end
        `seglib.training.working_copy.copy_weights` brings the weights back. Deep supervision
        gives that model more outputs.
    """
    network = build_model(
        recipe.architecture, input_shape, num_classes, recipe.filters, recipe.depth, recipe.norm
    )
    fitted = working_copy(network, precision)
    if recipe.deep_supervision:
        fitted = with_deep_supervision(fitted, recipe.deep_supervision)
    schedule = "constant" if recipe.schedule == "plateau" else recipe.schedule
    fitted.compile(
        optimizer=make_optimizer(
            recipe.optimizer,
            make_schedule(schedule, recipe.learning_rate, total_steps),
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            ema=recipe.ema,
        ),
        loss=make_loss(recipe.loss),
        metrics=[DiceScore(), JaccardScore()],
        # Keras' own choice, "auto", leaves out XLA on a CPU. It is right: XLA's convolutions
        # are slower there than oneDNN's, in three dimensions many times.
    )
    # Variables made in the first step would have TensorFlow trace that step twice.
    fitted.optimizer.build(fitted.trainable_variables)
    return network, fitted
