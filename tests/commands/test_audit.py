"""`audit`: own images to ranked suspects with pictures, and what does not fit is said."""

import pandas as pd
import pytest
from own_pictures import write_pictures
from PIL import Image

from seglib.commands.main import main


@pytest.fixture
def own_data(tmp_path, reports, monkeypatch):
    """Four simulated patients of 32x32 pixels as two folders of PNG files."""
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "progress.jsonl"))
    return write_pictures(tmp_path, patients=4)


def run_command(folder, *options):
    arguments = ["audit", "--images", str(folder / "images"), "--masks", str(folder / "masks")]
    arguments += ["--output", str(folder / "out"), "--profile", "smoke", "--crop", "0"]
    return main([*arguments, *options])


@pytest.mark.slow
def test_the_command_audits_own_data(own_data, capsys):
    pattern = ("--patients", "(?P<patient>phantom-[0-9]+)")
    assert run_command(own_data, *pattern, "--folds", "2", "--top", "3") == 0
    printed = capsys.readouterr().out
    assert "unet on images: 4 patients (16 slices), 2 trainings of 1 epochs" in printed
    suspects = pd.read_csv(own_data / "out" / "suspects.csv")
    assert suspects["rank"].tolist() == [1, 2, 3, 4]
    assert set(suspects["patient"]) == {f"phantom-0{k}" for k in range(1, 5)}
    assert f"first suspect: {suspects['patient'][0]}, Dice {suspects['dice'][0]:.4f}" in printed
    assert suspects["contrast"].gt(0).all()
    slices = pd.read_csv(own_data / "out" / "slices.csv")
    assert len(slices) == slices["source"].nunique() == 16
    assert "move_y" in slices and slices["z"].is_monotonic_decreasing
    for name in ("suspects.png", "slices.png"):
        with Image.open(own_data / "out" / name) as picture:
            assert min(picture.size) > 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--patients", "(?P<patient>phantom-[0-9]+)"), "4 patient(s) cannot be cut into 5 folds"),
        (("--recipe", "vnet"), "no recipe 'vnet'"),
        (("--crop", "64", "--folds", "2"), "central 64x64 pixels, but the images are 32x32"),
    ],
)
def test_the_command_says_what_does_not_fit(options, message, own_data, capsys):
    assert run_command(own_data, *options) == 1
    assert message in capsys.readouterr().err
    assert not (own_data / "out").exists() and not (own_data / "reports").exists()


@pytest.mark.parametrize("inside", ["images", "masks", "masks/new"])
def test_the_command_never_writes_among_its_images_and_masks(inside, own_data, capsys):
    (own_data / "images" / "slices.png").write_bytes(b"mine")
    assert run_command(own_data, "--output", str(own_data / inside)) == 1
    assert f"lies in {own_data / inside.partition('/')[0]}" in capsys.readouterr().err
    assert (own_data / "images" / "slices.png").read_bytes() == b"mine"
    assert not (own_data / "masks" / "new").exists()


def test_labels_that_are_all_empty_are_nothing_to_audit(own_data, capsys):
    for path in (own_data / "masks").iterdir():
        Image.new("L", (32, 32)).save(path)
    assert run_command(own_data, "--folds", "2") == 1
    assert "all 16 masks are empty, so there is nothing to learn" in capsys.readouterr().err
    assert not (own_data / "out").exists() and not (own_data / "reports").exists()


def test_the_command_refuses_a_file_as_output(own_data, capsys):
    (own_data / "out").write_text("mine")
    assert run_command(own_data) == 1
    assert "expected a folder, found a file" in capsys.readouterr().err
    assert (own_data / "out").read_text() == "mine"
