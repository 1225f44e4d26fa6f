"""Minutes of training until the networks are of use: held-out Dice against time.

    python -m benchmarks time_to_dice                 all, stored
    python -m benchmarks.time_to_dice RECIPE          one, printed

Trains on Sunnybrook's 15 challenge-training patients. After some epochs the clock stops and
the 29 test patients are scored; nothing is chosen by these scores. What counts is all that
`seglib.training.train` does, compiling too; not the imports, nor reading the images.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import keras
import pandas as pd

from benchmarks import stored
from benchmarks.worker import processor_time
from seglib.datasets import sunnybrook
from seglib.evaluation.tables import per_patient, score_cases
from seglib.files import REPOSITORY
from seglib.inference.prediction import predict, to_mask
from seglib.program import seed_number
from seglib.recipes.recipe import Recipe, get_recipe
from seglib.slices import SliceSet
from seglib.splits.patients import literature_split
from seglib.training.runs import train
from study.questions.best import selected_recipe
from study.questions.heart import CROP
from study.questions.waterfall import waterfall_recipes

#: Budgets of one recipe, smallest first, and system 1's recipe as small as the study runs it.
RECIPES: dict[str, Recipe] = {
    "unet, 8 filters, 12 epochs": get_recipe("unet", "quick", preprocessing=CROP),
    "unet, 8 filters, 40 epochs": get_recipe("unet", "quick", epochs=40, preprocessing=CROP),
    "selected, 16 filters, 80 epochs": selected_recipe(80),
    "system 1, slim": waterfall_recipes()["patients"],
}
SEEDS = (0, 1)
#: Scored after each of the first epochs, then after every tenth part of the training.
FIRST_EPOCHS = 5


class DiceOverTime(keras.callbacks.Callback):
    """Scores the test patients now and then, with the clocks stopped.

    Args:
        recipe: What is trained.
        test_set: Who is scored.

    Attributes:
        rows: One a scoring: ``epoch`` (from 1), ``seconds``, ``cpu_seconds``, ``dice``.
    """

    def __init__(self, recipe: Recipe, test_set: SliceSet):
        super().__init__()
        self.recipe, self.test_set = recipe, test_set
        self.rows: list[dict] = []
        self.started, self.processor = time.perf_counter(), processor_time()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Score, if it is time to; then leave out of the clocks what that took."""
        done, every = epoch + 1, max(self.recipe.epochs // 10, 1)
        if done > FIRST_EPOCHS and done % every and done != self.recipe.epochs:
            return
        spent = time.perf_counter() - self.started
        used = processor_time() - self.processor
        masks = to_mask(predict(self.model, self.test_set.images, self.recipe.preprocessing))
        dice = per_patient(score_cases(self.test_set, masks))["dice"].mean()
        self.rows.append({"epoch": done, "seconds": spent, "cpu_seconds": used, "dice": dice})
        print(f"epoch {done}: {spent:.0f} s, Dice {dice:.3f}", file=sys.stderr)
        self.started = time.perf_counter() - spent
        self.processor = processor_time() - used


def curve(name: str, seed: int = 0) -> pd.DataFrame:
    """Train a recipe of `RECIPES` and say how good it was when.

    Args:
        name: A key of `RECIPES`.
        seed: Of the training.

    Returns:
        `DiceOverTime.rows`, with ``recipe``, ``seed`` and the number of ``cores``.
    """
    recipe = RECIPES[name]
    slices = sunnybrook.load()
    parts = literature_split(slices).apply(slices)
    with tempfile.TemporaryDirectory() as folder:
        watch = DiceOverTime(recipe, parts["test"])
        train(recipe, parts["train"], seed=seed, runs_dir=Path(folder), callbacks=[watch])
    table = pd.DataFrame(watch.rows).assign(recipe=name, seed=seed)
    return table.assign(cores=len(os.sched_getaffinity(0)))


def store() -> None:
    """Train every recipe with every seed, each in a process of its own, and store the curves."""
    started, curves = datetime.now(UTC), []
    for seed in SEEDS:
        for name in RECIPES:
            command = [sys.executable, "-m", "benchmarks.time_to_dice", name, "--seed", str(seed)]
            done = subprocess.run(
                command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
            )
            curves.append(pd.read_csv(io.StringIO(done.stdout)))
    recipes = {name: recipe.to_dict() for name, recipe in RECIPES.items()}
    stored.write(stored.TRAINED, pd.concat(curves), started, recipes=recipes)


def main() -> int:
    """Train one recipe and print its curve as CSV."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.time_to_dice", description=__doc__)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--seed", type=seed_number, default=0)
    options = parser.parse_args()
    print(curve(options.recipe, options.seed).to_csv(index=False), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
