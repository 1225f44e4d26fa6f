"""What could make the study's training step faster, each change on its own.

The step of `benchmarks.training_step` on TensorFlow. XLA is measured there, beside the peers.
"""

from __future__ import annotations

from functools import partial

from benchmarks.contender import Benchmark, Contender, Ready
from benchmarks.training_step import CPU, fitting_one_batch


def _resizing(layer):
    """A copy of a layer; enlarging by repeating pixels in place of a transposed convolution."""
    import keras

    if not isinstance(layer, keras.layers.Conv2DTranspose):
        return layer.__class__.from_config(layer.get_config())
    smoothing = keras.layers.Conv2D(layer.filters, 2, padding="same")
    return keras.Sequential([keras.layers.UpSampling2D(2), smoothing], name=layer.name)


def variant(
    policy: str = "float32",
    norm: str = "batch",
    resize: bool = False,
    metrics: bool = True,
    at_once: int = 1,
) -> Ready:
    """The study's step, changed.

    Args:
        policy: Keras' precision.
        norm: The normalisation.
        resize: Enlarge by repeating pixels.
        metrics: Count overlaps while training.
        at_once: Steps that `fit` makes before it returns to Python.
    """
    import keras

    from seglib.metrics import DiceScore, JaccardScore
    from seglib.recipes.recipe import get_recipe
    from seglib.training.compile import compile_model

    keras.config.set_dtype_policy(policy)
    recipe = get_recipe(
        "unet", filters=CPU.filters, depth=CPU.depth, batch_size=CPU.batch, norm=norm
    )
    _, model = compile_model(recipe, CPU.shape, 1, total_steps=1000)
    optimizer, loss = model.optimizer, model.loss
    if resize:
        model = keras.models.clone_model(model, clone_function=_resizing)
    watched = [DiceScore(), JaccardScore()] if metrics else []
    model.compile(optimizer=optimizer, loss=loss, metrics=watched)
    model.steps_per_execution = at_once
    return fitting_one_batch(CPU, model, model)


BENCHMARK = Benchmark(
    module=__name__,
    title="Training step of the study's U-Net, changed",
    items="images",
    contenders=(
        Contender("as the study trains", variant),
        Contender("bfloat16 where it may", partial(variant, policy="mixed_bfloat16")),
        Contender("enlarging by repeated pixels", partial(variant, resize=True)),
        Contender("group normalisation", partial(variant, norm="group")),
        Contender("no normalisation", partial(variant, norm="none")),
        Contender("no metrics", partial(variant, metrics=False)),
        Contender("4 steps at once", partial(variant, at_once=4)),
    ),
)
