"""The smallest network descends its losses, and inherits as a large one would."""

import numpy as np
import pytest

from seglib.lessons.pixel_classifier import compare_losses, pixel_features, train_pixels
from seglib.phantoms import heart


@pytest.mark.slow
def test_the_order_decides_when_the_second_loss_inherits():
    hearts = heart.make(patients=4, slices=3, size=64)
    table = compare_losses(hearts.images, hearts.masks)
    scratch = table.loc["from scratch"]
    assert scratch["winner"].nunique() == 1
    assert scratch["Dice"].nunique() == 1
    inherits = table.loc["second inherits", "winner"]
    assert inherits["Dice"] == "cross-entropy"
    assert inherits["cross-entropy"] == "Dice"


def test_the_pixel_classifier_descends_both_losses():
    hearts = heart.make(patients=2, slices=3, size=64)
    features, truth = pixel_features(hearts.images), hearts.masks[..., 0] * 1.0

    def losses(weights):
        p = 1 / (1 + np.exp(-(features @ weights)))
        share = truth.mean()
        entropy = -(
            np.log(p)[truth > 0].sum() / share + np.log(1 - p)[truth == 0].sum() / (1 - share)
        )
        return {"Dice": -2 * (p * truth).sum() / (p.sum() + truth.sum()), "cross-entropy": entropy}

    for loss in ("Dice", "cross-entropy"):
        few = train_pixels(features, truth, loss, 5)
        more = train_pixels(features, truth, loss, 20, start=few)
        assert losses(more)[loss] < losses(few)[loss] < losses(np.zeros(5))[loss]
        assert np.array_equal(train_pixels(features, truth, loss, 0, few), few)
