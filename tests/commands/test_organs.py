"""The commands on other organs: volumes, pairs in one folder, several classes, known sets."""

import nibabel
import numpy as np
import pytest
from command_line import (
    AFFINE,
    bright_model,
    contents,
    evaluate,
    mask,
    picture,
    predict,
    read_scores,
)
from PIL import Image

from seglib import inference, models
from seglib.commands.main import main
from seglib.commands.reading import grey_values, read_class_mask
from seglib.inference.sliding_window import predict_volume
from seglib.preprocessing.steps import Preprocessing


@pytest.fixture
def scan(tmp_path):
    """A volume that the header calls right, front, head."""
    values = np.random.default_rng(0).integers(0, 256, (20, 16, 12), np.uint8)
    path = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.25, 1.25, 1.37, 1])), path)
    return path


@pytest.fixture
def volume_model(tmp_path):
    network = models.build_model("unet", (8, 16, 16, 1), 1, filters=2, depth=2, norm="instance")
    inference.save_model(network, tmp_path / "3d.keras", Preprocessing(size=16), {})
    return tmp_path / "3d.keras"


def test_a_model_of_volumes_predicts_each_file_as_a_whole(scan, volume_model, tmp_path):
    assert predict(scan, tmp_path / "out", volume_model) == 0
    network, preprocessing, _ = inference.load_model(volume_model)
    # As nifti.Grid cuts it: columns to the left, rows to the back, slices to the head.
    slices = np.asarray(nibabel.load(scan).dataobj)[::-1, ::-1].transpose(2, 1, 0)[..., None]
    expected = inference.to_mask(predict_volume(network, slices, preprocessing, (8, 16, 16)))
    written = np.asarray(nibabel.load(tmp_path / "out" / "scan.nii.gz").dataobj)
    np.testing.assert_array_equal(written, expected[..., 0].transpose(2, 1, 0)[::-1, ::-1])
    assert 0 < written.mean() < 1


@pytest.mark.parametrize(
    ("option", "message"),
    [(None, "takes whole volumes; give NIfTI"), ("--rotations", "for models of slices")],
)
def test_a_model_of_volumes_says_what_it_cannot_do(option, message, volume_model, tmp_path, capsys):
    picture(tmp_path / "in" / "a.png", slice(4), slice(4))
    assert predict(tmp_path / "in", tmp_path / "out", volume_model, *filter(None, [option])) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_without_normalisation_gets_whole_volumes_from_0_to_1(tmp_path, capsys):
    """System 3's kind. One slice is dark: by itself it would be stretched to bright."""
    values = np.full((10, 8, 4), 20, np.uint8)
    values[2:5, 3:6, 1] = 240
    values[2:5, 3:6, 2] = 60
    nibabel.save(nibabel.Nifti1Image(values, AFFINE), tmp_path / "scan.nii")
    model = bright_model(tmp_path / "m.keras", normalisation="none")
    network, preprocessing, card = inference.load_model(model)
    kernel = np.full((1, 1, 1, 1), 100.0)
    network.layers[-1].set_weights([kernel, np.array([-50.0])])  # above half of the range
    inference.save_model(network, model, preprocessing, card)
    assert predict(tmp_path / "scan.nii", tmp_path / "out", model) == 0
    written = np.asarray(nibabel.load(tmp_path / "out" / "scan.nii").dataobj)
    np.testing.assert_array_equal(written, values == 240)
    picture(tmp_path / "in" / "a.png", slice(4), slice(4))
    assert predict(tmp_path / "in", tmp_path / "out", model) == 1
    assert "takes whole volumes" in capsys.readouterr().err


@pytest.fixture
def tumour_folder(tmp_path):
    """Two patients of three slices in the layout of the LGG set; names are made up."""
    for patient, shift in (("TCGA_XX_0001", 0), ("TCGA_YY_0002", 4)):
        folder = tmp_path / "kaggle_3m" / f"{patient}_19991231"
        for number in (1, 2, 10):
            block = (slice(shift, shift + 6), slice(2, 2 + number))
            pixels = np.zeros((16, 16, 3), np.uint8)
            pixels[block] = (90, 200, 110)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{folder.name}_{number}.tif")
            mask(folder / f"{folder.name}_{number}_mask.tif", *block)
    return tmp_path / "kaggle_3m"


