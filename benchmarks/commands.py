"""What a user waits for at the command line, from the key to the end of the process."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from PIL import Image

from benchmarks.contender import Benchmark, Contender, Ready
from benchmarks.start_up import python


def predict(*options: str) -> Ready:
    """`python -m seglib predict` for one picture of 256x256, with the committed model."""
    from seglib.phantoms import heart

    folder = Path(tempfile.mkdtemp())
    Image.fromarray(heart.make(1, 1, 256).images[0, ..., 0]).save(folder / "heart.png")
    paths = ("--input", str(folder / "heart.png"), "--output", str(folder / "masks"))
    return python("-m", "seglib", "predict", *paths, *options)


def evaluate() -> Ready:
    """`python -m seglib evaluate` for one pair of masks of 256x256."""
    from seglib.phantoms import heart

    folder = Path(tempfile.mkdtemp())
    mask = 255 * heart.make(1, 1, 256).masks[0, ..., 0]
    for name in ("truth", "prediction"):
        (folder / name).mkdir()
        Image.fromarray(mask).save(folder / name / "heart.png")
    paths = ("--truth", str(folder / "truth"), "--prediction", str(folder / "prediction"))
    return python("-m", "seglib", "evaluate", *paths, "--output", str(folder / "scores.json"))


#: Names that `benchmarks.aims` asks for.
FIRST_MASK, WITH_KERAS = "predict, one image", "predict --backend keras, one image"
QUICK = ("evaluate, one pair", "recipes", "--help")

BENCHMARK = Benchmark(
    module=__name__,
    title="Commands, from start to end",
    items="runs",
    contenders=(
        Contender(WITH_KERAS, partial(predict, "--backend", "keras")),
        Contender(FIRST_MASK, predict),
        Contender(QUICK[0], evaluate),
        Contender(QUICK[1], partial(python, "-m", "seglib", "recipes")),
        Contender(QUICK[2], partial(python, "-m", "seglib", "--help")),
    ),
)
