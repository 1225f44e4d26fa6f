import numpy as np
import pytest

from seglib.datasets import msd_heart
from seglib.preprocessing.normalisation import min_max, z_score
from seglib.preprocessing.steps import Preprocessing
from seglib.preprocessing.volumes import normalise_volume, normalise_volumes


def test_every_case_has_its_own_extremes(phantom_set):
    """Dimming one case changes nothing; its slices keep their brightness to one another."""
    dimmed = phantom_set.images.astype(np.float32)
    of_case = (phantom_set.table["case"] == phantom_set.table["case"].iloc[-1]).to_numpy()
    dimmed[of_case] = 0.25 * dimmed[of_case] - 90
    # Slices of one case mixed with others: only the table says what belongs together.
    order = np.random.default_rng(0).permutation(len(phantom_set))
    changed = type(phantom_set)("p", dimmed, phantom_set.masks, phantom_set.table).take(order)
    found, expected = normalise_volumes(changed), normalise_volumes(phantom_set)
    assert found.images.dtype == np.float32
    np.testing.assert_allclose(found.images, expected.images[order], atol=1e-6)
    for _, rows in expected.table.groupby("case"):
        case = phantom_set.images[rows.index].astype(float)
        span = case.max() - case.min()
        np.testing.assert_allclose(
            expected.images[rows.index], (case - case.min()) / span, atol=1e-6
        )


def test_all_else_stays(phantom_set):
    found = normalise_volumes(phantom_set)
    assert phantom_set.images.dtype == np.uint8
    assert found.table.equals(phantom_set.table)
    assert found.masks is phantom_set.masks and found.name == phantom_set.name


def test_constant_volume_and_channels():
    images = np.zeros((3, 4, 5, 2), np.int16)
    images[..., 0] = 7
    images[1, 2, 3, 1] = 50
    images[2, 0, 0, 1] = -50
    found = normalise_volume(images)
    assert not found[..., 0].any()
    assert (found[1, 2, 3, 1], found[2, 0, 0, 1], found[0, 0, 0, 1]) == (1, 0, 0.5)


def test_a_volume_that_spans_more_than_float32():
    images = np.zeros((2, 3, 4, 1), np.float32)
    images[0, 1, 2], images[1, 2, 3] = 3e38, -3e38
    found = normalise_volume(images)
    assert (found[0, 1, 2, 0], found[1, 2, 3, 0], found[0, 0, 0, 0]) == (1, 0, 0.5)


@pytest.mark.slow
def test_real_volume_z_score_before_min_max_changes_nothing(msd_heart_dir):
    """System 3's two steps on the whole volume are its second one alone."""
    heart = msd_heart.load(msd_heart_dir).of_patients(["la_003"])
    tall = heart.images.reshape(1, -1, *heart.images.shape[2:])
    two_steps = min_max(z_score(tall)).reshape(heart.images.shape)
    found = normalise_volumes(heart).images
    np.testing.assert_allclose(found, two_steps, atol=1e-6)
    assert (found.min(), found.max()) == (0, 1)
    # Image by image every slice is stretched to 1, in the volume few are.
    assert (min_max(heart.images).max(axis=(1, 2, 3)) == 1).all()
    assert (found.max(axis=(1, 2, 3)) == 1).mean() < 0.9


def test_a_network_can_be_given_what_was_normalised_already(phantom_set):
    normalised = normalise_volumes(phantom_set)
    kept = Preprocessing(size=None, normalisation="none").images(normalised.images)
    np.testing.assert_array_equal(kept, normalised.images)
