"""A network with what it needs around it: channels, batches, rotations."""

import keras
import numpy as np
import pytest
from command_line import bright_model, contents, picture, predict, read, save_network
from PIL import Image

from seglib.commands.segmenter import Segmenter
from seglib.inference import forward
from seglib.inference.forward import MOST


@pytest.fixture
def model(tmp_path):
    return bright_model(tmp_path / "bright.keras")


def test_predict_more_images_than_a_batch(model, tmp_path):
    masks = [picture(tmp_path / f"in/{k:02}.png", slice(k), slice(k)) for k in range(MOST + 3)]
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    for k, mask in enumerate(masks):
        np.testing.assert_array_equal(read(tmp_path / f"out/{k:02}.png"), mask)


@pytest.mark.parametrize(("room", "expected"), [(1, [1] * 7), (3, [3, 3, 1]), (100, [7])])
def test_large_pictures_wait_for_each_other_only_while_there_is_room(
    room, expected, model, tmp_path, monkeypatch
):
    """The network sees 16x16 pixels of 32x48, and would itself have room for all."""
    model = bright_model(tmp_path / "crop.keras", size=16)
    for k in range(7):
        picture(tmp_path / f"in/{k}.png", slice(k, 20), slice(17, 31))
    assert predict(tmp_path / "in", tmp_path / "expected", model) == 0
    stacked, masks = [], Segmenter.masks

    def counted(self, stack, done):
        stacked.append(len(stack))
        return masks(self, stack, done)

    monkeypatch.setattr(Segmenter, "masks", counted)
    beside = forward.bytes_beside(np.zeros((1, 32, 48, 1), np.uint8), 1)
    monkeypatch.setattr(forward, "MEMORY", room * beside)
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    assert stacked == expected
    assert contents(tmp_path / "out") == contents(tmp_path / "expected")


def test_what_the_network_does_not_see_is_background(tmp_path):
    """A 16x16 crop of a 32x48 image: rows 8-23 and columns 16-31."""
    model = bright_model(tmp_path / "crop.keras", size=16)
    picture(tmp_path / "in" / "a.png", slice(None), slice(None))
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    expected = np.zeros((32, 48), np.uint8)
    expected[8:24, 16:32] = 255
    np.testing.assert_array_equal(read(tmp_path / "out" / "a.png"), expected)


def test_colour_for_a_grey_model_is_brightness(model, tmp_path, capsys):
    """Full green has brightness 150 and full blue 29; three equal channels are just grey."""
    colours = np.zeros((4, 6, 3), np.uint8)
    colours[:, 2:4, 1] = 255
    colours[:, 4:, 2] = 255
    (tmp_path / "in").mkdir()
    Image.fromarray(colours).save(tmp_path / "in" / "colour.png")
    grey = np.zeros((4, 6, 3), np.uint8)
    grey[:, :3] = 101
    Image.fromarray(grey).save(tmp_path / "in" / "grey.png")
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    assert read(tmp_path / "out" / "colour.png")[0].tolist() == [0, 0, 255, 255, 0, 0]
    assert read(tmp_path / "out" / "grey.png")[0].tolist() == [255, 255, 255, 0, 0, 0]
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note")]
    assert len(notes) == 1 and "colour.png: converted from colour" in notes[0]


def test_grey_for_a_colour_model_is_repeated(tmp_path, capsys):
    model = bright_model(tmp_path / "colour.keras", channels=3)
    mask = picture(tmp_path / "in" / "a.png", slice(5, 9), slice(7, 8))
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    np.testing.assert_array_equal(read(tmp_path / "out" / "a.png"), mask)
    assert "note: a.png: grey, so repeated in all three channels" in capsys.readouterr().out


def test_rotations_follow_the_card_unless_told_otherwise(tmp_path):
    """A network that answers one pixel beside the bright one: turned 8 ways, it agrees nowhere."""
    kernel = np.zeros((3, 3, 1, 1))
    kernel[1, 0] = 2550
    layer = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")
    layer.build((None, None, None, 1))
    layer.set_weights([kernel, np.array([-1000.0])])
    model = save_network(tmp_path / "beside.keras", layer, card={"rotations": True})
    picture(tmp_path / "in" / "a.png", slice(5, 6), slice(7, 8), shape=(16, 16))
    assert predict(tmp_path / "in", tmp_path / "turned", model) == 0
    assert predict(tmp_path / "in", tmp_path / "plain", model, "--no-rotations") == 0
    assert not read(tmp_path / "turned" / "a.png").any()
    assert np.argwhere(read(tmp_path / "plain" / "a.png")).tolist() == [[5, 8]]


def test_rotations_need_a_square(model, tmp_path, capsys):
    picture(tmp_path / "in" / "a.png", slice(5), slice(5))
    assert predict(tmp_path / "in", tmp_path / "out", model, "--rotations") == 1
    assert "--no-rotations" in capsys.readouterr().err
