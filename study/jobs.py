"""Jobs: one training and its scoring, independent of all others and stored by itself.

An experiment is a list of jobs (`study.questions`). What a job leaves under
``reports/runs/<experiment>/<variant>/<fold>-seed<k>/`` is enough to rebuild every table
and figure: ``manifest.json``, ``history.csv``, ``per_case.csv``, ``per_slice.csv`` and
the predicted masks, packed; `study.results` reads them. Weights and probabilities are
large; they stay in `reporting.results_dir`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from seglib.augmentation import Augmentation, expand
from seglib.errors import SeglibError
from seglib.lessons.mistakes import random_slice_split
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet
from seglib.splits.leaks import check_no_leaks
from seglib.splits.patients import Split, patient_folds
from study.results import STORED, read_manifest

#: What can be done with a trained network: nothing more; the mean over small turns and
#: magnifications; the mean over all flips and quarter turns; the largest piece a slice.
TEST_TIME = ("plain", "poses", "rotations", "largest")


@dataclass(frozen=True)
class Job:
    """One training and its scoring.

    Attributes:
        experiment: Name of the list it belongs to.
        variant: What is varied there, e.g. the network's name.
        fold: Which part of the patients is tested, e.g. ``"fold1"`` or ``"literature"``.
        seed: Of weights, order and augmentation.
        recipe: What to train.
        split: Who trains and who is tested.
        offline_pairs: Instead of augmenting on-line, grow the training set once to so
            many pairs with the recipe's augmentation, as system 1 did; 0 for on-line.
        leaky: Grow *all* slices to `offline_pairs` first, then split them at random, as
            system 1 did: variants of one slice stand on both sides. To measure what
            that is worth, nothing else.
        test_time: What is done with the trained network: one of `TEST_TIME`.
        members: Networks whose probabilities are averaged: as many trainings, which
            differ by seed alone.
        inner_folds: Instead of `members`: average so many networks, each trained on all
            but one fold of the training patients; 0 for none.
        watch_until: Score the parts after each epoch (``each_epoch.csv``), and stop once
            the training score has reached this; 0 for neither.
        precision: Of the training: ``"float32"`` or ``"bfloat16"``.
        precision: Of the training: ``"float32"`` or ``"bfloat16"``.
    """

    experiment: str
    variant: str
    fold: str
    seed: int
    recipe: Recipe
    split: Split
    offline_pairs: int = 0
    leaky: bool = False
    test_time: str = "plain"
    members: int = 1
    inner_folds: int = 0
    watch_until: float = 0.0
    precision: str = "float32"

    def __post_init__(self) -> None:
        """Check what would otherwise be done differently without a word.

        Raises:
            SeglibError: `test_time` is none of `TEST_TIME`, or several networks are watched,
                whose epochs would be one another's.
        """
        if self.test_time not in TEST_TIME:
            raise SeglibError(
                f"{self.name}: unknown test_time {self.test_time!r}; expected one of "
                f"{', '.join(TEST_TIME)}"
            )
        if self.watch_until and (self.members > 1 or self.inner_folds):
            raise SeglibError(f"{self.name}: only the training of one network can be watched")

    @property
    def name(self) -> str:
        """Its folder below the results: what figures and tables cite."""
        return f"{self.experiment}/{self.variant}/{self.fold}-seed{self.seed}"

    def identity(self) -> dict:
        """What was asked for. A stored result with another identity is not this job's."""
        return {
            "recipe": self.recipe.to_dict(),
            "seed": self.seed,
            "split": self.split.hash,
            "offline_pairs": self.offline_pairs,
            "leaky": self.leaky,
            "test_time": self.test_time,
            "members": self.members,
            "inner_folds": self.inner_folds,
            "watch_until": self.watch_until,
            "precision": self.precision,
        }

    def trainings(self, train_set: SliceSet) -> list[tuple[SliceSet, int]]:
        """What each network trains on, and its seed.

        Seeds are not shared between jobs: those of job 0 come first, then those of job 1.
        """
        if self.inner_folds:
            folds = patient_folds(train_set, self.inner_folds)
            return [(train_set.of_patients(fold.train), self.seed) for fold in folds]
        first = self.seed * self.members
        return [(train_set, seed) for seed in range(first, first + self.members)]

    def networks(self) -> frozenset[tuple]:
        """What tells its trainings from others. Jobs that share one must not run at once."""
        data = (self.recipe, self.split, self.offline_pairs, self.leaky, self.precision)
        first = self.seed * self.members
        seeds = range(first, first + self.members)
        inner = [(f"inner {k}", self.seed) for k in range(self.inner_folds)]
        return frozenset((*data, which) for which in inner or seeds)

    def is_done(self, stored: Path = STORED, source: str | None = None) -> bool:
        """Whether `stored` holds this job's result.

        Args:
            stored: Where results are kept.
            source: `reporting.data_hash` of the set, if results of other data shall not count.
        """
        if not (stored / self.name / "manifest.json").is_file():
            return False
        found = {**_DEFAULTS, **read_manifest(self.name, stored)}
        if source is not None and found["source"] != source:
            return False
        found["recipe"] = _completed(found["recipe"])
        asked = json.loads(json.dumps(self.identity()))  # tuples become lists, as in the file
        for recipe in (found["recipe"], asked["recipe"]):
            del recipe["source"]  # a mended citation is no other training
        return {key: found.get(key) for key in asked} == asked

    def data(self, slices: SliceSet) -> dict[str, SliceSet]:
        """The slices of ``train``, of ``test`` and of ``validation``, which may be empty.

        Raises:
            LeakError: Two of them share a patient or an image, and the job is not `leaky`.
        """
        variant = self.recipe.augmentation.apply if self.offline_pairs else None
        if self.leaky:
            known = slices.of_patients(self.split.train + self.split.test)
            small = self.recipe.preprocessing.resized(known)
            grown = expand(small, self.offline_pairs, variant, self.seed)
            # Each fold is a random cut of its own, which its seeds share.
            cut = int(self.fold.removeprefix("fold")) - 1
            train, test = random_slice_split(len(grown), seed=cut)
            # A fifth of the rest was system 1's validation part: nobody trains on it.
            inner, validation = random_slice_split(len(train), seed=cut)
            where = {"train": train[inner], "validation": train[validation], "test": test}
            return {part: grown.take(rows) for part, rows in where.items()}
        parts = self.split.apply(slices)
        check_no_leaks(parts)
        if self.offline_pairs:
            small = self.recipe.preprocessing.resized(parts["train"])
            parts["train"] = expand(small, self.offline_pairs, variant, self.seed)
        return parts


