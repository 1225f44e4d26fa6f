"""Model cards: every number stands where the run and the scores have it, and no text is made up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import TINY

from seglib.errors import SeglibError
from seglib.evaluation.tables import score_cases, summarise
from seglib.training.cards import model_card
from seglib.training.runs import Run

MANIFEST = {
    "seed": 7,
    "parameters": 12345,
    "train_patients": ["a", "b", "c"],
    "validation_patients": ["d"],
    "train_slices": 42,
    "seconds": 90.0,
}
TEXTS = {
    "purpose": "Outlines the chamber on drawn hearts.",
    "data": "Drawn by a program.",
    "limits": ["No real heart."],
}


@pytest.fixture
def run():
    return Run(TINY, None, pd.DataFrame(), MANIFEST, Path("runs/tiny-adamw-0123"))


@pytest.fixture
def scores(phantom_set):
    return summarise(score_cases(phantom_set, np.roll(phantom_set.masks, 1, axis=1)))


def test_the_card_has_the_numbers_of_the_run_and_of_the_scores(run, scores):
    card = model_card(run, scores=scores, **TEXTS)
    assert card.startswith("# Model card: tiny-adamw-0123\n")
    assert "12,345 parameters" in card
    assert "3 patients, 42 slices; 1 more chose the epoch" in card
    assert "seed 7, 1.5 minutes" in card
    dice = scores.loc["dice"]
    row = f"| dice | {dice['mean']:.3f} | {dice['low']:.3f} to {dice['high']:.3f} | 6 |"
    assert row in card.splitlines()
    assert "| surface_dice (within 2 mm) |" in card
    assert "- No real heart.\n" in card
    assert "Not a medical device" in card


def test_what_has_no_score_says_so(run, phantom_set):
    nothing = summarise(score_cases(phantom_set, np.zeros_like(phantom_set.masks)))
    card = model_card(run, scores=nothing, **TEXTS)
    assert "| hd95 (mm) | none |  | 0 |" in card.splitlines()
    assert "found nothing of the structure: 12." in card
    assert "nan" not in card


@pytest.mark.parametrize("missing", ["purpose", "data", "limits"])
def test_a_card_without_its_author_s_words_is_refused(run, scores, missing):
    texts = TEXTS | {missing: [" "] if missing == "limits" else " "}
    with pytest.raises(SeglibError, match=f"needs a text for {missing}"):
        model_card(run, scores=scores, **texts)


def test_scores_of_several_classes_are_refused(run, scores):
    of_classes = pd.concat({"white": scores, "grey": scores}, names=["class"])
    with pytest.raises(SeglibError, match="several classes"):
        model_card(run, scores=of_classes, **TEXTS)
