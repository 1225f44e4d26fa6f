"""`evaluate`: scores by hand, by the library, and every bad input refused."""

import shutil

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

from seglib import evaluation, inference
from seglib.commands.reading import grey_values


def test_evaluate_by_hand(tmp_path, capsys):
    """Anna: 4x4 against 4x2 on one slice, 4x4 alike on the other: Dice 2*24/(32+24).

    Ben: nothing predicted, Dice 0. The mean over patients is half of Anna's.
    """
    truth, prediction = tmp_path / "truth", tmp_path / "prediction"
    mask(truth / "anna_1.png", slice(4, 8), slice(4, 8))
    mask(prediction / "anna_1.tif", slice(4, 8), slice(4, 6))
    mask(truth / "anna_2.png", slice(4, 8), slice(4, 8))
    mask(prediction / "anna_2.png", slice(4, 8), slice(4, 8))
    mask(truth / "ben_1.png", slice(2), slice(2))
    mask(prediction / "ben_1.png", 0, slice(0))
    output = tmp_path / "results" / "scores.json"
    pattern = "^(?P<patient>[a-z]+)_(?P<slice>[0-9]+)"
    assert evaluate(truth, prediction, output, "--cases", pattern) == 0
    scores = read_scores(output)
    anna, ben = scores["per_case"]
    assert (anna["case"], anna["slices"], anna["unit"]) == ("anna", 2, "px")
    assert anna["dice"] == pytest.approx(48 / 56)
    assert anna["recall"] == pytest.approx(24 / 32)
    assert (ben["dice"], ben["missed"], ben["hd95"]) == (0, 1, None)
    assert scores["summary"]["dice"]["mean"] == pytest.approx(24 / 56)
    assert scores["summary"]["dice"]["n"] == 2
    assert scores["summary"]["hd95"]["n"] == 1
    assert [row["patient"] for row in scores["per_patient"]] == ["anna", "ben"]
    assert scores["files"] == 3 and pattern in scores["cases_from"]
    printed = capsys.readouterr().out
    assert "0.4286" in printed and f"the pattern {pattern}" in printed
    assert "cases with nothing predicted: 1" in printed


def test_evaluate_spacing_and_tolerance(tmp_path):
    """One pixel, 3 columns off, at 0.5 mm a pixel: 1.5 mm."""
    mask(tmp_path / "t" / "a.png", 8, 4)
    mask(tmp_path / "p" / "a.png", 8, 7)
    for options, distance, within in (
        ((), 3, 0),
        (("--spacing", "0.5"), 1.5, 1),
        (("--spacing", "0.5", "--tolerance", "1.4"), 1.5, 0),
    ):
        assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json", *options) == 0
        case = read_scores(tmp_path / "s.json")["per_case"][0]
        assert (case["hd95"], case["surface_dice"]) == (distance, within)
        assert case["unit"] == ("mm" if options else "px")
        assert case["good_share"] == (1 if options else None)


def test_evaluate_assumed_spacing_counts_good_contours_only(tmp_path):
    """3 pixels off: 4.5 mm at 1.5 mm a pixel is good, 6 mm at 2 mm is not."""
    mask(tmp_path / "t" / "a.png", 8, 4)
    mask(tmp_path / "p" / "a.png", 8, 7)
    for assumed, share in (("1.5", 1), ("2", 0)):
        options = ("--assumed-spacing", assumed)
        assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json", *options) == 0
        case = read_scores(tmp_path / "s.json")["per_case"][0]
        assert (case["good_share"], case["hd95"], case["unit"]) == (share, 3, "px")


def test_evaluate_two_empty_masks_score_nothing(tmp_path):
    for folder in ("t", "p"):
        mask(tmp_path / folder / "a.png", 0, slice(0))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 0
    scores = read_scores(tmp_path / "s.json")
    assert scores["per_case"][0]["dice"] is None
    assert scores["summary"]["dice"]["mean"] is None
    assert scores["summary"]["dice"]["n"] == 0


def grey_mask(truth, prediction):
    picture(prediction / "a.png", slice(4), slice(4), (16, 16), value=90)


def corrupt_mask(truth, prediction):
    (truth / "a.png").write_bytes((truth / "a.png").read_bytes()[:40])


