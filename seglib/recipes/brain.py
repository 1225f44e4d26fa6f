"""Recipes for brain tissue: the study's, and system 4."""

from __future__ import annotations

from seglib.augmentation import Augmentation
from seglib.preprocessing.normalisation import fixed
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe

#: Milder than the heart's: bending, strong noise and large turns blur folds that are a pixel or
#: two wide. Chosen on validation patients.
_TISSUE_AUGMENTATION = Augmentation(
    rotation=15.0, scale=(0.9, 1.1), shift=0.02, gamma=(0.8, 1.25), noise=0.02
)

RECIPES = (
    Recipe(
        name="brain_tissue",
        loss="dice+cross_entropy",
        preprocessing=Preprocessing(size=256, normalisation=fixed(0.1317, 0.1864)),
        augmentation=_TISSUE_AUGMENTATION,
    ),
    Recipe(
        name="brain_tissue_published",
        filters=64,
        loss="cross_entropy",
        learning_rate=1e-4,
        schedule="constant",
        weight_decay=5e-4,
        batch_size=64,
        epochs=15,
        preprocessing=Preprocessing(size=256, normalisation=fixed(0.1317, 0.1864)),
        source="system 4: brain tissue, OASIS, as its text has it (its code: 1e-3, no decay)",
    ),
)
