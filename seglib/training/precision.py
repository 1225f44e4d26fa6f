"""In which precision a network is fitted: float32, or bfloat16 where the processor multiplies it.

bfloat16 keeps float32's range and 8 of its 24 bits of precision. Weights, their optimiser,
normalisation, probabilities and loss stay in float32 (Micikevicius et al. 2018, Mixed precision
training, arXiv:1710.03740); so does the network that is kept.
"""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path

import keras
import numpy as np

from seglib.errors import SeglibError

FLOAT32, BFLOAT16, AUTO = "float32", "bfloat16", "auto"

#: The environment variable that decides where `train` is not told.
VARIABLE = "SEGLIB_PRECISION"

#: What Linux calls a processor's instructions for it, on x86 and on ARM.
FLAGS = frozenset({"amx_bf16", "avx512_bf16", "avx_ne_convert", "bf16"})

#: With fewer filters the time goes into moving pixels, and bfloat16 was slower (0.8 of float32's
#: speed at 8 filters, 2 at 16, on a processor that has it).
FEWEST_FILTERS = 16

#: bfloat16 has to be so much faster in the trial.
GAIN = 1.2


def choose_precision(asked: str | None, filters: int) -> str:
    """The precision of a training: ``"float32"`` or ``"bfloat16"``.

    Args:
        asked: One of these, ``"auto"`` for the faster of them on this processor, or None for what
            the environment variable `SEGLIB_PRECISION` says, and float32 where it says nothing.
        filters: Of the network's first level.

    Raises:
        SeglibError: It is none of these.
    """
    precision = asked or os.environ.get(VARIABLE) or FLOAT32
    if precision not in (FLOAT32, BFLOAT16, AUTO):
        whose = "precision" if asked else VARIABLE
        raise SeglibError(f"{whose} {precision!r}; choose from {FLOAT32}, {BFLOAT16}, {AUTO}")
    if precision == AUTO:
        return BFLOAT16 if filters >= FEWEST_FILTERS and bfloat16_is_faster() else FLOAT32
    return precision


@functools.cache
def bfloat16_is_faster() -> bool:
    """Whether this processor convolves faster in bfloat16: it says so, and a short trial shows it.

    A processor without such instructions imitates them, at an eighth of float32's speed.
    """
    if not processor_flags() & FLAGS:
        return False
    return _convolution_seconds(FLOAT32) > GAIN * _convolution_seconds(BFLOAT16)


def processor_flags(cpu_info: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the first processor says it can do; empty where the system does not tell."""
    if cpu_info.is_file():
        for line in cpu_info.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return frozenset(value.split())
    return frozenset()


def _convolution_seconds(dtype: str, repeats: int = 10) -> float:
    """The shortest time of one convolution as a network has it, `repeats` times tried."""
    draw = np.random.default_rng(0).normal
    images = keras.ops.cast(draw(size=(8, 96, 96, 32)), dtype)
    kernel = keras.ops.cast(draw(size=(3, 3, 32, 32)), dtype)
    seconds = []
    for _ in range(repeats + 1):  # the first one prepares
        start = time.perf_counter()
        keras.ops.convert_to_numpy(keras.ops.conv(images, kernel, padding="same")[0, 0, 0])
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])
