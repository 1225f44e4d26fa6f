import numpy as np
import pytest

from seglib import plotting
from seglib.errors import DataError


def test_a_grid_has_one_axes_per_image_and_the_label(phantom_set):
    fig = plotting.show_images(
        list(phantom_set.images[:5]),
        list("abcde"),
        dataset="phantom",
        profile="smoke",
        masks=list(phantom_set.masks[:5]),
        columns=3,
    )
    assert [axes.get_title() for axes in fig.axes] == list("abcde")
    assert any("PHANTOM" in text.get_text() for text in fig.texts)


def test_images_of_different_sizes_stand_side_by_side():
    images = [np.zeros((8, 8)), np.arange(256.0).reshape(16, 16)]
    fig = plotting.show_images(images, ["small", "large"], dataset="d", profile="smoke")
    assert [axes.images[0].get_array().shape for axes in fig.axes] == [(8, 8), (16, 16)]


def test_phases_stand_below_one_another_in_one_window(phantom_set):
    patient = phantom_set.patients[0]
    fig = plotting.show_phases(phantom_set, patient, profile="smoke", columns=2)
    assert len(fig.axes) == 4
    assert "ED" in fig.axes[0].get_ylabel() and "ES" in fig.axes[2].get_ylabel()
    assert len({axes.get_xlim() + axes.get_ylim() for axes in fig.axes}) == 1


def test_an_unknown_patient_is_named(phantom_set):
    with pytest.raises(DataError, match="nobody"):
        plotting.show_phases(phantom_set, "nobody", profile="smoke")
