"""`train`: own images to a usable model, and what does not fit is said."""

import numpy as np
import pytest
from command_line import contents, mask, predict, read
from own_pictures import write_pictures
from PIL import Image

from seglib import inference
from seglib.commands import own_data as pictures
from seglib.commands import train as train_command
from seglib.commands.main import main
from seglib.datasets import folder as picture_folder
from seglib.splits.patients import patient_folds


@pytest.fixture
def own_data(tmp_path, reports, monkeypatch):
    """Six simulated patients of 32x32 pixels as two folders of PNG files."""
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "progress.jsonl"))
    return write_pictures(tmp_path, patients=6)


def train(folder, *options, recipe="unet", output="model.keras"):
    arguments = ["train", recipe, "--images", str(folder / "images")]
    arguments += ["--masks", str(folder / "masks"), "--output", str(folder / output)]
    return main([*arguments, "--profile", "smoke", *options])


@pytest.mark.slow
def test_train_on_own_images_and_use_the_model(own_data, capsys):
    """One mask reaches out of the network's 16x16 crop, which is said."""
    options = ("--patients", "(?P<patient>phantom-[0-9]+)", "--crop", "16")
    mask(own_data / "masks" / "phantom-01-ED-00.png", slice(0, 16), slice(0, 16), shape=(32, 32))
    assert train(own_data, *options) == 0
    printed = capsys.readouterr().out
    masks = [read(path) > 0 for path in (own_data / "masks").iterdir()]
    inside = np.sum([m[8:24, 8:24].sum() for m in masks]) / np.sum(masks)
    assert inside < 1
    assert f"note: {1 - inside:.1%} of the mask pixels lie outside the central 16x16" in printed
    # A fifth of six patients, rounded up, is held out.
    assert "4 patients (16 slices) train, 2 validate, 1 epochs" in printed
    assert "validation, mean over patients: Dice 0." in printed
    _, preprocessing, card = inference.load_model(own_data / "model.keras")
    assert preprocessing.size == 16 and card["data"] == "images"
    assert len(list((own_data / "reports" / "runs").iterdir())) == 1
    assert predict(own_data / "images", own_data / "out", own_data / "model.keras") == 0
    assert len(contents(own_data / "out")) == 24


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "central 128x128 pixels, but the images are 32x32"),
        (("--crop", "20"), "--crop 20: size 20 is not a multiple of 16"),
        (("--patients", "(?P<patient>z)", "--crop", "32"), "--patients '(?P<patient>z)' finds no"),
        (("--patients", "(?P<person>z)"), "--patients '(?P<person>z)' has no group"),
        (("--patients", "("), "--patients '(' is no regular expression"),
        (("--patients", "(?P<patient>.)(?P<slice>E)"), "--patients '(?P<patient>.)(?P<slice>E)':"),
    ],
)
def test_train_says_what_does_not_fit(options, message, own_data, capsys):
    assert train(own_data, *options) == 1
    assert message in capsys.readouterr().err
    assert not (own_data / "model.keras").exists()
    assert not (own_data / "reports").exists()


def test_train_refuses_bad_arguments(own_data, capsys):
    assert train(own_data, output="model.h5") == 1
    assert "ends in .keras" in capsys.readouterr().err
    assert train(own_data, recipe="vnet") == 1
    assert "no recipe 'vnet'; choose from unet" in capsys.readouterr().err
    next((own_data / "masks").iterdir()).unlink()
    assert train(own_data) == 1
    assert "has no mask" in capsys.readouterr().err
    assert main(["train", "unet", "--images", "x", "--output", "m.keras"]) == 1
    assert "--images DIR --masks DIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("labelled", "options", "message"),
    [
        ((), (), "all 24 masks are empty, so there is nothing to learn"),
        (("phantom-03", "phantom-05"), (), "masks of all 4 patients left to train with are empty"),
        ((), ("--no-validation",), "all 24 masks are empty"),
    ],
)
def test_train_refuses_masks_without_a_structure(labelled, options, message, own_data, capsys):
    for path in (own_data / "masks").iterdir():
        if not path.name.startswith(labelled or "none"):
            Image.new("L", (32, 32)).save(path)
    pattern = ("--patients", "(?P<patient>phantom-[0-9]+)", "--crop", "0")
    assert train(own_data, *pattern, *options) == 1
    assert message in capsys.readouterr().err
    assert not (own_data / "reports").exists()


