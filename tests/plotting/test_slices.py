"""Figures say what they show: label, contours where the mask ends, panels, untouched arrays."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures import outline
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from seglib import plotting
from seglib.evaluation.tables import per_patient, score_cases
from seglib.plotting.style import LABEL_ID, PREDICTION, TRUTH, WARNING
from seglib.slices import SliceSet
from study.questions.heart import REFERENCES

SIZE = 48


@pytest.fixture
def slices():
    """Three patients with four slices each; the heart is a square that shrinks to the apex."""
    rng = np.random.default_rng(0)
    masks = np.zeros((12, SIZE, SIZE, 1), np.uint8)
    for i in range(12):
        masks[i, 20 : 32 - 2 * (i % 4), 24:36] = 1
    images = (rng.random(masks.shape) * 90 + masks * 120).astype(np.uint8)
    patients = np.repeat(["A", "B", "C"], 4)
    table = pd.DataFrame(
        {
            "case": [f"{p} ED" for p in patients],
            "patient": patients,
            "slice": np.tile(range(4), 3),
            "phase": "ED",
            "spacing": math.nan,
            "pathology": "N",
            "source": [f"{i}.png" for i in range(12)],
        }
    )
    return SliceSet("phantom", images, masks, table)


@pytest.fixture
def prediction(slices):
    """Patient A is right, B one pixel off, C four pixels off."""
    return np.concatenate(
        [
            np.roll(slices.masks[4 * i : 4 * i + 4], shift, axis=1)
            for i, shift in enumerate((0, 1, 4))
        ]
    )


def label_of(fig):
    found = [text for text in fig.texts if text.get_gid() == LABEL_ID]
    assert len(found) == 1
    return found[0]


def all_figures(slices, prediction):
    """One figure of every kind, made from the same arrays."""
    scores = score_cases(slices, prediction)
    image, truth = slices.images[5], slices.masks[5]
    history = pd.DataFrame({"loss": [1.0, 0.5], "val_loss": [1.1, 0.7], "dice": [0.1, 0.4]})
    patients = {"U-Net": per_patient(scores)}
    return {
        "slices": plotting.show_slices(slices, [0, 1], prediction=prediction),
        "probabilities": plotting.show_probabilities(
            slices.take([0, 5]), 0.5 * slices.masks[[0, 5]]
        ),
        "pairs": plotting.show_pairs([(image, truth), (image, truth)]),
        "history": plotting.plot_history(history),
        "box": plotting.box_plot_per_patient(patients, references=REFERENCES),
        "cases": plotting.cases_best_median_worst(slices, prediction, scores),
        "attention": plotting.plot_attention(
            slices.images[:2], [np.ones((2, 6, 6))], ["gate"], masks=slices.masks[:2]
        ),
    }


def test_every_figure_takes_one_label_and_leaves_its_arrays_alone(slices, prediction):
    before = [a.copy() for a in (slices.images, slices.masks, prediction)]
    figures = all_figures(slices, prediction)
    for name, fig in figures.items():
        assert isinstance(fig, Figure)
        assert not [text for text in fig.texts if text.get_gid() == LABEL_ID], name
        label = label_of(plotting.label_figure(fig, slices.name, "quick"))
        assert label.get_text() == "PHANTOM (synthetic, not a patient) · profile quick", name
        assert to_hex(label.get_bbox_patch().get_facecolor()) == WARNING.lower()
    for old, new in zip(before, (slices.images, slices.masks, prediction), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.slow
def test_nothing_overlaps_the_label_and_it_lies_inside_the_figure(slices, prediction):
    for name, fig in all_figures(slices, prediction).items():
        plotting.label_figure(fig, slices.name, "quick")
        fig.draw_without_rendering()
        label = label_of(fig).get_window_extent()
        assert label.x0 >= 0 and label.x1 <= fig.bbox.x1 and label.y0 >= 0, name
        for artist in [*fig.axes, *fig.legends]:
            assert not label.overlaps(artist.get_tightbbox()), name
        for legend in fig.legends:
            for axes in fig.axes:
                assert not legend.get_window_extent().overlaps(axes.get_tightbbox()), name


def test_a_real_data_set_is_named_plainly():
    fig = plotting.label_figure(plt.figure(), "Sunnybrook", "full")
    assert label_of(fig).get_text() == "Sunnybrook · profile full"
    assert label_of(fig).get_bbox_patch() is None


@pytest.mark.parametrize("name", ["phantom", "brain phantom"])
def test_every_phantom_is_called_one_in_colour(name):
    label = label_of(plotting.label_figure(plt.figure(), name, "full"))
    assert "synthetic" in label.get_text()
    assert label.get_bbox_patch() is not None


def test_a_second_label_replaces_the_first_and_space_is_kept_without_a_layout_engine():
    fig, axes = plt.subplots()
    axes.set_xlabel("epoch")
    plotting.label_figure(fig, "phantom", "smoke")
    plotting.label_figure(fig, "Sunnybrook", "full")
    assert label_of(fig).get_text() == "Sunnybrook · profile full"
    fig.draw_without_rendering()
    assert not label_of(fig).get_window_extent().overlaps(axes.get_tightbbox())


def test_show_slices_draws_each_slice_with_truth_and_prediction(slices, prediction):
    fig = plotting.show_slices(slices, [0, 9, 3], prediction=prediction, columns=2)
    assert len(fig.axes) == 3  # the fourth place of the 2x2 grid is removed
    assert fig.axes[1].get_title() == "C ED\nslice 1"
    for axes, row in zip(fig.axes, [0, 9, 3], strict=True):
        for masks, colour in ((slices.masks, TRUTH), (prediction, PREDICTION)):
            inside = np.argwhere(masks[row, ..., 0])
            y0, x0 = inside.min(0) - 0.5
            y1, x1 = inside.max(0) + 0.5
            assert outline(axes, colour) == (x0, x1, y0, y1)


def test_probabilities_are_shown_as_they_are_with_the_experts_outline(slices):
    values = np.random.default_rng(0).random((2, *slices.masks.shape[1:]))
    fig = plotting.show_probabilities(slices.take([5, 0]), values)
    for axes, row, expected in zip(fig.axes, (5, 0), values, strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), expected[..., 0])
        assert axes.images[0].get_clim() == (0, 1)
        assert outline(axes, TRUTH) is not None
        assert axes.get_title() == slices.table.at[row, "case"]


@pytest.mark.slow
def test_best_median_and_worst_case_are_painted_where_the_masks_agree_and_differ(
    slices, prediction
):
    fig = plotting.cases_best_median_worst(slices, prediction, score_cases(slices, prediction))
    axes = fig.axes[2 * 5 + 1]  # the worst case, its second slice
    layer = axes.images[1].get_array()
    painted = layer[..., 3] > 0
    np.testing.assert_array_equal(painted, (slices.masks[9] | prediction[9])[..., 0] > 0)
    missed = np.all(np.isclose(layer[..., :3], to_rgb(TRUTH)), axis=-1) & painted
    np.testing.assert_array_equal(missed, (slices.masks[9] & ~prediction[9])[..., 0] > 0)
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert labels == ["both", "expert only (missed)", "prediction only (extra)"]


def test_best_median_and_worst_case_are_the_right_ones(slices, prediction):
    scores = score_cases(slices, prediction).sample(frac=1, random_state=0)
    fig = plotting.cases_best_median_worst(slices, prediction, scores, columns=5)
    labels = [axes.get_ylabel() for axes in fig.axes if axes.get_ylabel()]
    assert [label.split("\n")[0] for label in labels] == [
        "best: A ED",
        "median: B ED",
        "worst: C ED",
    ]
    assert labels[0].endswith("Dice 1.000")
    titles = [axes.get_title() for axes in fig.axes[:5]]
    assert titles == ["slice 0", "slice 1", "slice 2", "slice 3", ""]  # four slices, five places


def test_of_a_case_only_the_slices_that_hold_the_structure_are_shown(slices, prediction):
    masks = slices.masks.copy()
    masks[[0, 4, 8]] = 0  # the first slice of each patient
    part = SliceSet(slices.name, slices.images, masks, slices.table)
    fig = plotting.cases_best_median_worst(
        part, prediction, score_cases(part, prediction), columns=3
    )
    assert [axes.get_title() for axes in fig.axes] == 3 * ["slice 1", "slice 2", "slice 3"]


def test_attention_maps_of_any_resolution_cover_the_image(slices):
    maps = [np.full((2, 6, 6), 0.5), np.full((2, 12, 12, 1), 1.0)]
    fig = plotting.plot_attention(slices.images[:2], maps, ["gate 1", "gate 2"])
    assert len(fig.axes) == 2 * 3 + 1  # and the colour bar
    (image,) = fig.axes[0].images
    for axes in fig.axes[1:3]:
        (heat,) = axes.images
        assert tuple(heat.get_extent()) == tuple(image.get_extent())
        assert axes.get_xlim() == fig.axes[0].get_xlim()
    assert fig.axes[1].get_title() == "gate 1" and fig.axes[4].get_title() == ""


def test_attention_maps_show_only_colours_of_their_bar(slices):
    values = np.random.default_rng(0).random((2, 96, 96))  # enlarged little, as a fine level is
    fig = plotting.plot_attention(slices.images[:2], [values], ["gate"])
    fig.canvas.draw()
    pixels = np.asarray(fig.canvas.buffer_rgba())
    bar = {tuple(colour) for colour in colormaps["inferno"](np.arange(256), bytes=True)}
    for axes, expected in zip((fig.axes[1], fig.axes[3]), values, strict=True):
        (heat,) = axes.images
        assert heat.get_alpha() in (None, 1)
        np.testing.assert_array_equal(heat.get_array(), expected)
        x0, y0, x1, y1 = axes.bbox.extents.round().astype(int)
        inside = pixels[len(pixels) - y1 + 2 : len(pixels) - y0 - 2, x0 + 2 : x1 - 2]
        assert {tuple(pixel) for pixel in inside.reshape(-1, 4)} <= bar


def test_the_experts_outline_lies_on_image_and_attention_map_alike(slices):
    maps = [np.ones((2, 6, 6)), np.ones((2, 12, 12))]
    fig = plotting.plot_attention(slices.images[:2], maps, ["a", "b"], masks=slices.masks[:2])
    for row, bottom in enumerate((31.5, 29.5)):
        for axes in fig.axes[3 * row : 3 * row + 3]:
            assert outline(axes, TRUTH) == (23.5, 35.5, 19.5, bottom)


def test_more_than_four_pairs_go_on_below():
    image = np.zeros((8, 8))
    fig = plotting.show_pairs([(image, image)] * 6)
    titles = [axes.get_title() for axes in fig.axes]
    assert titles == ["original", "variant 1", "variant 2", "variant 3", *[""] * 4,
                      "variant 4", "variant 5", *[""] * 6]  # fmt: skip
    assert [len(axes.images) for axes in fig.axes] == [1] * 10 + [0, 0, 1, 1, 0, 0]
