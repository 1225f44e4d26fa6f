"""One optimiser step of the same U-Net: 16 filters, 256x256, batch 8, float32.

The loss is Dice + cross-entropy and the optimiser AdamW everywhere. The Keras contenders are
driven by `fit`, as a user drives them, PyTorch by the loop that its tutorials have.
`benchmarks.training_step_gpu` has the same on a graphics card.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.contender import Benchmark, Contender, Ready
from benchmarks.fitting import fitting, repeated
from benchmarks.flops import torch_training_gflop, training_gflop


@dataclass(frozen=True)
class Step:
    """What a step is of.

    Attributes:
        filters: Of the U-Net's first level.
        depth: Its poolings.
        side: Of the square images.
        batch: Images a step.
        steps: Steps a portion of work: `fit` has costs of its own, which a real epoch spreads
            wider.
        gpu: On a graphics card, in bfloat16.
    """

    filters: int = 16
    depth: int = 4
    side: int = 256
    batch: int = 8
    steps: int = 8
    gpu: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image."""
        return self.side, self.side, 1

    def pair(self) -> tuple[np.ndarray, np.ndarray]:
        """A batch of images and masks: noise."""
        rng = np.random.default_rng(0)
        images = rng.standard_normal((self.batch, *self.shape)).astype(np.float32)
        return images, (images > 1).astype(np.float32)


def fitting_one_batch(step: Step, model, fitted) -> Ready:
    """A compiled Keras model that is fed the same batch again and again."""
    batches = repeated(step.pair(), step.steps)
    facts = {"parameters": model.count_params(), "gflop": training_gflop(model)}
    return fitting(fitted, batches, step.steps * step.batch, facts)


def seglib(step: Step, xla: bool = False) -> Ready:
    """As `seglib.training.runs` builds and compiles it, on the backend of the environment.

    Args:
        step: What of.
        xla: Let XLA compile the step where Keras would not, on TensorFlow and a CPU.
    """
    import keras

    from seglib.recipes.recipe import get_recipe
    from seglib.training.compile import compile_model

    if step.gpu:
        keras.config.set_dtype_policy("mixed_bfloat16")
    recipe = get_recipe("unet", filters=step.filters, depth=step.depth, batch_size=step.batch)
    model, fitted = compile_model(recipe, step.shape, 1, total_steps=1000)
    fitted.jit_compile |= xla
    return fitting_one_batch(step, model, fitted)


def _compiled_as_usual(step: Step, model) -> Ready:
    """A peer's Keras model, compiled with what Keras takes by itself."""
    import keras

    from seglib.losses import make_loss

    model.compile(optimizer=keras.optimizers.AdamW(2e-3), loss=make_loss("dice+bce"))
    return fitting_one_batch(step, model, model)


def keras_unet_collection(step: Step) -> Ready:
    """`keras_unet_collection.models.unet_2d` of the same widths."""
    from keras_unet_collection import models

    widths = [step.filters * 2**level for level in range(step.depth + 1)]
    return _compiled_as_usual(
        step,
        models.unet_2d(
            step.shape,
            widths,
            n_labels=1,
            activation="ReLU",
            output_activation="Sigmoid",
            batch_norm=True,
            unpool=False,
        ),
    )


def medicai(step: Step) -> Ready:
    """`medicai.models.UNet` about the same encoder.

    It has no skip at full resolution and enlarges by repeating pixels, before it joins and
    convolves at full width; the results say how many operations that makes.
    """
    import keras
    from medicai.models import UNet

    from seglib.models.layers import conv_block

    inputs = x = keras.Input(step.shape)
    levels = {}
    for level in range(step.depth + 1):
        x = conv_block(x, step.filters * 2**level, "batch", f"encoder{level}")
        if level:
            levels[f"P{level}"] = x
        if level < step.depth:
            x = keras.layers.MaxPooling2D()(x)
    encoder = keras.Model(inputs, x)
    encoder.pyramid_outputs = levels
    widths = tuple(step.filters * 2**level for level in reversed(range(step.depth)))
    unet = UNet(encoder=encoder, encoder_depth=step.depth, num_classes=1, decoder_filters=widths)
    return _compiled_as_usual(step, unet)


def pytorch(step: Step, compiled: bool) -> Ready:
    """Plain PyTorch, channels last, as it is or under `torch.compile`."""
    import torch

    from benchmarks.torch_unet import channels_last_unet, dice_bce

    device = "cuda" if step.gpu else "cpu"
    model = channels_last_unet(step.filters, step.depth).to(device)
    parameters = sum(p.numel() for p in model.state_dict().values() if p.is_floating_point())
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-4)
    images, masks = (
        torch.from_numpy(half).permute(0, 3, 1, 2).to(device, memory_format=torch.channels_last)
        for half in step.pair()
    )
    facts = {"parameters": parameters, "gflop": torch_training_gflop(model, images)}
    forward = torch.compile(model) if compiled else model

    def work() -> int:
        for _ in range(step.steps):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device, torch.bfloat16, enabled=step.gpu):
                loss = dice_bce(forward(images), masks)
            loss.backward()
            optimizer.step()
        loss.item()  # a graphics card works on after its orders
        return step.steps * step.batch

    work()
    return Ready(work, facts)


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


CPU = Step()
BENCHMARK = Benchmark(
    module=__name__,
    title="Training step of one U-Net, 256x256, batch 8, float32",
    items="images",
    contenders=(
        Contender("seglib, TensorFlow", partial(seglib, CPU), {"KERAS_BACKEND": "tensorflow"}),
        Contender("seglib, TensorFlow with XLA", partial(seglib, CPU, xla=True)),
        Contender("seglib, JAX", partial(seglib, CPU), {"KERAS_BACKEND": "jax"}),
        Contender("seglib, PyTorch", partial(seglib, CPU), {"KERAS_BACKEND": "torch"}),
        Contender("PyTorch", partial(pytorch, CPU, compiled=False)),
        Contender("PyTorch, torch.compile", partial(pytorch, CPU, compiled=True)),
        Contender("keras-unet-collection", partial(keras_unet_collection, CPU)),
        Contender("medicai", partial(medicai, CPU)),
        Contender("matrix product", matrix_product, yardstick=True),
    ),
)
