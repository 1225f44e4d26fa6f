import numpy as np
import pytest

from seglib import plotting
from seglib.errors import DataError


def test_a_grid_has_one_axes_per_image(phantom_set):
    fig = plotting.show_images(
        list(phantom_set.images[:5]),
        list("abcde"),
        masks=list(phantom_set.masks[:5]),
        columns=3,
    )
    assert [axes.get_title() for axes in fig.axes] == list("abcde")
    outlined = [bool(axes.collections) for axes in fig.axes]
    assert outlined == phantom_set.masks[:5].any(axis=(1, 2, 3)).tolist()


def test_images_of_different_sizes_stand_side_by_side():
    images = [np.zeros((8, 8)), np.arange(256.0).reshape(16, 16)]
    fig = plotting.show_images(images, ["small", "large"])
    assert [axes.images[0].get_array().shape for axes in fig.axes] == [(8, 8), (16, 16)]


def test_phases_stand_below_one_another_in_one_window(phantom_set):
    patient = phantom_set.patients[0]
    fig = plotting.show_phases(phantom_set, patient, columns=2)
    assert len(fig.axes) == 4
    assert "ED" in fig.axes[0].get_ylabel() and "ES" in fig.axes[2].get_ylabel()
    assert len({axes.get_xlim() + axes.get_ylim() for axes in fig.axes}) == 1


def test_an_unknown_patient_is_named(phantom_set):
    with pytest.raises(DataError, match="nobody"):
        plotting.show_phases(phantom_set, "nobody")
