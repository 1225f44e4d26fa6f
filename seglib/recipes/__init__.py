"""Recipes: all that decides a training, by name."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "PROFILES": "recipe",
        "all_recipes": "recipe",
        "Recipe": "recipe",
        "STRONG_AUGMENTATION": "heart",
        "STUDY_AUGMENTATION": "heart",
        "get_recipe": "recipe",
    },
)
