"""Each demonstration of a wrong score gives the number that can be worked out by hand."""

import numpy as np
import pytest

from seglib.augmentation import expand
from seglib.lessons import mistakes
from seglib.lessons.mistakes import random_slice_split
from seglib.phantoms import heart


def square(side=20, inside=5, number=2):
    masks = np.zeros((number, side, side, 1), np.uint8)
    masks[:, 4 : 4 + inside, 4 : 4 + inside] = 1
    return masks


def test_shared_slices_counts_siblings_of_the_real_expansion(phantom_set):
    pairs = 3 * len(phantom_set)
    grown = expand(phantom_set, pairs, lambda image, mask, rng: (image, mask))
    rest, test = random_slice_split(pairs, seed=2)
    names = (grown.table["case"] + grown.table["slice"].astype(str)).to_numpy()
    found = mistakes.shared_slices(len(phantom_set), pairs, seed=2)
    assert found["training or validation"] == np.isin(names[test], names[rest]).mean()
    assert found["training"] <= found["training or validation"]


def test_slices_without_variants_share_nothing():
    assert mistakes.shared_slices(50, 50) == {"training": 0.0, "training or validation": 0.0}
    assert mistakes.shared_slices(5, 5000)["training"] == 1.0


def test_the_studys_share_of_leaked_test_pairs():
    # 805 originals, 3500 pairs: 97.7 % of the test pairs, whatever the draw.
    shares = [mistakes.shared_slices(805, 3500, s)["training or validation"] for s in range(5)]
    assert np.mean(shares) == pytest.approx(0.977, abs=0.015)


def test_soft_dice_of_a_perfect_but_unsure_prediction():
    masks = square()
    unsure = np.where(masks, 0.6, 0.1)
    assert np.array_equal(unsure >= 0.5, masks == 1)
    expected = 2 * 0.6 * 25 / (25 + 0.6 * 25 + 0.1 * 375)
    np.testing.assert_allclose(mistakes.soft_dice(masks, unsure), expected, rtol=1e-6)
    np.testing.assert_allclose(mistakes.soft_dice(masks, masks), 1.0)


def test_soft_dice_of_an_empty_mask_is_nothing_beside_a_whisper():
    empty = np.zeros((1, 64, 64, 1))
    assert mistakes.soft_dice(empty, np.full_like(empty, 0.001))[0] < 1e-6
    assert mistakes.soft_dice(empty, empty)[0] == 1.0


def test_a_prediction_scored_against_itself_forgets_the_truth():
    masks = square(side=60, inside=20)
    own, true = [], []
    for shift in (0, 25):
        soft = mistakes.soft_prediction(masks, shift, blur=1.0)
        own.append(mistakes.soft_dice(soft >= 0.5, soft).mean())
        true.append(mistakes.soft_dice(masks, soft).mean())
    assert own[0] == pytest.approx(own[1], abs=1e-2)
    assert own[1] > 0.9
    assert true[0] > 0.9
    assert true[1] < 0.01


def test_soft_prediction_moves_and_softens():
    masks = square()
    assert np.array_equal(mistakes.soft_prediction(masks, 3)[:, 3:], masks[:, :-3])
    soft = mistakes.soft_prediction(masks, blur=1.0)
    assert soft.shape == masks.shape
    assert len(np.unique(soft)) > 10
    assert soft.sum() == pytest.approx(masks.sum(), rel=1e-3)


def test_dice_over_batches_depends_on_the_batch():
    truth = np.zeros((2, 10, 10, 1), np.uint8)
    truth[0, :8, :8] = 1  # 64 pixels, all found
    truth[1, :2, :2] = 1  # 4 pixels, none found
    prediction = truth.copy()
    prediction[1] = 0
    assert mistakes.batch_dice(truth, prediction, 1) == 0.5
    assert mistakes.batch_dice(truth, prediction, 2) == pytest.approx(128 / 132)


def test_a_fifth_of_a_degree_moves_the_border_by_half_a_pixel():
    assert mistakes.displacement(128, 0.2) == pytest.approx(0.447, abs=1e-3)
    assert mistakes.displacement(100, 60) == pytest.approx(100)
    assert mistakes.displacement(100, 180) == pytest.approx(200)


@pytest.mark.slow
def test_system_5_shifts_and_zooms_but_does_not_turn():
    from seglib.batches.image_data_generator import TUMOUR_RANGES

    moves = mistakes.farthest_moves(TUMOUR_RANGES, side=256, draws=30)
    corner = mistakes.displacement(128 * np.sqrt(2), 0.2)
    assert corner == pytest.approx(0.63, abs=0.01)
    assert 0.4 < moves["rotation_range"] <= corner  # well below a pixel, even in the corners
    assert moves["shear_range"] < 0.2
    for shift in ("width_shift_range", "height_shift_range"):
        assert 10 < moves[shift] <= 0.05 * 256 + 1e-3
    assert 5 < moves["zoom_range"] <= 0.05 * 128 * np.sqrt(2) + 0.1
    in_radians = mistakes.farthest_moves({"rotation_range": np.rad2deg(0.2)}, side=256, draws=10)
    assert in_radians["rotation_range"] > 20


def test_smoothing_makes_grey_values_and_moves_the_outline():
    masks = heart.make(patients=1, slices=2, size=64).masks
    cost = mistakes.smoothing_cost(masks, 40)
    assert cost["grey values"] > 10
    assert cost["pixels changed"] > 0
    assert 0.7 < cost["Dice"] < 1
    same = mistakes.smoothing_cost(masks, 64)
    assert same.tolist() == [2, 0, 1]


@pytest.fixture(scope="module")
def published():
    import keras

    from seglib.models.networks import build_model

    keras.utils.set_random_seed(0)
    return build_model("published_lv", (16, 16, 1), filters=4, depth=2)


@pytest.mark.slow
def test_batch_statistics_answer_otherwise_and_leave_the_network_alone(published):
    rng = np.random.default_rng(0)
    inputs = rng.random((4, 16, 16, 1), np.float32) * 50
    before = published.get_weights()
    alone = mistakes.with_batch_statistics(published, inputs)
    together = mistakes.with_batch_statistics(published, inputs, batch_size=4)
    assert alone.shape == together.shape == (4, 16, 16, 1)
    assert not np.allclose(alone, together)
    assert not np.allclose(alone, published.predict_on_batch(inputs))
    assert all(np.array_equal(a, b) for a, b in zip(before, published.get_weights(), strict=True))


@pytest.mark.slow
def test_a_dead_head_is_silent_everywhere(published):
    inputs = np.random.default_rng(0).random((2, 16, 16, 1), np.float32)
    head = published.get_layer("two_filters")
    kernel, bias = head.get_weights()
    try:
        head.set_weights([kernel * 0, np.array([-1.0, -1.0], np.float32)])
        assert mistakes.silent_share(published, inputs) == 1.0
        assert np.ptp(published.predict_on_batch(inputs)) == 0
        head.set_weights([kernel * 0, np.array([-1.0, 1.0], np.float32)])
        assert mistakes.silent_share(published, inputs) == 0.0
    finally:
        head.set_weights([kernel, bias])
