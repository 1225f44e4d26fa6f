"""What the project aims at, beside what was measured.

Made from stored results alone. An aim whose benchmark is not stored is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from benchmarks.commands import FIRST_MASK, QUICK, WITH_KERAS
from benchmarks.dice_report import LEVELS, minutes_until
from benchmarks.interleaved import by_round
from benchmarks.stored import STORED, TRAINED, read
from seglib import reporting


@dataclass(frozen=True)
class Aim:
    """One line of the table.

    Attributes:
        of: What is measured.
        measured: The median over rounds, or the worst seed.
        bound: The number it is held against.
        at_least: `measured` should not be below `bound`; otherwise not above.
        unit: Of both.
        spread: Lowest and highest of the rounds, if there were any.
    """

    of: str
    measured: float
    bound: float
    at_least: bool = False
    unit: str = ""
    spread: tuple[float, float] | None = None

    @property
    def met(self) -> bool:
        """NaN, what was never reached, is not met."""
        if self.at_least:
            return self.measured >= self.bound
        return self.measured <= self.bound

    def row(self) -> dict[str, str]:
        """Its cells."""
        sign = "at least" if self.at_least else "at most"
        shown = "never" if pd.isna(self.measured) else f"{self.measured:.3g}{self.unit}"
        if self.spread:
            shown += f" [{self.spread[0]:.3g}, {self.spread[1]:.3g}]"
        return {
            "": self.of,
            "aim": f"{sign} {self.bound:g}{self.unit}",
            "measured": shown,
            "met": "yes" if self.met else "no",
        }


def over_rounds(of: str, values: pd.Series, bound: float, **more) -> Aim:
    """An aim for the median of one value a round."""
    return Aim(of, values.median(), bound, spread=(values.min(), values.max()), **more)


def best_of(speeds: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """In each round, the speed of the one with the highest median."""
    there = [name for name in names if name in speeds]
    return speeds[speeds[there].median().idxmax()]


def _input_pipeline(turns: pd.DataFrame) -> Iterator[Aim]:
    speeds = by_round(turns, "cpu_seconds")
    ratio = speeds["seglib"] / speeds["two ImageDataGenerators"]
    yield over_rounds(
        "pairs for the same processor time, of two ImageDataGenerators'", ratio, 5, at_least=True
    )


def _waiting(turns: pd.DataFrame) -> Iterator[Aim]:
    speeds = by_round(turns)
    share = 1 - speeds["seglib, the study's augmentation"] / speeds["one prepared batch"]
    yield over_rounds("share of a step that making its data costs", 100 * share, 5, unit=" %")


def _training_step(turns: pd.DataFrame) -> Iterator[Aim]:
    speeds = by_round(turns)
    others = ("PyTorch", "PyTorch, torch.compile", "keras-unet-collection", "medicai")
    ratio = speeds["seglib, TensorFlow"] / best_of(speeds, others)
    yield over_rounds("training step, of the best peer's speed", ratio, 1, at_least=True)


def _inference(turns: pd.DataFrame) -> Iterator[Aim]:
    speeds = by_round(turns)
    seglib, onnx = "seglib, predict on 256x256", "ONNX Runtime"
    ratio = speeds[seglib] / speeds["PyTorch"]
    yield over_rounds("`seglib` predicts, of PyTorch's speed", ratio, 1, at_least=True)
    ratio = speeds[onnx] / best_of(speeds, tuple(speeds.columns.drop(onnx)))
    yield over_rounds("ONNX predicts, of the best other's speed", ratio, 1, at_least=True)


def _streaming(turns: pd.DataFrame) -> Iterator[Aim]:
    held = turns.groupby("contender")["own_mib"].max()
    ratio = held["100,000 slices"] / held["100 slices"]
    yield Aim("memory held with 100,000 slices, of that with 100", ratio, 1.1)


def _start_up(turns: pd.DataFrame) -> Iterator[Aim]:
    seconds = 1 / by_round(turns)
    yield over_rounds("`import seglib`", seconds["import seglib"], 0.3, unit=" s")


def _commands(turns: pd.DataFrame) -> Iterator[Aim]:
    seconds, processor = 1 / by_round(turns), 1 / by_round(turns, "cpu_seconds")
    yield over_rounds("first mask of the command line", seconds[FIRST_MASK], 1, unit=" s")
    share = 100 * processor[FIRST_MASK] / processor[WITH_KERAS]
    yield over_rounds("its processor time, of that with Keras", share, 10, unit=" %")
    for name in QUICK:
        of = f"command line: {name}"
        yield over_rounds(of, seconds[name], 0.5, unit=" s")


def _preparation(turns: pd.DataFrame) -> Iterator[Aim]:
    seconds = 1 / by_round(turns)
    for name, bound in (("Sunnybrook, 805 pairs", 3), ("Decathlon heart, 12 volumes", 30)):
        for start, most in (("read and kept", bound), ("second start", 1)):
            which = f"{name}, {start}"
            yield over_rounds(which, seconds[which], most, unit=" s")


def _time_to_dice(curves: pd.DataFrame) -> Iterator[Aim]:
    minutes = minutes_until(curves, LEVELS).groupby("recipe", sort=False)
    worst = minutes.agg(lambda seeds: seeds.max(skipna=False))
    for level, bound in zip(LEVELS, (2, 5, 20), strict=True):
        reached = worst[f"{level:.2f}"].dropna()
        recipe = f" ({reached.idxmin()})" if len(reached) else ""
        of = f"test Dice of {level:.2f} with every seed{recipe}"
        yield Aim(of, reached.min(), bound, unit=" min")


#: The aims of each benchmark, from its stored table.
AIMS: dict[str, Callable[[pd.DataFrame], Iterator[Aim]]] = {
    "input_pipeline": _input_pipeline,
    "waiting": _waiting,
    "training_step": _training_step,
    TRAINED: _time_to_dice,
    "inference": _inference,
    "start_up": _start_up,
    "commands": _commands,
    "preparation": _preparation,
    "streaming": _streaming,
}


def markdown() -> str:
    """All aims whose benchmarks are stored, as a Markdown table."""
    rows = [
        aim.row()
        for name, aims in AIMS.items()
        if (STORED / f"{name}.csv").is_file()
        for aim in aims(read(name)[0])
    ]
    return reporting.to_markdown(pd.DataFrame(rows)).strip()
