"""One optimiser step of a U-Net on a graphics card: 64 filters, 256x256, batch 16, bfloat16.

As `benchmarks.training_step`; left out where there is no card.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.contender import Benchmark, Contender, MissingError, Ready
from benchmarks.training_step import Step, pytorch, seglib


def on_the_card(set_up: Callable[[], Ready]) -> Ready:
    """A contender, if PyTorch sees a card here."""
    import torch

    if not torch.cuda.is_available():
        raise MissingError("no graphics card")
    return set_up()


def matrix_product() -> Ready:
    """What the card can do: a large product in bfloat16, 1e9 operations an item."""
    import torch

    side, times = 8192, 10
    a = torch.randn(side, side, device="cuda", dtype=torch.bfloat16)

    def work() -> int:
        for _ in range(times):
            product = a @ a
        product[0, 0].item()
        return round(times * 2 * side**3 / 1e9)

    work()
    return Ready(work, {"gflop": 1.0})


GPU = Step(filters=64, batch=16, steps=20, gpu=True)
#: JAX would take most of the card's memory for itself.
_JAX = {"KERAS_BACKEND": "jax", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
_NETS = (
    ("seglib, JAX", partial(seglib, GPU), _JAX),
    ("seglib, PyTorch", partial(seglib, GPU), {"KERAS_BACKEND": "torch"}),
    ("PyTorch", partial(pytorch, GPU, compiled=False), {}),
    ("PyTorch, torch.compile", partial(pytorch, GPU, compiled=True), {}),
)
BENCHMARK = Benchmark(
    module=__name__,
    title="Training step of one U-Net on a graphics card, 256x256, batch 16, bfloat16",
    items="images",
    contenders=(
        *(Contender(name, partial(on_the_card, net), variables) for name, net, variables in _NETS),
        Contender("matrix product", partial(on_the_card, matrix_product), yardstick=True),
    ),
)
