"""Recipes for the left ventricle."""

from seglib.recipes.heart import RECIPES, STUDY
from seglib.recipes.recipe import all_recipes


def test_the_studys_networks_differ_by_architecture_alone():
    networks = {recipe.architecture: recipe for recipe in RECIPES if "attention" in recipe.name}
    assert len(networks) == 3
    for architecture, recipe in networks.items():
        plain = {**recipe.to_dict(), "architecture": STUDY.architecture, "name": STUDY.name}
        assert architecture == recipe.name
        assert plain == STUDY.to_dict()


def test_every_recipe_has_a_name_of_its_own():
    assert {recipe.name for recipe in RECIPES} <= set(all_recipes())
    assert len({recipe.name for recipe in RECIPES}) == len(RECIPES)
