from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seglib.augmentation import Augmentation
from seglib.batches.slices import SliceSequence
from seglib.preprocessing.steps import Preprocessing, center_crop_or_pad
from seglib.recipes.heart import STUDY_AUGMENTATION

GEOMETRY = {
    "rotation": Augmentation(rotation=180),
    "flip": Augmentation(flip=True),
    "scale": Augmentation(scale=(0.7, 1.4)),
    "shift": Augmentation(shift=0.2),
    "elastic": Augmentation(elastic=6.0),
    "study": STUDY_AUGMENTATION,
}
INTENSITY = {
    "gamma": Augmentation(gamma=(0.5, 2.0)),
    "contrast": Augmentation(contrast=0.5),
    "brightness": Augmentation(brightness=0.3),
    "noise": Augmentation(noise=0.2),
    "blur": Augmentation(blur=2.0),
}
SMALL = Preprocessing(size=32, multiple=16)


def rng(seed=0):
    return np.random.default_rng(seed)


def square(side=96):
    """A bright, off-centre square and the mask that is its threshold."""
    image = np.zeros((side, side, 1), np.float32)
    image[30:58, 38:66] = 200
    return image, (image > 100).astype(np.uint8)


def dice(a, b):
    return 2 * np.sum(a & b) / (np.sum(a) + np.sum(b))


