"""What the study's notebooks share: the data under a profile, the split, and scoring a run.

The order is the protocol. Networks train on `train`; every choice is made on
`validation`; `test` is looked at once, in notebook 06.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from seglib import datasets
from seglib.environment import colab_advice, environment
from seglib.evaluation.tables import MEAN_OF_CLASSES, score_cases, summarise
from seglib.files import results_dir, write_json
from seglib.inference.prediction import predict_set, to_mask
from seglib.lessons.alt_text import describe_figures
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet
from seglib.splits.leaks import check_no_leaks
from seglib.splits.patients import Split, literature_split
from seglib.training.runs import Run, train

#: Patients that each part keeps in the smoke profile, which only shows that all runs.
_SMOKE_PATIENTS = 3


def describe_environment() -> None:
    """Print the versions and the device that a notebook runs on, and on Colab what to do there.

    From here on each figure that the notebook shows has an alternative text.

    TensorFlow's notices about repeated tracing are silenced: a notebook that predicts
    with several networks meets them by design, and a reader can do nothing about them.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    describe_figures()
    found = environment()
    versions = found["versions"]
    backend = keras.backend.backend()
    print(
        f"Python {found['python']}, seglib {versions['seglib']}, Keras {keras.__version__} "
        f"on {backend} {versions.get(backend, '')}, {found['device']}, {found['cpu_count']} cores"
    )
    if advice := colab_advice(results_dir()):
        print(advice)


@dataclass(frozen=True)
class Study:
    """One data set, split by patient.

    Attributes:
        profile: ``"smoke"``, ``"quick"`` or ``"full"``.
        seed: Seed of all trainings.
        slices: Everything, before the split.
        split: Which patient is where.
        train: Slices to fit.
        validation: Slices of other patients, to choose with.
        test: Slices of the held-out patients.
    """

    profile: str
    seed: int
    slices: SliceSet
    split: Split
    train: SliceSet
    validation: SliceSet
    test: SliceSet

    @property
    def labels(self) -> dict[str, str]:
        """``dataset`` and ``profile``, as every figure and table wants them."""
        return {"dataset": self.slices.name, "profile": self.profile}


def open_study(profile: str, dataset: str = "auto", seed: int = 0) -> Study:
    """Load the data, split by patient, and refuse to go on if anything leaks.

    Args:
        profile: ``"smoke"``, ``"quick"`` or ``"full"``.
        dataset: As `seglib.datasets.load`.
        seed: Seed of all trainings. The split does not depend on it.

    Raises:
        DataError: The data cannot be loaded.
        LeakError: Parts share a patient, a source image or a near-duplicate.
    """
    slices = datasets.load(dataset)
    split = literature_split(slices, validation_patients=_validation_patients(slices))
    return study_of(slices, split, profile, seed)


def study_of(slices: SliceSet, split: Split, profile: str, seed: int = 0) -> Study:
    """A study of any set and split; in the smoke profile of a few patients of each part.

    Args:
        slices: Everything.
        split: Which patient is where.
        profile: ``"smoke"``, ``"quick"`` or ``"full"``.
        seed: Seed of all trainings.

    Raises:
        LeakError: Parts share a patient, a source image or a near-duplicate.
    """
    if profile == "smoke":
        parts = (part[:_SMOKE_PATIENTS] for part in (split.train, split.validation, split.test))
        split = Split(split.name, *parts)
    parts = split.apply(slices)
    check_no_leaks(parts)
    summary = {"name": slices.name, "slices": len(slices), "patients": len(slices.patients)}
    name = f"{slices.name.lower().replace(' ', '_')}.json"
    write_json(results_dir() / "datasets" / name, summary)
    return Study(profile, seed, slices, split, **parts)


def excerpt(
    slices: SliceSet, split: Split, patients: Sequence[int], per_case: int
) -> tuple[SliceSet, Split]:
    """The first patients of each part and some slices of each, so that a lesson ends in time.

    Args:
        slices: Everything.
        split: Which patient is where.
        patients: How many to keep to train, to validate and to test, at most.
        per_case: Slices to keep of a case, at most, evenly spread from its first to its last.

    Returns:
        The kept slices in their order, and their split.
    """
    parts = (split.train, split.validation, split.test)
    kept = Split(split.name, *(part[:n] for part, n in zip(parts, patients, strict=True)))
    chosen = slices.of_patients(kept.train + kept.validation + kept.test)
    rows: list[int] = []
    for case in chosen.cases():
        spread = np.linspace(0, len(case) - 1, min(per_case, len(case)))
        rows += case[spread.round().astype(int)].tolist()
    return chosen.take(np.sort(rows)), kept


