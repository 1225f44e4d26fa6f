"""`predict` on pictures: each mask by value."""

import os
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from command_line import bright_model, contents, picture, predict, read, save_network
from PIL import Image


@pytest.fixture
def model(tmp_path):
    return bright_model(tmp_path / "bright.keras")


def test_predict_pictures_of_many_kinds_and_sizes(model, tmp_path):
    """Each mask has its image's name, folder, size and pixels, and the values 0 and 255."""
    images, output = tmp_path / "images", tmp_path / "new" / "masks"
    expected = {
        "a.png": picture(images / "a.png", slice(3, 9), slice(30, 41)),
        "b.png": picture(images / "b.TIFF", slice(0, 5), slice(0, 2), shape=(21, 17)),
        "c.png": picture(images / "c.jpg", slice(8, 16), slice(24, 40), value=255),
        "d/a.png": picture(images / "d" / "a.png", slice(2, 3), slice(2, 3)),
        "SC-HF-I-01-IM-0001-0048.dcm.png": picture(
            images / "SC-HF-I-01-IM-0001-0048.dcm.png", slice(31, 32), slice(47, 48)
        ),
    }
    (images / ".hidden.png").write_bytes(b"no picture")
    assert predict(images, output, model) == 0
    assert set(contents(output)) == {Path(name) for name in expected}
    for name, mask in expected.items():
        np.testing.assert_array_equal(read(output / name), mask, err_msg=name)


def test_one_bit_pictures_are_black_and_white(model, tmp_path):
    mask = picture(tmp_path / "in" / "a.png", slice(5, 9), slice(7, 18))
    Image.fromarray(mask).convert("1").save(tmp_path / "in" / "a.png")
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    np.testing.assert_array_equal(read(tmp_path / "out" / "a.png"), mask)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_names_that_are_no_text_are_kept_and_can_be_printed(model, tmp_path, capsys):
    """Colour for a grey model is noted with the file's name."""
    (tmp_path / "in").mkdir()
    name = os.fsdecode(b"caf\xe9.png")
    Image.new("RGB", (8, 8), (9, 200, 9)).save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "a.png").rename(tmp_path / "in" / name)
    (tmp_path / "in" / os.fsdecode(b"\xff.txt")).write_text("notes")
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    printed = capsys.readouterr().out
    printed.encode()
    assert "note: caf\\xe9.png: converted" in printed and "e.g. \\xff.txt" in printed
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


def test_predict_one_file_and_keep_other_results(model, tmp_path):
    mask = picture(tmp_path / "in" / "a.png", slice(4), slice(4))
    picture(tmp_path / "in" / "b.png", slice(4), slice(4))
    output = tmp_path / "out"
    old = picture(output / "kept.png", slice(7), slice(7), value=255)
    picture(output / "a.png", slice(7), slice(7))
    assert predict(tmp_path / "in" / "a.png", output, model) == 0
    assert set(contents(output)) == {Path("a.png"), Path("kept.png")}
    np.testing.assert_array_equal(read(output / "a.png"), mask)
    np.testing.assert_array_equal(read(output / "kept.png"), old)


def test_classes_are_spread_over_the_grey_values(tmp_path, capsys):
    """Four classes by brightness; the scores k * x - k**2 / 6 cross at x = 1/6, 3/6, 5/6."""
    layer = keras.layers.Conv2D(4, 1, activation="softmax")
    layer.build((None, None, None, 1))
    k = np.arange(4.0)
    layer.set_weights([300 * k.reshape(1, 1, 1, 4), -300 * k**2 / 6])
    names = ["background", "fluid", "grey matter", "white matter"]
    model = save_network(tmp_path / "four.keras", layer, card={"class_names": names})
    (tmp_path / "in").mkdir()
    pixels = np.array([[0, 40, 50, 120, 140, 200, 220, 255]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    assert read(tmp_path / "out" / "a.png").tolist() == [[0, 0, 85, 85, 170, 170, 255, 255]]
    assert "0 background, 85 fluid, 170 grey matter, 255 white matter" in capsys.readouterr().out
    assert predict(tmp_path / "in", tmp_path / "x", model, "--largest-component") == 1


def test_largest_component(model, tmp_path):
    pixels = picture(tmp_path / "in" / "a.png", slice(5, 15), slice(5, 15), value=255)
    pixels[25:28, 30:33] = 255
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    assert predict(tmp_path / "in", tmp_path / "all", model) == 0
    assert predict(tmp_path / "in", tmp_path / "one", model, "--largest-component") == 0
    assert np.count_nonzero(read(tmp_path / "all" / "a.png")) == 109
    one = read(tmp_path / "one" / "a.png")
    assert np.count_nonzero(one) == 100 and one[5, 5] == 255
