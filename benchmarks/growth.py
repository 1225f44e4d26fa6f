"""How the cost of training grows with the image's side, the filters and the depth.

One optimiser step of the study's U-Net on the backend at hand, 8 filters, depth 4, 128x128,
batch 4, with one of them changed.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.contender import Benchmark, Contender, Ready

BATCH = 4
BASE = {"side": 128, "filters": 8, "depth": 4}
#: What is varied, each about `BASE`.
VALUES = {
    "side": (64, 128, 256, 512),
    "filters": (4, 8, 16, 32),
    "depth": (2, 3, 4, 5),
}


def step(side: int, filters: int, depth: int) -> Ready:
    """Steps of a U-Net of this size; `Ready.work` counts images."""
    from seglib.recipes.recipe import get_recipe
    from seglib.training.compile import compile_model

    recipe = get_recipe("unet", filters=filters, depth=depth, batch_size=BATCH)
    _, fitted = compile_model(recipe, (side, side, 1), 1, total_steps=1000)
    rng = np.random.default_rng(0)
    images = rng.standard_normal((BATCH, side, side, 1)).astype(np.float32)
    masks = (images > 1).astype(np.float32)

    def work() -> int:
        fitted.train_on_batch(images, masks)  # an epoch's own costs would hide the small ones
        return BATCH

    work()
    return Ready(work, {"parameters": fitted.count_params()})


def contenders() -> tuple[Contender, ...]:
    """One for each value of each quantity; the first is `BASE` itself."""
    sizes = {"base": BASE}
    for name, values in VALUES.items():
        sizes |= {f"{name} {value}": BASE | {name: value} for value in values}
    return tuple(Contender(name, partial(step, **size)) for name, size in sizes.items())


BENCHMARK = Benchmark(
    module=__name__,
    title="Training step: growth with side, filters and depth",
    items="images",
    contenders=contenders(),
)
