"""Recipes for the brain tumour."""

from seglib.recipes.recipe import get_recipe


def test_the_studys_tumours_are_shown_as_often_as_empty_slices():
    assert get_recipe("tumour").foreground_share == 0.5
    assert get_recipe("tumour_published").foreground_share is None


def test_the_published_variants_change_one_thing_each():
    plain = get_recipe("tumour_published").to_dict()
    for name, field in (
        ("tumour_published_ce", "loss"),
        ("tumour_published_attention", "architecture"),
    ):
        other = get_recipe(name).to_dict()
        assert {key for key in plain if plain[key] != other[key]} == {"name", field}
