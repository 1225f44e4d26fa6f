"""Which slices train: the share that is asked for, nobody lost, and the balancing weight."""

from dataclasses import replace

import numpy as np
import pytest

from seglib.batches.sampling import balanced_rows, foreground_weight
from seglib.batches.slices import SliceSequence
from seglib.errors import DataError
from seglib.losses import make_loss
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.training.runs import train


@pytest.fixture
def mostly_empty(phantom_set):
    """A third of the slices keep their masks."""
    masks = phantom_set.masks.copy()
    masks[np.arange(len(masks)) % 3 != 0] = 0
    return replace(phantom_set, masks=masks)


def shown_in(slices):
    return slices.masks.any(axis=(1, 2, 3))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_share_is_met_and_the_size_kept(mostly_empty, share):
    shown = shown_in(mostly_empty)
    rows = balanced_rows(shown, share, np.random.default_rng(0))
    assert len(rows) == len(mostly_empty)
    assert shown[rows].sum() == round(share * len(rows))


def test_no_slice_with_foreground_is_lost_and_none_is_drawn_much_more(mostly_empty):
    shown = shown_in(mostly_empty)
    rows = balanced_rows(shown, 0.8, np.random.default_rng(0))
    times = np.bincount(rows, minlength=len(shown))[shown]
    assert times.min() > 0 and times.max() - times.min() <= 1


def test_epochs_draw_anew_and_every_empty_slice_has_its_turn(mostly_empty):
    sequence = SliceSequence(
        mostly_empty, Preprocessing(size=64), 4, shuffle=True, foreground_share=0.5
    )
    orders = []
    for _ in range(12):
        orders.append(sequence.order)
        assert shown_in(mostly_empty)[sequence.order].mean() == 0.5
        sequence.on_epoch_end()
    assert not np.array_equal(np.sort(orders[0]), np.sort(orders[1]))
    assert set(np.concatenate(orders)) == set(range(len(mostly_empty)))


def test_what_cannot_be_balanced_is_refused(mostly_empty):
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match=r"\(0, 1\)"):
        balanced_rows(shown_in(mostly_empty), 1.0, rng)
    with pytest.raises(DataError, match="nothing to balance"):
        balanced_rows(np.zeros(4, bool), 0.5, rng)


@pytest.mark.slow
def test_a_recipe_can_take_its_weight_from_the_training_masks(phantom_set, tmp_path):
    recipe = Recipe(
        name="tiny",
        filters=4,
        depth=2,
        epochs=1,
        loss="dice+weighted_bce:balanced",
        foreground_share=None,
        preprocessing=Preprocessing(size=32, multiple=4),
    )
    run = train(recipe, phantom_set, runs_dir=tmp_path)
    weight = foreground_weight(phantom_set)
    assert run.manifest["recipe"]["loss"] == f"dice+weighted_bce:{weight:.4g}"


def test_with_the_weight_both_classes_cost_the_same(mostly_empty):
    weight = foreground_weight(mostly_empty)
    share = (mostly_empty.masks > 0).mean()
    assert weight == pytest.approx((1 - share) / share)
    truth = mostly_empty.masks.astype("float32")
    loss = make_loss(f"weighted_bce:{weight:.6g}")
    never = float(loss(truth, np.full(truth.shape, 0.1, "float32")))
    always = float(loss(truth, np.full(truth.shape, 0.9, "float32")))
    assert never == pytest.approx(always, rel=1e-4)  # neither answer pays


def test_without_foreground_there_is_no_weight(phantom_set):
    with pytest.raises(DataError, match="no foreground"):
        foreground_weight(replace(phantom_set, masks=0 * phantom_set.masks))