#: What a stored result had, in effect, where it is older than a field of `Job`.
_DEFAULTS = {field.name: field.default for field in fields(Job) if field.default is not MISSING}


def _completed(recipe: dict) -> dict:
    """A stored recipe with all fields: one younger than the result had, in effect, its default."""
    recipe = {**Recipe(name="").to_dict(), **recipe}
    for name, default in (("preprocessing", Preprocessing()), ("augmentation", Augmentation())):
        if recipe[name] is not None:
            recipe[name] = {**default.to_dict(), **recipe[name]}
    return recipe


def cross_validation(
    experiment: str,
    recipes: Mapping[str, Recipe],
    slices: SliceSet,
    seeds: Sequence[int] = (0,),
    **more,
) -> list[Job]:
    """One job for each recipe, seed and fold of `seglib.splits.patient_folds`.

    Args:
        experiment: Name of the list.
        recipes: Recipe of each variant.
        slices: Whom to cut into folds.
        seeds: Of weights, order and augmentation.
        **more: Other fields of `Job`, the same for all.
    """
    folds = list(enumerate(patient_folds(slices), start=1))
    return [
        Job(experiment, variant, f"fold{number}", seed, recipe, split, **more)
        for variant, recipe in recipes.items()
        for seed in seeds
        for number, split in folds
    ]
