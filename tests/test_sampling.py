"""Which slices train: the share that is asked for, nobody lost, and the balancing weight."""

from dataclasses import replace

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.losses import make_loss
from seglib.sampling import foreground_weight, with_foreground_share


@pytest.fixture
def mostly_empty(phantom_set):
    """A third of the slices keep their masks."""
    masks = phantom_set.masks.copy()
    masks[np.arange(len(masks)) % 3 != 0] = 0
    return replace(phantom_set, masks=masks)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_share_is_met_and_the_size_kept(mostly_empty, share):
    sampled = with_foreground_share(mostly_empty, share)
    shown = sampled.masks.any(axis=(1, 2, 3))
    assert len(sampled) == len(mostly_empty)
    assert shown.sum() == round(share * len(sampled))


def test_no_slice_with_foreground_is_lost_and_none_is_drawn_much_more(mostly_empty):
    sampled = with_foreground_share(mostly_empty, 0.8)
    shown = sampled.masks.any(axis=(1, 2, 3))
    times = sampled.table.loc[shown, "source"].value_counts()
    every = mostly_empty.table.loc[mostly_empty.masks.any(axis=(1, 2, 3)), "source"]
    assert set(times.index) == set(every)
    assert times.max() - times.min() <= 1


def test_the_draw_depends_on_the_seed_alone(mostly_empty):
    one, same, other = (with_foreground_share(mostly_empty, 0.5, seed) for seed in (0, 0, 1))
    assert one.table["source"].tolist() == same.table["source"].tolist()
    assert one.table["source"].tolist() != other.table["source"].tolist()


def test_what_cannot_be_balanced_is_refused(mostly_empty, phantom_set):
    with pytest.raises(DataError, match=r"\(0, 1\)"):
        with_foreground_share(mostly_empty, 1.0)
    with pytest.raises(DataError, match="nothing to balance"):
        with_foreground_share(replace(phantom_set, masks=0 * phantom_set.masks), 0.5)


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
