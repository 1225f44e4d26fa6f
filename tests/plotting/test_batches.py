from dataclasses import replace

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


def test_images_share_their_levels_and_the_legend_names_the_outline(phantom_set):
    images = [phantom_set.images[0], phantom_set.images[0] * 0.5]
    fig = plotting.show_images(images, ["a", "b"], masks=phantom_set.masks[:2], levels=(0, 200))
    assert [axes.images[0].get_clim() for axes in fig.axes] == 2 * [(0, 200)]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["expert"]


def test_planes_are_as_wide_and_high_as_in_the_body_and_their_edges_are_named(phantom_set):
    """Slices 3 mm apart, pixels of 1.5 mm: cut across the slices, a pixel is twice as high."""
    rows = phantom_set.rows_of(phantom_set.table.at[0, "case"])
    volume = phantom_set.take(rows)
    table = volume.table.assign(spacing=1.5, slice_spacing=3.0)
    fig = plotting.show_planes(replace(volume, table=table), (1, 2, 3), letters="ISAPRL")
    assert [axes.get_aspect() for axes in fig.axes] == [1.0, 2.0, 2.0]
    assert [axes.get_title() for axes in fig.axes] == ["slice 1", "row 2", "column 3"]
    shapes = [axes.images[0].get_array().shape for axes in fig.axes]
    n, height, width = volume.images.shape[:3]
    assert shapes == [(height, width), (n, width), (n, height)]
    edges = [{text.get_text(): text.xy for text in axes.texts} for axes in fig.axes]
    assert [list(found) for found in edges] == [list("APRL"), list("ISRL"), list("ISAP")]
    assert edges[0]["A"][1] > edges[0]["P"][1] and edges[0]["R"][0] < edges[0]["L"][0]
    bar = fig.axes[1].lines[0].get_xdata()
    assert bar[1] - bar[0] == pytest.approx(50 / 1.5)