BAD_MASKS = {
    "no truth": (lambda t, p: (t / "a.png").unlink(), "p/a.png: has no true mask"),
    "no prediction": (lambda t, p: (p / "a.png").unlink(), "t/a.png: has no predicted mask"),
    "another size": (lambda t, p: mask(p / "a.png", 1, 1, (16, 17)), "p/a.png: the mask is 16x17"),
    "grey values": (grey_mask, "p/a.png: a mask must hold only 0 and 255"),
    "corrupt": (corrupt_mask, "t/a.png: not a readable picture"),
    "empty folder": (lambda t, p: [f.unlink() for f in p.iterdir()], "p: no images"),
    "missing folder": (lambda t, p: shutil.rmtree(t), "t: no such file or folder"),
}


@pytest.mark.parametrize("fault", BAD_MASKS)
def test_evaluate_names_the_bad_file_and_writes_nothing(fault, tmp_path, capsys):
    truth, prediction, output = tmp_path / "t", tmp_path / "p", tmp_path / "s.json"
    for name in ("a.png", "b.png"):
        mask(truth / name, slice(4), slice(4))
        mask(prediction / name, slice(4), slice(4))
    output.write_text("{}")
    plant, message = BAD_MASKS[fault]
    plant(truth, prediction)
    assert evaluate(truth, prediction, output) == 1
    error = capsys.readouterr().err
    assert error.startswith("seglib: error: ") and message in error
    assert output.read_text() == "{}"
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["s.json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cases", "("), "--cases '('"),
        (("--cases", "(?P<person>.)"), "no group named patient"),
        (("--cases", "(?P<patient>x)"), "finds no patient in 'a'"),
        (("--cases", "(?P<patient>.)(?P<slice>)"), "expected a number"),
        (("--spacing", "0"), "--spacing must be a positive number"),
        (("--spacing", "1", "--assumed-spacing", "1"), "give one of them"),
        (("--tolerance", "nan"), "--tolerance must be a positive number"),
    ],
)
def test_evaluate_refuses_bad_options(options, message, tmp_path, capsys):
    for folder in ("t", "p"):
        mask(tmp_path / folder / "a.png", slice(4), slice(4))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json", *options) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("t/a.png", "expected a file that ends in .json"),
        ("p/a.png", "expected a file that ends in .json"),
        ("s.nii.gz", "expected a file that ends in .json"),
        ("t/a.json", "lies in"),
        ("p/new/s.json", "lies in"),
        ("link/s.json", "lies in"),
        ("t/a.png/s.json", "lies in"),
        ("x.txt/s.json", "expected a folder, found a file"),
    ],
)
def test_evaluate_never_writes_over_what_it_reads(output, message, tmp_path, capsys):
    for folder in ("t", "p"):
        mask(tmp_path / folder / "a.png", slice(4), slice(4))
    (tmp_path / "t" / "a.json").write_text("about a.png")
    (tmp_path / "x.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "p")
    before, found = contents(tmp_path), sorted(tmp_path.rglob("*"))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / output) == 1
    assert message in capsys.readouterr().err
    assert contents(tmp_path) == before and sorted(tmp_path.rglob("*")) == found


@pytest.mark.slow
def test_predict_and_evaluate_give_the_library_s_figures(sunnybrook, sunnybrook_dir, tmp_path):
    """On three real patients of Part3, the files' way and the library's way agree."""
    patients = sunnybrook.table.query("part == 'test'")["patient"].unique()[:3]
    slices = sunnybrook.of_patients(patients)
    for kind in ("Images", "Labels"):
        (tmp_path / kind).mkdir()
        for name in slices.table["source"]:
            shutil.copy(sunnybrook_dir / "Data/Test" / kind / "Sunnybrook_Part3" / name,
                        tmp_path / kind)  # fmt: skip
    model = bright_model(tmp_path / "m.keras", size=96, normalisation="min-max")
    assert predict(tmp_path / "Images", tmp_path / "out", model) == 0
    assert evaluate(tmp_path / "Labels", tmp_path / "out", tmp_path / "s.json") == 0
    network, preprocessing, _ = inference.load_model(model)
    masks = inference.to_mask(inference.predict(network, slices.images, preprocessing))
    expected = evaluation.score_cases(slices, masks).set_index("case")
    scores = read_scores(tmp_path / "s.json")
    assert {row["case"] for row in scores["per_case"]} == set(expected.index)
    for row in scores["per_case"]:
        for metric in ("dice", "precision", "hd95", "assd", "surface_dice", "truth_voxels"):
            assert row[metric] == pytest.approx(expected.loc[row["case"], metric], nan_ok=True)
    summary = evaluation.summarise(expected.reset_index())
    assert 0.01 < scores["summary"]["dice"]["mean"] < 1
    for column in ("mean", "low", "high", "n"):
        assert scores["summary"]["dice"][column] == pytest.approx(summary.loc["dice", column])


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
