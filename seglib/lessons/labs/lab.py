"""A lab: one switch, honest or broken, and what flipping it does to a score.

The student first writes down what the mistake will be worth, then flips the switch, sees what
it was worth, and reads the repair. Both positions are measured each time; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seglib.errors import SeglibError
from seglib.plotting.image import draw_contours, heart_window, show_image
from seglib.plotting.style import (
    AGREED,
    GREY,
    PREDICTION,
    TRUTH,
    WARNING,
    legend_below,
    outline_handles,
    plain_axes,
)
from seglib.slices import SliceSet

POSITIONS = ("honest", "broken")


@dataclass(frozen=True)
class Outcome:
    """What one position of a switch gives.

    Attributes:
        score: The number that this position would report.
        dataset: Name of the set that it was measured on, as figures print it.
        draw: Draws a picture of it into axes.
        outlines: What the picture's solid and dashed outlines are, for the legend.
    """

    score: float
    dataset: str
    draw: Callable[[Axes], None]
    outlines: tuple[str, ...] = ("expert", "prediction")


@dataclass(frozen=True)
class Lab:
    """One mistake and its switch.

    Attributes:
        name: What `seglib.lessons.lab` is asked for.
        title: The mistake as an order, e.g. "Leak the patients".
        question: What the student predicts before the switch is flipped.
        honest: What the switch does in its right position.
        broken: What it does in the wrong one.
        measure: What is scored, as an axis label.
        run: ``(broken, hearts, seed)`` to the outcome of one position.
        repair: How the mistake is avoided, in a sentence.
        code: The lines of seglib that avoid it.
        stands_for: What the small setting stands for, and what it does not show.
        source: Where the mistake was published or is documented; empty if nowhere.
        decimals: Of its numbers in tables and figures.
    """

    name: str
    title: str
    question: str
    honest: str
    broken: str
    measure: str
    run: Callable[[bool, SliceSet, int], Outcome]
    repair: str
    code: str
    stands_for: str
    source: str = ""
    decimals: int = 3


@dataclass
class OpenLab:
    """A lab on a student's desk: `predict`, `flip`, `show_effect`, `repair`.

    Attributes:
        lab: The mistake.
        hearts: Slices to work on; some labs draw a set of their own.
        seeds: One run of both positions each: which patients are held out, what is drawn.
        guess: What the student expects, once it is written down.
        outcomes: By position, an outcome for each seed, once the switch was flipped.
    """

    lab: Lab
    hearts: SliceSet
    seeds: Sequence[int]
    guess: float | None = None
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    def predict(self, change: float) -> None:
        """Write down what the broken position will add to the honest number.

        Args:
            change: Broken minus honest, in the unit of the lab's measure; below 0 if the
                mistake will make the number smaller.

        Raises:
            SeglibError: That is no number.
        """
        number = isinstance(change, int | float | np.number) and not isinstance(change, bool)
        if not number or not np.isfinite(change):
            raise SeglibError(f"a prediction is a number, such as 0.1 or -0.1; found {change!r}")
        self.guess = float(change)
        print(f"{self.lab.title}. {self.lab.question}")
        print(f"Noted: from '{self.lab.honest}' to '{self.lab.broken}' a change of {change:+g}.")

    def flip(self) -> pd.DataFrame:
        """Measure both positions, with every seed.

        Returns:
            Index ``switch`` with the two positions, what changed ("broken - honest") and the
            prediction; columns ``mean``, ``lowest``, ``highest`` of the seeds.

        Raises:
            SeglibError: Nothing was predicted yet.
        """
        if self.guess is None:
            raise SeglibError(
                "predict first: what will the broken position add to the honest number? "
                "For example .predict(0.1)"
            )
        self.outcomes = {
            position: [self.lab.run(position == "broken", self.hearts, seed) for seed in self.seeds]
            for position in POSITIONS
        }
        honest, broken = (self.scores(position) for position in POSITIONS)
        rows = {self.lab.honest: honest, self.lab.broken: broken}
        rows |= {"broken - honest": broken - honest, "your prediction": np.array([self.guess])}
        table = pd.DataFrame(
            {row: (v.mean(), v.min(), v.max()) for row, v in rows.items()},
            index=["mean", "lowest", "highest"],
        ).T
        return table.rename_axis("switch").round(self.lab.decimals)

    def scores(self, position: str) -> np.ndarray:
        """The numbers of one position, one a seed.

        Raises:
            SeglibError: There is no such position, or the switch was not flipped yet.
        """
        if position not in POSITIONS:
            raise SeglibError(f"the switch has no position {position!r}; {' and '.join(POSITIONS)}")
        if not self.outcomes:
            raise SeglibError("flip the switch first: .flip()")
        return np.array([outcome.score for outcome in self.outcomes[position]])

    def effect(self) -> float:
        """What the mistake adds to the honest number, on average over the seeds."""
        return float(np.mean(self.scores("broken") - self.scores("honest")))

    @property
    def labels(self) -> dict[str, str]:
        """``dataset`` and ``profile``, as `seglib.reporting.save_figure` wants them."""
        self.scores("honest")
        number = len(self.seeds)
        dataset = self.outcomes["honest"][0].dataset
        return {"dataset": dataset, "profile": f"{number} seed{'s' * (number > 1)}"}

    def show_effect(self) -> Figure:
        """A picture of each position, and below them the numbers beside the prediction.

        Raises:
            SeglibError: The switch was not flipped yet.
        """
        self.scores("honest")
        fig = plt.figure(figsize=(5.2, 5.0), layout="compressed")
        grid = fig.add_gridspec(2, 2, height_ratios=(1.35, 1))
        for column, position in enumerate(POSITIONS):
            axes = fig.add_subplot(grid[0, column])
            self.outcomes[position][0].draw(axes)
            axes.set_title(getattr(self.lab, position), fontsize=9)
        self._draw_numbers(fig.add_subplot(grid[1, :]))
        solid, dashed = (*self.outcomes["honest"][0].outlines, None, None)[:2]
        if solid:
            legend_below(fig, outline_handles(dashed, [(solid, TRUTH)]))
        return fig

    def _draw_numbers(self, axes: Axes) -> None:
        """A row each: honest, broken, and where the student saw the broken one."""
        honest, broken = (self.scores(position) for position in POSITIONS)
        guess = honest.mean() + self.guess
        rows = {
            "honest": (honest, AGREED),
            "broken": (broken, WARNING),
            "your guess": (np.atleast_1d(guess), GREY),
        }
        for height, (values, colour) in enumerate(rows.values()):
            mean = values.mean()
            axes.barh(height, mean, height=0.55, color=colour, alpha=0.85)
            if colour != GREY:  # a seed each
                dots = {"color": "white", "markeredgecolor": "black", "markersize": 4}
                axes.plot(values, np.full(len(values), height), "o", **dots)
            text = f"{mean:.{self.lab.decimals}f}"
            axes.text(1.02, height, text, transform=axes.get_yaxis_transform(), va="center")
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.invert_yaxis()
        axes.set_xlabel(self.lab.measure)
        plain_axes(axes, grid="x")

    def repair(self) -> None:
        """Print how the mistake is avoided, what the lab stands for, and where it happened."""
        print(f"Repair: {self.lab.repair}\n\n{self.lab.code}\n\n{self.lab.stands_for}")
        if self.lab.source:
            print(f"Source: {self.lab.source}")


def outlined(
    image: np.ndarray,
    truth: np.ndarray | None = None,
    prediction: np.ndarray | None = None,
    window: tuple[slice, slice] | None = None,
    levels: tuple[float, float] | None = None,
) -> Callable[[Axes], None]:
    """Draw an image with the expert's outline, solid, and a prediction's, dashed.

    Args:
        image: ``(H, W)`` or ``(H, W, C)``.
        truth: ``(H, W, 1)``, non-zero inside; None draws no outline.
        prediction: Same shape; None draws no outline.
        window: Part to show, as from `seglib.plotting.heart_window`.
        levels: Grey values drawn black and white; the image's own if left out.
    """

    def draw(axes: Axes) -> None:
        show_image(axes, image, window, levels=levels)
        if truth is not None:
            draw_contours(axes, truth, (TRUTH,))
        if prediction is not None:
            draw_contours(axes, prediction, (PREDICTION,), linestyles="dashed")

    return draw


def example(
    slices: SliceSet, prediction: np.ndarray, row: int | None = None
) -> Callable[[Axes], None]:
    """Draw one slice with both outlines.

    Args:
        slices: What was predicted.
        prediction: ``(N, H, W, 1)``, cut at 0.5.
        row: Which slice; one from the middle of the first case if left out.
    """
    if row is None:
        row = len(slices.rows_of(slices.table["case"].iloc[0])) // 2
    window = heart_window(slices.masks[row], margin=25)
    mask = np.uint8(prediction[row] >= 0.5)
    return outlined(slices.images[row], slices.masks[row], mask, window)
