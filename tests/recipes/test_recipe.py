"""Recipes by name, under a profile."""

from dataclasses import replace

import pytest
from tiny import TINY

from seglib.errors import SeglibError
from seglib.recipes.recipe import PROFILES, all_recipes, get_recipe


def test_the_plateau_schedule_needs_patience():
    with pytest.raises(SeglibError, match="patience"):
        replace(TINY, schedule="plateau")


def test_every_recipe_builds_under_every_profile():
    for name in all_recipes():
        for profile in PROFILES:
            assert get_recipe(name, profile).name == name


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(SeglibError, match="unet"):
        get_recipe("vnet")
    with pytest.raises(SeglibError, match="smoke"):
        get_recipe("unet", "fast")
