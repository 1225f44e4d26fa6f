"""A panel's picture follows its controls, and a still one stands in where none can be moved."""

import base64
import builtins
import io

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from seglib.lessons.panels import DPI, Choice, Panel, Slider, png


def blue(share):
    """A figure of 2 x 1 inches whose blue is so strong."""
    fig = plt.figure(figsize=(2, 1), facecolor=(0, 0, share))
    fig.add_axes((0, 0, 1, 1)).imshow([[[0, 0, share]]], aspect="auto")
    return fig


def blueness(content):
    with Image.open(io.BytesIO(content)) as picture:
        return int(np.asarray(picture)[50, 100, 2])


def draw(share, colour="blue"):
    return blue(share if colour == "blue" else 0)


@pytest.fixture
def panel():
    controls = {"share": Slider("share", 0.0, 1.0, 0.2, 0.1)}
    controls["colour"] = Choice("colour", ("blue", "none"))
    return Panel(controls, draw, still=lambda: blue(1.0))


def still_of(panel):
    return base64.b64decode(panel._repr_mimebundle_()[0]["image/png"])


def test_the_picture_shows_the_first_values(panel):
    assert panel.values == {"share": 0.2, "colour": "blue"}
    assert blueness(panel.picture.value) == 51


def test_moving_a_control_changes_the_picture_and_nothing_stays_open(panel):
    before = len(plt.get_fignums())
    seen = []
    panel.picture.observe(lambda change: seen.append(blueness(change["new"])), "value")
    panel.widgets["share"].value = 0.6
    panel.widgets["colour"].value = "none"
    panel.widgets["share"].value = 0.6  # as it was: nothing to draw
    assert seen == [153, 0]
    assert len(plt.get_fignums()) == before


def test_a_front_end_gets_the_widget_and_others_a_still_picture(panel):
    bundle, about = panel._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.box.model_id
    assert panel.box.children[:3] == (panel.picture, *panel.widgets.values())
    assert blueness(still_of(panel)) == 255


def test_without_a_still_picture_of_its_own_the_last_values_are_shown():
    panel = Panel({"share": Slider("share", 0.0, 1.0, 0.2, 0.1)}, draw)
    panel.widgets["share"].value = 0.4
    assert blueness(still_of(panel)) == 102


def test_without_ipywidgets_the_still_picture_is_all_there_is(monkeypatch):
    found = builtins.__import__

    def without(name, *rest, **more):
        if name == "ipywidgets":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    panel = Panel({"share": Slider("share", 0.0, 1.0, 0.4, 0.1)}, draw)
    assert panel.values == {"share": 0.4}
    assert set(panel._repr_mimebundle_()[0]) == {"text/plain", "image/png"}
    assert blueness(still_of(panel)) == 102


def test_whole_numbers_stay_whole():
    assert type(Slider("n", 1, 5, 2).widget().value) is int
    assert type(Slider("n", 1, 5, 2, step=0.5).widget().value) is float


def test_a_figure_becomes_a_picture_of_its_size_and_is_closed():
    fig = blue(1.0)
    with Image.open(io.BytesIO(png(fig))) as picture:
        assert picture.size == (2 * DPI, DPI)
    assert fig.number not in plt.get_fignums()
