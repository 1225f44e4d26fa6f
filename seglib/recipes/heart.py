"""Recipes for the left ventricle: the study's networks, and system 1."""

from __future__ import annotations

from dataclasses import replace

from seglib.augmentation import Augmentation
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe

#: Hearts turned, scaled, bent and lit a little differently. Free rotation and flips, as
#: system 1 has them, did worse on validation patients: most hearts lie the same way round,
#: and a network can learn from where the right ventricle is.
STUDY_AUGMENTATION = Augmentation(
    rotation=30.0,
    scale=(0.85, 1.2),
    shift=0.05,
    elastic=3.0,
    gamma=(0.7, 1.5),
    noise=0.05,
)

#: For long trainings, which would learn the few patients by heart.
STRONG_AUGMENTATION = Augmentation(
    rotation=45.0,
    scale=(0.75, 1.33),
    shift=0.08,
    elastic=5.0,
    gamma=(0.6, 1.7),
    noise=0.08,
    blur=0.8,
)

#: The study's U-Net: what all networks of this project are varied about.
STUDY = Recipe(name="unet", augmentation=STUDY_AUGMENTATION)

RECIPES = (
    STUDY,
    replace(STUDY, name="encoder_decoder", architecture="encoder_decoder"),
    replace(STUDY, name="attention_unet", architecture="attention_unet"),
    replace(STUDY, name="channel_attention_unet", architecture="channel_attention_unet"),
    replace(STUDY, name="spatial_attention_unet", architecture="spatial_attention_unet"),
    replace(
        STUDY,
        name="lv_best",
        epochs=300,
        weight_decay=0.02,
        augmentation=STRONG_AUGMENTATION,
    ),
    Recipe(
        name="lv_published",
        architecture="published_lv",
        filters=64,
        depth=5,
        loss="dice",
        optimizer="sgd",
        learning_rate=0.01,
        schedule="constant",
        weight_decay=0.0,
        batch_size=1,
        epochs=75,
        preprocessing=Preprocessing(size=256, normalisation="255", multiple=32),
        augmentation=Augmentation(rotation=180.0, flip=True),
        source="system 1: LV, spatial attention, Sunnybrook",
    ),
)