def test_images_and_masks_in_one_folder_are_told_apart(tumour_folder, tmp_path, capsys):
    model = bright_model(tmp_path / "colour.keras", channels=3)
    assert predict(tumour_folder, tmp_path / "out", model) == 0
    assert "6 other file(s) left alone" in capsys.readouterr().out
    assert len(contents(tmp_path / "out")) == 6
    assert evaluate(tumour_folder, tmp_path / "out", tmp_path / "s.json") == 0
    scores = read_scores(tmp_path / "s.json")
    assert scores["cases_from"] == "the LGG files' names (patient and slice)"
    assert [row["patient"] for row in scores["per_case"]] == ["TCGA_XX_0001", "TCGA_YY_0002"]
    assert [row["slices"] for row in scores["per_case"]] == [3, 3]
    assert scores["summary"]["dice"]["mean"] == 1


CLASSES = "fluid, grey matter, white matter"


def test_masks_of_several_classes_as_pictures(tmp_path, capsys):
    """The truth in grey values, the prediction in class numbers; white matter is missed."""
    greys = np.array(grey_values(4), np.uint8)
    truth = np.array([[0, 1, 1, 2], [3, 3, 2, 2]], np.uint8)
    prediction = np.array([[0, 1, 0, 2], [0, 0, 2, 2]], np.uint8)
    for name, pixels in (("truth", greys[truth]), ("prediction", prediction)):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "case_1.png")
    arguments = (tmp_path / "truth", tmp_path / "prediction", tmp_path / "s.json")
    assert evaluate(*arguments, "--classes", CLASSES) == 0
    scores = read_scores(tmp_path / "s.json")
    dice = {row["class"]: row["dice"] for row in scores["per_case"]}
    assert dice == pytest.approx({"fluid": 2 / 3, "grey matter": 1, "white matter": 0})
    assert scores["summary"]["mean of classes"]["dice"]["mean"] == pytest.approx(5 / 9, abs=1e-6)
    printed = capsys.readouterr().out
    assert "1 files, 1 cases, 1 patients" in printed
    assert printed.index("fluid\n") < printed.index("grey matter\n") < printed.index("mean of")


def test_one_bit_masks_hold_class_1_whatever_the_number_of_classes(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "a.png")
    assert read_class_mask(tmp_path / "a.png", 4).tolist() == [[0, 1]]


def test_masks_of_several_classes_as_volumes(tmp_path):
    truth = np.random.default_rng(0).integers(0, 4, (6, 5, 4), np.uint8)
    prediction = np.where(truth == 3, 2, truth).astype(np.uint8)
    for name, values in (("truth", truth), ("prediction", prediction)):
        (tmp_path / name).mkdir()
        nibabel.save(nibabel.Nifti1Image(values, AFFINE), tmp_path / name / "a.nii.gz")
    arguments = (tmp_path / "truth", tmp_path / "prediction", tmp_path / "s.json")
    assert evaluate(*arguments, "--classes", CLASSES) == 0
    fluid, grey, white = read_scores(tmp_path / "s.json")["per_case"]
    assert (fluid["dice"], white["dice"], fluid["unit"]) == (1, 0, "mm")
    twos, threes = np.sum(truth == 2), np.sum(truth == 3)
    assert grey["dice"] == pytest.approx(2 * twos / (2 * twos + threes))


@pytest.mark.parametrize(
    ("values", "classes", "message"),
    [
        ([0, 85, 170, 254], CLASSES, "must hold only [0, 85, 170, 255] (or only 0 to 3)"),
        ([0, 1, 2, 3], "one", "two or more different names"),
        ([0, 1, 2, 3], "one, one", "two or more different names"),
        ([0, 1, 2, 3], None, "must hold only 0 and 255"),
        ([0, 1], ",".join(map(str, range(256))), "256 classes, but a mask numbers 255 beside"),
    ],
)
def test_what_is_wrong_with_classes_is_said(values, classes, message, tmp_path, capsys):
    for name in ("truth", "prediction"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.array([values], np.uint8)).save(tmp_path / name / "a.png")
    options = ["--classes", classes] if classes else []
    output = tmp_path / "s.json"
    assert evaluate(tmp_path / "truth", tmp_path / "prediction", output, *options) == 1
    assert message in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("recipe", "dataset", "said"),
    [
        ("atrium_published_dice", "atrium_phantom", "7 patients (252 slices) train, 3 validate"),
        ("brain_tissue", "brain_phantom", "white matter: Dice"),
    ],
)
def test_train_on_a_known_set(recipe, dataset, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(tmp_path / "reports"))
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "progress.jsonl"))
    arguments = ["train", recipe, "--dataset", dataset, "--output", str(tmp_path / "m.keras")]
    if dataset == "atrium_phantom":
        arguments += ["--crop", "96"]
    assert main([*arguments, "--profile", "smoke"]) == 0
    assert said in capsys.readouterr().out
    _, _, card = inference.load_model(tmp_path / "m.keras")
    assert "phantom" in card["data"]
