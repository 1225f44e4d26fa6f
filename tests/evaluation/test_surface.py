"""Surface distances against answers worked out by hand, and against SciPy."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import directed_hausdorff

from seglib.errors import DataError
from seglib.evaluation.surface import surface_distances, surface_pixels


def square(top, left, side, size=40):
    mask = np.zeros((size, size), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


def disc(radius, size=101):
    rows, columns = np.indices((size, size)) - size // 2
    return (rows**2 + columns**2 <= radius**2).astype(np.uint8)


def blob(seed, size=32):
    noise = np.random.default_rng(seed).random((size, size))
    return (noise > 0.8).astype(np.uint8)


def test_surface_of_a_square_is_its_rim():
    surface = surface_pixels(square(10, 10, 5))
    assert surface.sum() == 16  # 25 pixels less the inner 9
    assert not surface[11:14, 11:14].any()


def test_a_mask_that_fills_the_image_has_its_surface_at_the_border():
    surface = surface_pixels(np.ones((6, 7), np.uint8))
    assert surface.sum() == 6 * 7 - 4 * 5


def test_in_plane_surface_ignores_the_neighbouring_slices():
    volume = np.stack([square(10, 10, 5)] * 3)
    assert surface_pixels(volume, in_plane=True)[1].sum() == 16
    assert surface_pixels(volume)[0].sum() == 25  # the first slice is all surface in 3-D
    assert surface_pixels(volume)[1].sum() == 16


def test_two_single_pixels_three_four_five():
    a, b = np.zeros((2, 10, 10), np.uint8)
    a[1, 1] = b[4, 5] = 1
    assert surface_distances(a, b).hausdorff() == pytest.approx(5.0)
    assert surface_distances(a, b).assd() == pytest.approx(5.0)
    assert surface_distances(a, b, spacing=2.0).hausdorff() == pytest.approx(10.0)
    assert surface_distances(a, b, spacing=(4.0, 0.5)).hausdorff() == pytest.approx(
        math.hypot(12.0, 2.0)
    )


def test_shifted_square_by_hand():
    """A 3x3 square moved 2 columns to the right; each rim has 8 pixels.

    From the truth: column 0 is 2 away (3 pixels), column 1 is 1 away (its 2 rim
    pixels), column 2 coincides (3 pixels), and the same backwards.
    """
    a, b = square(10, 10, 3), square(10, 12, 3)
    found = np.sort(surface_distances(a, b).from_truth)
    np.testing.assert_allclose(found, [0, 0, 0, 1, 1, 2, 2, 2])
    distances = surface_distances(a, b)
    assert distances.assd() == pytest.approx(8 / 8)
    assert distances.hausdorff() == pytest.approx(2.0)
    assert distances.surface_dice(1.0) == pytest.approx(5 / 8)
    assert distances.surface_dice(0.0) == pytest.approx(3 / 8)
    assert distances.surface_dice(2.0) == 1.0


def test_concentric_discs_differ_by_their_radii():
    inner, outer = disc(20), disc(30)
    distances = surface_distances(inner, outer)
    assert distances.hausdorff() == pytest.approx(10, abs=0.8)
    assert distances.assd() == pytest.approx(10, abs=0.5)
    assert surface_distances(inner, outer, spacing=1.5).assd() == pytest.approx(15, abs=0.75)
    assert distances.surface_dice(9.0) == 0.0
    assert distances.surface_dice(11.0) == 1.0


def test_the_hundredth_percentile_is_scipys_hausdorff_distance():
    for seed in range(5):
        a, b = blob(seed), blob(seed + 100)
        points = [np.argwhere(surface_pixels(m)) * [1.4, 0.7] for m in (a, b)]
        expected = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
        found = surface_distances(a, b, spacing=(1.4, 0.7)).hausdorff(100)
        assert found == pytest.approx(expected)


def test_hd95_is_the_larger_direction_not_the_pooled_percentile():
    """One far pixel added to the prediction moves only the backward direction."""
    truth = square(5, 5, 2)
    prediction = truth.copy()
    prediction[30, 5] = 1
    distances = surface_distances(truth, prediction)
    assert np.percentile(distances.from_truth, 95) == 0.0
    expected = np.percentile([0, 0, 0, 0, 24], 95)  # 19.2, between the 4th and the 5th value
    assert distances.hausdorff(95) == pytest.approx(expected) == pytest.approx(19.2)


def test_distances_are_symmetric_and_zero_for_equal_masks():
    a, b = blob(1), blob(2)
    there, back, same = (surface_distances(*pair) for pair in ((a, b), (b, a), (a, a)))
    assert there.hausdorff() == pytest.approx(back.hausdorff())
    assert there.assd() == pytest.approx(back.assd())
    assert there.surface_dice(1.0) == pytest.approx(back.surface_dice(1.0))
    assert same.hausdorff() == same.assd() == 0.0
    assert same.surface_dice(0.0) == 1.0


def test_a_stack_pools_the_distances_of_its_slices():
    """Slice 0 is perfect, slice 1 shifted by two: the percentile is taken once, over both."""
    truth = np.stack([square(10, 10, 3), square(10, 10, 3)])
    prediction = np.stack([square(10, 10, 3), square(10, 12, 3)])
    assert surface_distances(truth, prediction).assd() == pytest.approx(0.5)
    pooled = [0] * 8 + [0, 0, 0, 1, 1, 2, 2, 2]
    assert surface_distances(truth, prediction).hausdorff() == pytest.approx(
        np.percentile(pooled, 95)
    )


def test_in_plane_distances_never_look_into_another_slice():
    truth, prediction = np.zeros((2, 2, 20, 20), np.uint8)
    truth[0, 2, 2] = prediction[0, 2, 12] = 1
    truth[1, 2, 12] = prediction[1, 2, 2] = 1
    assert surface_distances(truth, prediction, spacing=1.0).hausdorff() == pytest.approx(10.0)
    assert surface_distances(
        truth, prediction, spacing=(3.0, 1.0, 1.0)
    ).hausdorff() == pytest.approx(3.0)


def test_three_spacings_measure_through_the_volume():
    truth, prediction = np.zeros((2, 5, 5, 5), np.uint8)
    truth[0, 0, 0] = prediction[3, 2, 1] = 1
    found = surface_distances(truth, prediction, spacing=(2.0, 1.5, 4.0)).hausdorff()
    assert found == pytest.approx(math.sqrt(6.0**2 + 3.0**2 + 4.0**2))


def test_unmatched_slice_is_counted_and_lowers_only_the_surface_dice():
    truth = np.stack([square(10, 10, 3), square(10, 10, 3)])
    prediction = np.stack([square(10, 10, 3), square(0, 0, 0)])
    distances = surface_distances(truth, prediction)
    assert distances.slices_unmatched == 1
    assert distances.hausdorff() == 0.0
    assert distances.surface_dice(5.0) == pytest.approx(16 / 24)


def test_empty_masks():
    full, empty = square(10, 10, 3), square(0, 0, 0)
    neither = surface_distances(empty, empty)
    assert math.isnan(neither.hausdorff()) and math.isnan(neither.assd())
    assert math.isnan(neither.surface_dice(1.0))
    for pair in ((full, empty), (empty, full)):
        one = surface_distances(*pair)
        assert math.isnan(one.hausdorff()) and math.isnan(one.assd())
        assert one.surface_dice(100.0) == 0.0
    volumes = np.stack([full] * 3), np.stack([empty] * 3)
    assert surface_distances(*volumes, spacing=(1.0, 1.0, 1.0)).slices_unmatched == 1


@pytest.mark.parametrize("spacing", [0.0, -1.0, float("nan"), (1.0, 1.0, 1.0), (1, 1, 1, 1)])
def test_a_spacing_that_cannot_be_is_refused(spacing):
    with pytest.raises(DataError, match="spacing"):
        surface_distances(square(1, 1, 3), square(1, 1, 3), spacing)


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(DataError, match=r"\(40, 40\).*\(41, 41\)"):
        surface_distances(square(1, 1, 3), square(1, 1, 3, size=41))