def _validation_patients(slices: SliceSet) -> int:
    """A fifth of the training patients, and at least one."""
    if "part" not in slices.table:
        return 0  # and `literature_split` says what to do
    training = slices.table.loc[slices.table["part"] == "train", "patient"].nunique()
    return max(round(training / 5), 1)


def middle_slices(slices: SliceSet) -> list[int]:
    """Row of the middle slice of each patient's first case: one picture a patient."""
    first = slices.table.sort_values(["patient", "case"]).drop_duplicates("patient")["case"]
    return [int(rows[len(rows) // 2]) for rows in map(slices.rows_of, first)]


@dataclass(frozen=True)
class Scored:
    """Masks that a run predicts for a part of the data, and their scores.

    Attributes:
        slices: What was predicted.
        prediction: ``(N, H, W, 1)`` uint8 masks on the native grid.
        per_case: Table of `seglib.evaluation.score_cases`.
    """

    slices: SliceSet
    prediction: np.ndarray
    per_case: pd.DataFrame


def score(
    run: Run,
    slices: SliceSet,
    *,
    rotations: bool = False,
    assumed_spacing: float | None = None,
) -> Scored:
    """Predict `slices` with a run and score every case.

    Args:
        run: From `seglib.training.train`.
        slices: Patients that did not train it.
        rotations: As `seglib.inference.predict`.
        assumed_spacing: As `seglib.evaluation.score_cases`.
    """
    probabilities = predict_set(run.model, slices, run.recipe.preprocessing, rotations=rotations)
    prediction = to_mask(probabilities)
    per_case = score_cases(slices, prediction, assumed_spacing=assumed_spacing)
    return Scored(slices, prediction, per_case)


def train_for(
    study: Study, recipe: Recipe, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> Run:
    """Train a recipe on the study's training part, watching its validation part.

    Args:
        study: Data, split and seed.
        recipe: What to train.
        callbacks: As `seglib.training.train`.
    """
    return train(recipe, study.train, study.validation, seed=study.seed, callbacks=callbacks)


def results_table(runs: Mapping[str, Run], scored: Mapping[str, Scored]) -> pd.DataFrame:
    """One row a network: what it reached, and what it cost.

    Args:
        runs: Runs by the name that the table shall show.
        scored: The score of each run, under the same names and on the same slices.

    Returns:
        Index ``network``: mean over patients of ``dice`` with its 95 % bootstrap
        interval (``low``, ``high``), ``jaccard``, ``hd95`` in ``unit`` ("mm" or "px"),
        ``precision``, ``recall``, number of ``patients``, ``missed`` cases,
        ``parameters``, and ``minutes`` of training. With several foreground classes the
        scores are means over each patient's classes, ``missed`` counts each class of a
        case, and the Dice of each class stands before them under the class's name.
    """
    rows = {}
    for name, run in runs.items():
        summary = summarise(scored[name].per_case)
        of_classes = {}
        if summary.index.nlevels == 2:
            dice = summary.xs("dice", level="metric")["mean"]
            of_classes = dice.drop(MEAN_OF_CLASSES).to_dict()
            summary = summary.loc[MEAN_OF_CLASSES]
        mean = summary["mean"]
        rows[name] = of_classes | {
            "dice": mean["dice"],
            "low": summary.at["dice", "low"],
            "high": summary.at["dice", "high"],
            "jaccard": mean["jaccard"],
            "hd95": mean["hd95"],
            "unit": summary.at["hd95", "unit"],
            "precision": mean["precision"],
            "recall": mean["recall"],
            "patients": summary.at["dice", "n"],
            "missed": summary.at["dice", "missed"],
            "parameters": run.manifest["parameters"],
            "minutes": round(run.manifest["seconds"] / 60, 2),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network")