PATIENTS = ("--patients", "(?P<patient>phantom-[0-9]+)", "--crop", "32")


def another_size(folder):
    for kind in ("images", "masks"):
        mask(folder / kind / "z.png", slice(8), slice(8), shape=(16, 32))


def one_folder(folder):
    for path in (folder / "masks").iterdir():
        path.rename(folder / "images" / f"{path.stem}_mask.png")
    (folder / "masks").rmdir()
    (folder / "masks").symlink_to(folder / "images")


def empty_masks(folder):
    for path in (folder / "masks").iterdir():
        mask(path, 0, slice(0), shape=(32, 32))


def empty_masks_of_those_held_out(folder):
    slices = picture_folder.load(folder / "images", folder / "masks", patient_pattern=PATIENTS[1])
    for patient in patient_folds(slices, train_command.FOLDS, 0)[0].test:
        for path in (folder / "masks").glob(f"{patient}*"):
            mask(path, 0, slice(0), shape=(32, 32))


def full_masks(folder):
    for path in (folder / "masks").iterdir():
        mask(path, slice(8), slice(8), shape=(32, 32))


def nothing(folder):
    pass


@pytest.mark.parametrize(
    ("plant", "recipe", "options", "message"),
    [
        (another_size, "unet", ("--crop", "0"), "use --size (e.g. --size 256) to bring"),
        (one_folder, "unet", (), "move the masks into a folder of their own"),
        (empty_masks, "unet", ("--crop", "0"), "check that --masks names"),
        (empty_masks_of_those_held_out, "unet", PATIENTS, "another --seed, or --no-validation"),
        (full_masks, "tumour", PATIENTS, "this recipe needs both kinds; train another one"),
        (nothing, "tumour_published", (*PATIENTS, "--no-validation"), "leave out --no-validation"),
        (nothing, "brain_tissue", PATIENTS, "choose a recipe with bce (python -m seglib recipes)"),
        (nothing, "atrium_3d", PATIENTS, "make the images larger with --size"),
    ],
)
def test_train_names_a_remedy_in_the_words_of_the_command_line(
    plant, recipe, options, message, own_data, capsys
):
    plant(own_data)
    assert train(own_data, *options, recipe=recipe) == 1
    error = capsys.readouterr().err
    assert error.startswith("seglib: error: ") and message in error
    for word in ("patient_pattern", "mask_suffix", "size=", "patience=0"):
        assert word not in error
    assert not (own_data / "model.keras").exists()


def test_train_checks_its_outputs_before_it_reads_anything(own_data, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "own_images", lambda *arguments: pytest.fail("has begun"))
    (own_data / "file").write_text("mine")
    assert train(own_data, output="file/model.keras") == 1
    assert "name another place with --output" in capsys.readouterr().err
    image = min((own_data / "images").iterdir())
    before = image.read_bytes()
    assert train(own_data, output=image.relative_to(own_data)) == 1
    assert "ends in .keras" in capsys.readouterr().err and image.read_bytes() == before
    monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(own_data / "file"))
    assert train(own_data) == 1
    assert "set SEGLIB_REPORTS_DIR to a folder" in capsys.readouterr().err
    assert (own_data / "file").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "dataset", "said"),
    [
        ("atrium_published_dice", "atrium_phantom", "7 patients (252 slices) train, 3 validate"),
        ("brain_tissue", "brain_phantom", "white matter: Dice"),
    ],
)
def test_train_on_a_known_set(recipe, dataset, said, tmp_path, reports, monkeypatch, capsys):
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "progress.jsonl"))
    arguments = ["train", recipe, "--dataset", dataset, "--output", str(tmp_path / "m.keras")]
    if dataset == "atrium_phantom":
        arguments += ["--crop", "96"]
    assert main([*arguments, "--profile", "smoke"]) == 0
    assert said in capsys.readouterr().out
    _, _, card = inference.load_model(tmp_path / "m.keras")
    assert "phantom" in card["data"]


def test_train_refuses_a_crop_without_any_mask(own_data, capsys):
    """That each file is its own patient is said too, in the words of the option."""
    for path in (own_data / "masks").iterdir():
        mask(path, slice(0, 8), slice(0, 32), shape=(32, 32))
    assert train(own_data, "--crop", "16") == 1
    captured = capsys.readouterr()
    assert "no mask reaches into the central 16x16" in captured.err
    assert "note: no --patients was given, so each of the 24 files" in captured.out
