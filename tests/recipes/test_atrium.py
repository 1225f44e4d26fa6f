"""Recipes for the left atrium."""

from seglib.recipes.recipe import get_recipe


def test_the_studys_atria_are_turned_less_than_the_published_ones():
    for name in ("atrium", "atrium_3d"):
        assert get_recipe(name).augmentation.rotation == 15
    assert get_recipe("atrium_published_bce").augmentation.rotation == 45


def test_the_volumes_sides_fit_the_poolings():
    recipe = get_recipe("atrium_3d")
    assert not any(side % 2**recipe.depth for side in recipe.patch)


def test_system_3_takes_volumes_that_are_normalised_already():
    assert get_recipe("atrium_published_dice").preprocessing.normalisation == "none"
