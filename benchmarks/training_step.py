"""One optimiser step of the same U-Net: 16 filters, 256x256, batch 8, float32.

The loss is Dice + cross-entropy and the optimiser AdamW everywhere. The Keras contenders are
driven by `fit`, as a user drives them, PyTorch by the loop that its tutorials have.
"""

from __future__ import annotations

import os

import numpy as np

from benchmarks.contender import Benchmark, Contender, Ready

FILTERS, DEPTH, SIDE, BATCH = 16, 4, 256, 8
#: Steps a portion of work: `fit` has costs of its own, which a real epoch spreads wider.
STEPS = 4


def _batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((BATCH, SIDE, SIDE, 1)).astype(np.float32)
    return images, (images > 1).astype(np.float32)


def _fitting(model, fitted) -> Ready:
    """A compiled Keras model that is fed the same batch again and again."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return STEPS

        def __getitem__(self, index):
            return _batch_of_all

    _batch_of_all = _batch()
    batches = Batches()

    def work() -> int:
        fitted.fit(batches, verbose=0)
        return STEPS * BATCH

    work()
    facts = {"parameters": model.count_params()}
    if keras.backend.backend() == "tensorflow":
        facts["gflop"] = 3 * _forward_gflop(model)  # backwards costs twice as much as forwards
    return Ready(work, facts)


def _forward_gflop(model) -> float:
    """Floating-point operations of one image's way through a model, in 1e9."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    call = tf.function(lambda x: model(x, training=False))
    concrete = call.get_concrete_function(tf.TensorSpec((1, SIDE, SIDE, 1)))
    graph = convert_variables_to_constants_v2(concrete).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(
        tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    )
    options = options.with_empty_output().build()
    return tf.compat.v1.profiler.profile(graph=graph, options=options).total_float_ops / 1e9


def seglib(total_steps: int = 1000) -> Ready:
    """As `seglib.training` builds and compiles it, on the backend of the environment."""
    from seglib.compiled import compile_model
    from seglib.recipes import get_recipe

    recipe = get_recipe("unet", filters=FILTERS, depth=DEPTH, batch_size=BATCH)
    return _fitting(*compile_model(recipe, (SIDE, SIDE, 1), 1, total_steps))


def seglib_without_xla() -> Ready:
    """The same for a training too short for XLA: TensorFlow's own kernels."""
    return seglib(total_steps=1)


def _compiled_as_usual(model) -> Ready:
    """A peer's Keras model, compiled with what Keras takes by itself."""
    import keras

    from seglib.losses import make_loss

    model.compile(optimizer=keras.optimizers.AdamW(2e-3), loss=make_loss("dice+bce"))
    return _fitting(model, model)


def keras_unet_collection() -> Ready:
    """`keras_unet_collection.models.unet_2d` of the same widths."""
    from keras_unet_collection import models

    widths = [FILTERS * 2**level for level in range(DEPTH + 1)]
    return _compiled_as_usual(
        models.unet_2d(
            (SIDE, SIDE, 1),
            widths,
            n_labels=1,
            activation="ReLU",
            output_activation="Sigmoid",
            batch_norm=True,
            unpool=False,
        )
    )


def medicai() -> Ready:
    """`medicai.models.UNet` about the same encoder.

    It has no skip at full resolution and enlarges by repeating pixels: a little less work.
    """
    import keras
    from medicai.models import UNet

    from seglib.layers import conv_block

    inputs = x = keras.Input((SIDE, SIDE, 1))
    levels = {}
    for level in range(DEPTH + 1):
        x = conv_block(x, FILTERS * 2**level, "batch", f"encoder{level}")
        if level:
            levels[f"P{level}"] = x
        if level < DEPTH:
            x = keras.layers.MaxPooling2D()(x)
    encoder = keras.Model(inputs, x)
    encoder.pyramid_outputs = levels
    widths = tuple(FILTERS * 2**level for level in reversed(range(DEPTH)))
    return _compiled_as_usual(
        UNet(encoder=encoder, encoder_depth=DEPTH, num_classes=1, decoder_filters=widths)
    )


def _pytorch(compiled: bool) -> Ready:
    """Plain PyTorch, channels last, as it is or under `torch.compile`."""
    import torch

    from benchmarks.torch_unet import UNet, dice_bce

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = UNet(FILTERS, DEPTH).to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in model.state_dict().values() if p.is_floating_point())
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-4)
    images, masks = (
        torch.from_numpy(half).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        for half in _batch()
    )
    forward = torch.compile(model) if compiled else model

    def work() -> int:
        for _ in range(STEPS):
            optimizer.zero_grad(set_to_none=True)
            loss = dice_bce(forward(images), masks)
            loss.backward()
            optimizer.step()
        return STEPS * BATCH

    work()
    return Ready(work, {"parameters": parameters})


def matrix_product() -> Ready:
    """What the processor can do: a large product, 1e9 operations an item."""
    side = 2048
    a = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    gflop = round(2 * side**3 / 1e9)

    def work() -> int:
        a @ a
        return gflop

    work()
    return Ready(work, {"gflop": 1.0})


BENCHMARK = Benchmark(
    module=__name__,
    title="Training step of one U-Net, 256x256, batch 8, float32",
    items="images",
    contenders=(
        Contender("seglib, TensorFlow", seglib, {"KERAS_BACKEND": "tensorflow"}),
        Contender("seglib, TensorFlow without XLA", seglib_without_xla),
        Contender("seglib, JAX", seglib, {"KERAS_BACKEND": "jax"}),
        Contender("seglib, PyTorch", seglib, {"KERAS_BACKEND": "torch"}),
        Contender("PyTorch", lambda: _pytorch(compiled=False)),
        Contender("PyTorch, torch.compile", lambda: _pytorch(compiled=True)),
        Contender("keras-unet-collection", keras_unet_collection),
        Contender("medicai", medicai),
        Contender("matrix product", matrix_product),
    ),
)
