"""Recipes: each can be built and trained as it is written, under every profile."""

from dataclasses import replace

import pytest

from seglib.augmentation import Augmentation
from seglib.errors import SeglibError
from seglib.losses import MULTICLASS_LOSSES
from seglib.models.networks import VOLUMETRIC
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import PROFILES, Recipe, all_recipes, get_recipe
from seglib.training.compile import compile_model


@pytest.mark.parametrize("name", all_recipes())
def test_a_recipes_network_is_built_with_its_loss_and_optimiser(name):
    recipe = get_recipe(name, "smoke", filters=2, epochs=3)
    several = bool(MULTICLASS_LOSSES & set(recipe.loss.split("+")))
    recipe = replace(recipe, loss=recipe.loss.replace(":balanced", ":3"))  # as training does
    sides = (8, 16, 16) if recipe.patch else (16, 16)
    model, fitted = compile_model(recipe, (*sides, 1), 4 if several else 1, total_steps=30)
    assert model.output_shape == (None, *sides, 4 if several else 1)
    assert fitted.optimizer is not None and fitted.loss is not None
    assert not recipe.patch or recipe.architecture in VOLUMETRIC


@pytest.mark.parametrize("profile", PROFILES)
def test_images_and_patches_fit_the_poolings(profile):
    for name in all_recipes():
        recipe = get_recipe(name, profile)
        sides = (*recipe.patch,) if recipe.patch else (recipe.preprocessing.multiple,)
        assert [side % 2**recipe.depth for side in sides] == [0] * len(sides), name


def test_a_profile_is_applied_before_the_changes():
    smoke = get_recipe("unet", "smoke", epochs=7)
    assert (smoke.filters, smoke.depth, smoke.epochs) == (4, 2, 7)
    assert get_recipe("unet", "full") == all_recipes()["unet"]


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(SeglibError, match="unet"):
        get_recipe("vnet")
    with pytest.raises(SeglibError, match="smoke"):
        get_recipe("unet", "fast")


def test_the_plateau_schedule_needs_patience():
    with pytest.raises(SeglibError, match="patience"):
        Recipe("waits", schedule="plateau")


def test_a_recipe_is_written_without_what_is_as_by_default_and_reads_back():
    recipe = get_recipe("unet", "smoke")
    assert repr(recipe).startswith("Recipe(name='unet', filters=4, depth=2, epochs=1, augm")
    assert repr(Recipe("mine", preprocessing=Preprocessing(size=96))) == (
        "Recipe(name='mine', preprocessing=Preprocessing(size=96))"
    )
    names = {kind.__name__: kind for kind in (Recipe, Preprocessing, Augmentation)}
    for recipe in all_recipes().values():
        assert eval(repr(recipe), names) == recipe
