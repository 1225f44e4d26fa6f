"""The method that copies masks, and the hearts it copies from."""

import numpy as np
import pytest

from seglib.lessons.labs.learners import (
    held_out,
    lab_hearts,
    mean_dice,
    middle,
    shrunk,
    vote_of_nearest,
)


def test_the_nearest_picture_of_a_training_picture_is_itself(phantom_set):
    copied = vote_of_nearest(phantom_set.images, phantom_set.masks, phantom_set.images[3:5])
    assert np.array_equal(copied, phantom_set.masks[3:5])
    assert mean_dice(phantom_set.take([3, 4]), copied) == 1.0


def test_votes_are_shares_of_the_masks(phantom_set):
    twins = phantom_set.images[[0, 0, 0, 0]]
    masks = np.zeros_like(phantom_set.masks[:4])
    masks[:3, 0] = 1  # three of four say that the first row is inside
    votes = vote_of_nearest(twins, masks, twins[:1], number=4)
    assert votes.shape == (1, *masks.shape[1:])
    assert set(np.unique(votes)) == {0, 0.75}


def test_held_out_patients_are_whole_and_drawn_by_seed(phantom_set):
    draws = {tuple(held_out(phantom_set, seed)) for seed in range(6)}
    assert len(draws) > 1
    patient = phantom_set.table["patient"]
    for chosen in map(np.array, draws):
        assert patient[chosen].nunique() == 2  # a third of six
        assert not set(patient[chosen]) & set(patient[~chosen])


def test_smaller_and_nearer(phantom_set):
    assert shrunk(phantom_set, 32).masks.shape == (len(phantom_set), 32, 32, 1)
    near = middle(phantom_set)
    assert np.array_equal(near.images, phantom_set.images[:, 16:48, 16:48])


@pytest.mark.slow
def test_the_labs_see_training_patients_alone(sunnybrook_dir):
    hearts = lab_hearts("sunnybrook")
    assert set(hearts.table["part"]) == {"train"}
    assert len(hearts.patients) == 15
    assert hearts.images.shape[1:] == (128, 128, 1)
    assert set(np.unique(hearts.masks)) == {0, 1}


@pytest.mark.slow
def test_without_data_the_labs_have_as_many_phantoms():
    assert len(lab_hearts("phantom").patients) == 15
