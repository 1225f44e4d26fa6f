"""Patches and sliding windows: what is drawn, what is weighted, and that nothing moves."""

import numpy as np
import pytest
from balls import ball_set

from seglib.augmentation import Augmentation
from seglib.batches import patches
from seglib.batches.patches import PatchSequence
from seglib.errors import DataError
from seglib.preprocessing.steps import Preprocessing
from seglib.preprocessing.volumes import prepare_volume

PREPARED = Preprocessing(size=None, normalisation="min-max", multiple=4)
PATCH = (4, 8, 8)


@pytest.fixture(scope="module")
def balls():
    return ball_set()


def test_the_slices_of_a_case_come_in_order(balls):
    for rows in balls.cases():
        assert list(balls.table.loc[rows, "slice"]) == list(range(10))
        assert balls.table.loc[rows, "case"].nunique() == 1


def test_a_volume_is_normalised_as_a_whole(balls):
    rows = next(balls.cases())
    volume = prepare_volume(balls.images[rows], PREPARED)
    assert volume.shape == (10, 24, 24, 1)
    assert volume.min() == 0 and volume.max() == 1
    means = volume[:, 0, 0, 0]
    assert (np.diff(means) > 0).all()  # slice by slice, every one would begin at 0


def test_a_patch_without_augmentation_is_a_piece_of_its_volume(balls):
    sequence = PatchSequence(balls, PREPARED, PATCH, batch_size=4)
    images, masks = sequence[0]
    assert images.shape == (4, *PATCH, 1) and masks.shape == (4, *PATCH, 1)
    assert images.dtype == masks.dtype == np.float32
    pieces = [
        np.lib.stride_tricks.sliding_window_view(volume[..., 0], PATCH)
        for volume in sequence.volumes
    ]
    for image, mask in zip(images, masks, strict=True):
        errors = [np.abs(piece - image[..., 0]).max(axis=(3, 4, 5)) for piece in pieces]
        assert min(error.min() for error in errors) < 1e-5
        np.testing.assert_array_equal(mask[..., 0], image[..., 0] > 0.5)  # pairs stay pairs


def test_image_and_mask_of_a_turned_patch_stay_a_pair(balls):
    turned = Augmentation(rotation=90.0, scale=(0.9, 1.1), elastic=1.0)
    sequence = PatchSequence(balls, PREPARED, PATCH, 8, turned, patches_per_case=8)
    agreed = []
    for index in range(len(sequence)):
        images, masks = sequence[index]
        assert set(np.unique(masks)) <= {0.0, 1.0}
        agreed.append(((images > 0.5) == (masks > 0.5)).mean())
    assert np.mean(agreed) > 0.97


def test_a_third_of_the_patches_is_drawn_about_foreground(monkeypatch):
    wide = ball_set(side=96)  # where a patch drawn anywhere seldom meets the ball

    def share():
        sequence = PatchSequence(wide, PREPARED, PATCH, 256, patches_per_case=128)
        return sequence[0][1].any(axis=(1, 2, 3, 4)).mean()

    found = share()
    monkeypatch.setattr(patches, "FOREGROUND_SHARE", 0)
    anywhere = share()
    assert anywhere < 0.1
    assert found == pytest.approx(1 / 3 + 2 / 3 * anywhere, abs=0.08)


def test_a_batch_depends_on_seed_and_epoch_alone(balls):
    a, b = (PatchSequence(balls, PREPARED, PATCH, 2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(a[1][0], b[1][0])
    b.on_epoch_end()
    assert not np.array_equal(a[1][0], b[1][0])
    resumed = PatchSequence(balls, PREPARED, PATCH, 2, seed=3, start_epoch=1)
    np.testing.assert_array_equal(b[1][0], resumed[1][0])


def test_a_case_with_few_slices_is_filled_up():
    images, masks = PatchSequence(ball_set(1, slices=3), PREPARED, PATCH, 1)[0]
    assert images.shape == (1, *PATCH, 1)


def test_a_patch_larger_than_the_image_is_refused(balls):
    with pytest.raises(DataError, match="8x64 does not fit into images of 24x24"):
        PatchSequence(balls, PREPARED, (4, 8, 64), 1)