def labels(side=61):
    """A mask with four classes in blocks."""
    return (
        rng(5)
        .integers(0, 4, (side // 4 + 1,) * 2)
        .repeat(4, 0)
        .repeat(4, 1)[:side, :side, None]
        .astype(np.uint8)
    )


@pytest.mark.parametrize("shape", [(40, 40), (41, 37), (40, 33)])
@pytest.mark.parametrize("size", [(32, 32), (31, 30), None])
def test_the_default_is_exactly_the_centre_crop(shape, size):
    image = rng().integers(0, 256, (*shape, 2)).astype(np.uint8)
    mask = rng(1).integers(0, 3, (*shape, 1)).astype(np.uint8)
    moved, moved_mask = Augmentation().apply(image, mask, rng(), size)
    size = size or shape
    np.testing.assert_array_equal(moved, center_crop_or_pad(image[None], size)[0])
    np.testing.assert_array_equal(moved_mask, center_crop_or_pad(mask[None], size)[0])


@pytest.mark.parametrize("name", GEOMETRY)
def test_masks_hold_only_labels_that_were_there(name):
    mask = labels()
    image = mask.astype(np.float32)
    for seed in range(20):
        moved, moved_mask = GEOMETRY[name].apply(image, mask, rng(seed), (48, 48))
        assert moved.shape == moved_mask.shape == (48, 48, 1)
        assert moved.dtype == np.float32 and moved_mask.dtype == np.uint8
        assert set(np.unique(moved_mask)) <= set(np.unique(mask))


@pytest.mark.parametrize("name", ["rotation", "flip", "scale", "shift", "elastic"])
def test_image_and_mask_move_together(name):
    image, mask = square()
    for seed in range(20):
        moved, moved_mask = GEOMETRY[name].apply(image, mask, rng(seed))
        assert dice(moved > 100, moved_mask > 0) > 0.95


@pytest.mark.parametrize("name", ["rotation", "flip", "scale", "shift", "elastic"])
def test_something_moves(name):
    image, mask = square()
    masks = [GEOMETRY[name].apply(image, mask, rng(seed))[1] for seed in range(10)]
    assert any((moved != mask).any() for moved in masks)


@pytest.mark.parametrize("name", INTENSITY)
def test_intensity_changes_leave_the_mask_alone(name):
    image, mask = square()
    image += rng().normal(0, 5, image.shape).astype(np.float32)
    changed = False
    for seed in range(10):
        moved, moved_mask = INTENSITY[name].apply(image, mask, rng(seed))
        np.testing.assert_array_equal(moved_mask, mask)
        assert np.isfinite(moved).all()
        changed |= bool((moved != image).any())
    assert changed


@pytest.mark.parametrize("name", INTENSITY)
def test_a_constant_image_stays_constant(name):
    image = np.full((16, 16, 1), 7.0, np.float32)
    moved, _ = INTENSITY[name].apply(image, np.zeros((16, 16, 1), np.uint8), rng(1))
    np.testing.assert_allclose(moved, 7.0, rtol=1e-6)


@pytest.mark.parametrize("shape", [(24, 24), (25, 25), (24, 25)])
def test_a_flip_is_a_mirror_image_to_the_pixel(shape):
    image = rng().integers(0, 256, (*shape, 1)).astype(np.uint8)
    mask = rng(1).integers(0, 2, (*shape, 1)).astype(np.uint8)
    seen = set()
    for seed in range(40):
        moved, moved_mask = Augmentation(flip=True).apply(image, mask, rng(seed))
        for axes in ((), (0,), (1,), (0, 1)):
            if np.array_equal(moved, np.flip(image, axes)):
                seen.add(axes)
                np.testing.assert_array_equal(moved_mask, np.flip(mask, axes))
        assert moved_mask.sum() == mask.sum()
    assert seen == {(), (0,), (1,), (0, 1)}


def test_a_fixed_scale_magnifies_by_that_much():
    image, mask = square()
    _, larger = Augmentation(scale=(1.25, 1.25)).apply(image, mask, rng())
    assert int(larger.sum()) == pytest.approx(int(mask.sum()) * 1.25**2, rel=0.05)


def test_rotation_keeps_the_area_and_stays_within_its_range():
    mask = np.zeros((96, 96, 1), np.uint8)
    mask[44:52, 60:80] = 1  # to the right of the centre
    for seed in range(20):
        _, moved = Augmentation(rotation=20).apply(mask.astype(np.float32), mask, rng(seed))
        y, x = np.argwhere(moved[..., 0]).mean(axis=0) - 47.5
        assert abs(np.degrees(np.arctan2(y, x))) <= 21
        assert np.hypot(x, y) == pytest.approx(22, abs=0.5)
        assert int(moved.sum()) == pytest.approx(160, rel=0.08)


def test_a_shift_is_at_most_its_share_of_the_side():
    image, mask = square(100)
    before = np.argwhere(mask[..., 0]).mean(axis=0)
    moves = []
    for seed in range(40):
        _, moved = Augmentation(shift=0.1).apply(image, mask, rng(seed))
        moves.append(np.argwhere(moved[..., 0]).mean(axis=0) - before)
    moves = np.array(moves)
    assert np.abs(moves).max() <= 10.5
    assert (np.abs(moves).max(axis=0) > 6).all()
    assert (moves.min(axis=0) < 0).all() and (moves.max(axis=0) > 0).all()


def test_what_turns_in_is_the_surrounding_image():
    image = np.full((96, 96, 1), 50.0, np.float32)
    moved, _ = Augmentation(rotation=180).apply(
        image, np.zeros((96, 96, 1), np.uint8), rng(3), (48, 48)
    )
    np.testing.assert_allclose(moved, 50, rtol=1e-5)


def sequence(phantom_set, **changes):
    options = {"batch_size": 7, "augmentation": STUDY_AUGMENTATION, "shuffle": True, "seed": 3}
    return SliceSequence(phantom_set, SMALL, **options | changes)


def all_batches(batches, order=None):
    order = range(len(batches)) if order is None else order
    return {i: batches[i] for i in order}


def assert_same(first, second):
    assert first.keys() == second.keys()
    for i in first:
        for a, b in zip(first[i], second[i], strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_batch_does_not_depend_on_the_order_of_access(phantom_set):
    batches = sequence(phantom_set)
    backwards = range(len(batches) - 1, -1, -1)
    assert_same(all_batches(batches), all_batches(sequence(phantom_set), backwards))


def test_a_batch_does_not_depend_on_threads(phantom_set):
    batches = sequence(phantom_set)
    expected = all_batches(batches)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            found = dict(enumerate(pool.map(batches.__getitem__, range(len(batches)))))
            assert_same(expected, found)


def test_epochs_and_seeds_differ(phantom_set):
    batches = sequence(phantom_set)
    first = batches[0][0]
    assert (sequence(phantom_set, seed=4)[0][0] != first).any()
    batches.on_epoch_end()
    second = batches[0][0]
    assert (second != first).any()
    np.testing.assert_array_equal(sequence(phantom_set, start_epoch=1)[0][0], second)


def test_an_epoch_holds_each_slice_at_most_once(phantom_set):
    batches = sequence(phantom_set, augmentation=None)
    images = np.concatenate([images for images, _ in all_batches(batches).values()])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert len(images) > len(phantom_set) - batches.batch_size


def test_without_augmentation_and_shuffle_every_epoch_is_the_preprocessed_set(phantom_set):
    batches = sequence(phantom_set, augmentation=None, shuffle=False)
    for _ in range(2):
        images, masks = map(np.concatenate, zip(*all_batches(batches).values(), strict=True))
        np.testing.assert_array_equal(images, SMALL.images(phantom_set.images))
        np.testing.assert_array_equal(masks, SMALL.masks(phantom_set.masks))
        batches.on_epoch_end()


@pytest.mark.parametrize("normalisation", ["255", "z-score", "min-max"])
@pytest.mark.parametrize("size", [32, 96, None])
def test_the_empty_augmentation_equals_none(phantom_set, normalisation, size):
    # Also where the network's input is larger than the images: both pad with zeros.
    preprocessing = Preprocessing(size, normalisation)
    plain = SliceSequence(phantom_set, preprocessing, 8)
    empty = SliceSequence(phantom_set, preprocessing, 8, Augmentation())
    for (images, masks), (same, same_masks) in zip(plain, empty, strict=True):
        np.testing.assert_allclose(same, images, atol=1e-5)
        np.testing.assert_array_equal(same_masks, masks)


def test_batches_have_the_networks_shape_and_type(phantom_set):
    images, masks = sequence(phantom_set)[0]
    assert images.shape == masks.shape == (7, 32, 32, 1)
    assert images.dtype == masks.dtype == np.float32
    assert set(np.unique(masks)) <= {0.0, 1.0}


def test_the_originals_are_left_alone(phantom_set):
    images, masks = phantom_set.images.copy(), phantom_set.masks.copy()
    all_batches(sequence(phantom_set))
    np.testing.assert_array_equal(phantom_set.images, images)
    np.testing.assert_array_equal(phantom_set.masks, masks)


def test_numpys_global_state_is_left_alone(phantom_set):
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    all_batches(sequence(phantom_set))
    assert np.random.random() == expected
