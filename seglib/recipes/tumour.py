"""Recipes for brain tumours: the study's, and system 5's three."""

from __future__ import annotations

from dataclasses import replace

from seglib.augmentation import Augmentation
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.heart import STUDY, STUDY_AUGMENTATION
from seglib.recipes.recipe import Recipe

_TUMOUR_PUBLISHED = Recipe(
    name="tumour_published",
    filters=64,
    loss="dice",
    optimizer="adam",
    learning_rate=1e-4,
    schedule="plateau",
    patience=10,
    weight_decay=0.0,
    batch_size=32,
    epochs=25,
    preprocessing=Preprocessing(size=256, normalisation="255"),
    # Its rotation_range=0.2 is in degrees: in effect no rotation.
    augmentation=Augmentation(rotation=0.2, scale=(0.95, 1.05), shift=0.05),
    source="system 5: brain tumour, LGG (patience not published)",
)

RECIPES = (
    replace(
        STUDY,
        name="tumour",
        foreground_share=0.5,
        preprocessing=Preprocessing(size=256),
        augmentation=replace(STUDY_AUGMENTATION, flip=True),
    ),
    _TUMOUR_PUBLISHED,
    replace(_TUMOUR_PUBLISHED, name="tumour_published_ce", loss="weighted_bce:balanced"),
    replace(_TUMOUR_PUBLISHED, name="tumour_published_attention", architecture="attention_unet"),
)
