from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from seglib.batches.image_data_generator import (
    PUBLISHED_RANGES,
    ImageDataGenerator,
    PairedGenerator,
    PairTransformer,
    expand_offline,
)
from seglib.errors import DataError
from seglib.preprocessing.steps import Preprocessing

SMALL = Preprocessing(size=32, multiple=16)


def square(side=96):
    """A bright, off-centre square and the mask that is its threshold."""
    image = np.zeros((side, side, 1), np.float32)
    image[30:58, 38:66] = 200
    return image, (image > 100).astype(np.uint8)


def dice(a, b):
    return 2 * np.sum(a & b) / (np.sum(a) + np.sum(b))


@pytest.mark.parametrize(
    "ranges",
    [
        {},
        {"zoom_range": 0.2, "shear_range": 10},
        {"width_shift_range": 0.1, "height_shift_range": 0.1},
        {"rotation_range": 90, "channel_shift_range": 30},
        {"rotation_range": 90, "brightness_range": (0.8, 1.2)},
    ],
    ids=["published", "zoom and shear", "shift", "channel shift", "brightness"],
)
def test_image_and_mask_move_together_and_the_mask_stays_binary(ranges):
    image, mask = square()
    transformer = PairTransformer(**ranges)
    moved_at_all = False
    for seed in range(15):
        moved, moved_mask = transformer.apply(image, mask, seed)
        assert moved.dtype == np.float32 and moved_mask.dtype == np.uint8
        assert set(np.unique(moved_mask)) <= {0, 1}
        assert dice(moved > 100, moved_mask > 0) > 0.95
        moved_at_all |= bool((moved_mask != mask).any())
    assert moved_at_all


@pytest.mark.parametrize(("name", "axis"), [("height_shift_range", 0), ("width_shift_range", 1)])
def test_a_shift_moves_the_axis_of_its_name_which_the_plain_generator_does_not(name, axis):
    image, mask = np.zeros((41, 51, 1), np.float32), np.zeros((41, 51, 1), np.uint8)
    image[20, 25], mask[20, 25] = 200, 1
    ranges = {name: [10], "fill_mode": "constant"}
    for seed in range(3):
        moved, moved_mask = PairTransformer(**ranges).apply(image, mask, seed)
        for half in (moved, moved_mask):
            (found,) = np.argwhere(half[..., 0] > 0) - (20, 25)
            assert abs(found[axis]) == 10 and found[1 - axis] == 0
        plain = ImageDataGenerator(**ranges)
        moved = plain.apply_transform(image, plain.get_random_transform(image.shape, seed=seed))
        (found,) = np.argwhere(moved[..., 0] > 0) - (20, 25)
        assert found[axis] == 0 and abs(found[1 - axis]) == 10


def test_labels_of_several_classes_survive():
    mask = np.zeros((64, 64, 1), np.uint8)
    mask[16:32, 16:48], mask[32:48, 16:48] = 1, 3
    for seed in range(10):
        _, moved = PairTransformer().apply(mask.astype(np.float32), mask, seed)
        assert set(np.unique(moved)) == {0, 1, 3}  # never 2, which lies between


