"""Recipes for brain tissue."""

from seglib.datasets.oasis import PUBLISHED_DEVIATION, PUBLISHED_MEAN
from seglib.preprocessing.normalisation import fixed
from seglib.recipes.brain import RECIPES


def test_both_are_of_several_classes_and_of_the_published_statistics():
    for recipe in RECIPES:
        assert recipe.loss.endswith("cross_entropy")
        assert recipe.preprocessing.normalisation == fixed(PUBLISHED_MEAN, PUBLISHED_DEVIATION)
