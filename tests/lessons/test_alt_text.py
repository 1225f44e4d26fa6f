"""What is said of a figure is what is drawn in it."""

import matplotlib.pyplot as plt
import numpy as np

from seglib.lessons.alt_text import LONGEST, alternative_text
from seglib.plotting.style import label_figure, legend_below, new_figure, outline_handles


def test_a_chart_says_its_axes_its_lines_and_whose_data_it_shows():
    fig, axes = plt.subplots()
    axes.plot([1, 2], [0.5, 0.6], label="U-Net")
    axes.set(xlabel="epoch", ylabel="Dice")
    axes.legend()
    label_figure(fig, "Sunnybrook", "quick")
    assert alternative_text(fig) == (
        "Chart: Dice over epoch. Legend: U-Net. Sunnybrook · profile quick."
    )


def test_groups_are_named_and_numbers_of_an_axis_are_not():
    fig, axes = plt.subplots()
    axes.bar([0, 1], [0.5, 0.6])
    axes.set_xticks([0, 1], ["channel\nattention", "U-Net"])
    assert alternative_text(fig) == "Chart: channel attention, U-Net."


def test_pictures_are_counted_and_named_once_without_their_colour_bar():
    fig, grid = new_figure(1, 3, width=2, height=2)
    for axes, title in zip(grid.flat, ("image", "map", "map"), strict=True):
        drawn = axes.imshow(np.eye(4))
        axes.set_title(title)
    fig.colorbar(drawn, ax=grid[:, -1], label="probability")
    legend_below(fig, outline_handles())
    label_figure(fig, "phantom", "smoke")
    assert alternative_text(fig) == (
        "3 pictures: image; map. Legend: expert, prediction. "
        "PHANTOM (synthetic, not a patient) · profile smoke."
    )


def test_a_long_text_ends_between_two_words():
    fig, axes = plt.subplots()
    axes.plot([0, 1])
    axes.set_title("word " * 100)
    text = alternative_text(fig)
    assert len(text) <= LONGEST and text.endswith("word…")