def test_the_same_seed_gives_the_same_variant():
    image, mask = square()
    first, again, other = (PairTransformer().apply(image, mask, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()


def test_the_plain_generator_has_the_faults_that_the_pair_does_not():
    image, mask = square()
    plain = ImageDataGenerator(rotation_range=45)
    moved, y = next(plain.flow(image[None], mask[None], seed=1))
    assert (moved[0] != image).any()
    np.testing.assert_array_equal(y[0], mask)  # y stays where it was
    grey = plain.random_transform(mask.astype(np.float32), seed=1)
    assert ((grey > 0) & (grey < 1)).any()


def test_numpys_global_state_is_left_alone():
    image, mask = square()
    np.random.seed(0)
    expected = np.random.random(3)
    np.random.seed(0)
    for seed in range(3):
        PairTransformer().apply(image, mask, seed)
    np.testing.assert_array_equal(np.random.random(3), expected)


def test_the_global_state_comes_back_after_an_error():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    with pytest.raises(ValueError):
        PairTransformer().apply(*square(), seed=-1)
    assert np.random.random() == expected


def generator(phantom_set, **changes):
    return PairedGenerator(phantom_set, SMALL, **{"batch_size": 5, "seed": 2} | changes)


def assert_same(first, second):
    for pair, other in zip(first, second, strict=True):
        for a, b in zip(pair, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_batches_do_not_depend_on_the_order_of_access_or_on_threads(phantom_set):
    batches = generator(phantom_set)
    numbers = range(len(batches))
    expected = [batches[i] for i in numbers]
    assert_same(expected, [batches[i] for i in reversed(numbers)][::-1])
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert_same(expected, list(pool.map(batches.__getitem__, numbers)))


def test_an_epoch_holds_every_pair_and_the_next_one_differs(phantom_set):
    batches = generator(phantom_set)
    first = [batches[i] for i in range(len(batches))]
    assert sum(len(images) for images, _ in first) == len(phantom_set)
    assert sorted(batches.order) == list(range(len(phantom_set)))
    batches.on_epoch_end()
    assert (batches[0][0] != first[0][0]).any()


def test_batches_have_the_networks_shape_and_type(phantom_set):
    images, masks = generator(phantom_set)[0]
    assert images.shape == masks.shape == (5, 32, 32, 1)
    assert images.dtype == masks.dtype == np.float32
    assert set(np.unique(masks)) <= {0.0, 1.0}


def test_offline_expansion_keeps_originals_order_and_sources(phantom_set):
    few = phantom_set.take(range(8))
    grown = expand_offline(few, 21)
    assert len(grown) == 21
    np.testing.assert_array_equal(grown.images[:8], few.images)
    np.testing.assert_array_equal(grown.masks[:8], few.masks)
    np.testing.assert_array_equal(
        grown.table["source"], few.table["source"].iloc[np.arange(21) % 8]
    )
    assert grown.table["variant"].tolist() == [0] * 8 + [1] * 8 + [2] * 5
    assert grown.images.dtype == np.uint8
    assert set(np.unique(grown.masks)) == {0, 1}
    for i in range(8, 21):
        assert (grown.images[i] != few.images[i % 8]).any()


def test_offline_variants_differ_and_repeat_with_the_seed(phantom_set):
    few = phantom_set.take(range(4))
    first, again, other = (expand_offline(few, 12, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert (first.images[4:8] != first.images[8:12]).any()
    assert (first.images != other.images).any()


def test_offline_expansion_without_a_transform_repeats_the_originals(phantom_set):
    few = phantom_set.take(range(4))
    grown = expand_offline(few, 8, rotation_range=0)
    np.testing.assert_array_equal(grown.images[4:], few.images)
    np.testing.assert_array_equal(grown.masks[4:], few.masks)


def test_offline_expansion_keeps_a_float_images_own_range(phantom_set):
    few = phantom_set.take(range(4))
    scanner = replace(few, images=few.images.astype(np.float32) * 10 + 0.5)
    grown = expand_offline(scanner, 8)
    assert grown.images.dtype == np.float32
    assert grown.images[4:].max() > 255
    assert np.abs(grown.images % 1 - 0.5).max() > 0  # not rounded


@pytest.mark.parametrize("total", [0, 3])
def test_fewer_pairs_than_originals_are_refused(phantom_set, total):
    with pytest.raises(DataError, match=f"4 originals .* {total} pairs"):
        expand_offline(phantom_set.take(range(4)), total)


def test_nothing_cannot_be_expanded(phantom_set):
    with pytest.raises(DataError, match="0 originals"):
        expand_offline(phantom_set.take([]), 5)


def test_the_published_ranges_are_system_1s():
    assert PUBLISHED_RANGES["rotation_range"] == 180
    assert PUBLISHED_RANGES["horizontal_flip"] and PUBLISHED_RANGES["vertical_flip"]
    assert not {"zoom_range", "width_shift_range", "height_shift_range"} & set(PUBLISHED_RANGES)
