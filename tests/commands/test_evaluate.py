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

from seglib import evaluation, inference


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


def test_evaluate_files_of_different_sizes(tmp_path, capsys):
    """Without a pattern each file is a case, and cases may differ in size."""
    mask(tmp_path / "t" / "a.png", slice(4), slice(4))
    mask(tmp_path / "p" / "a.png", slice(4), slice(2))
    mask(tmp_path / "t" / "b.png", slice(4), slice(4), shape=(9, 30))
    mask(tmp_path / "p" / "b.png", slice(4), slice(4), shape=(9, 30))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 0
    scores = read_scores(tmp_path / "s.json")
    dice = {row["case"]: row["dice"] for row in scores["per_case"]}
    assert dice == {"a": pytest.approx(16 / 24), "b": 1.0}
    assert "each is a case and a patient of its own" in capsys.readouterr().out


def test_evaluate_one_case_of_two_sizes(tmp_path, capsys):
    for folder in ("t", "p"):
        mask(tmp_path / folder / "anna_1.png", slice(4), slice(4))
        mask(tmp_path / folder / "anna_2.png", slice(4), slice(4), shape=(9, 30))
    options = ("--cases", "(?P<patient>anna)")
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json", *options) == 1
    error = capsys.readouterr().err
    assert "anna_2" in error and "9x30" in error and "16x16" in error


def test_evaluate_takes_patient_and_phase_from_sunnybrook_s_names(tmp_path, capsys):
    """Frames 8 and 18 of two positions: frame 18 has more true pixels, so it is ED.

    A case named by hand is the patient and the group `case`.
    """
    for number, side in ((9, 2), (19, 5), (29, 4), (39, 3)):
        for folder in ("t", "p"):
            name = f"SC-HYP-03-IM-0650-{number:04}.dcm.png"
            mask(tmp_path / folder / name, slice(side), slice(side))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 0
    cases = {row["case"]: row for row in read_scores(tmp_path / "s.json")["per_case"]}
    assert cases["SC-HYP-03 ED"]["truth_voxels"] == 25 + 9
    assert cases["SC-HYP-03 ES"]["truth_voxels"] == 4 + 16
    assert {row["pathology"] for row in cases.values()} == {"HYP"}
    assert "Sunnybrook's file names" in capsys.readouterr().out
    options = ("--cases", "(?P<patient>SC-HYP-03).*-(?P<case>00[0-9])")
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json", *options) == 0
    cases = {row["case"]: row["slices"] for row in read_scores(tmp_path / "s.json")["per_case"]}
    assert cases == {f"SC-HYP-03 {c}": 1 for c in ("000", "001", "002", "003")}
    for folder in ("t", "p"):
        mask(tmp_path / folder / "SC-HYP-03-IM-0650-0001.dcm.png", slice(2), slice(2))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 1
    assert "frames [0, 8, 18]" in (error := capsys.readouterr().err) and "--cases" in error


def test_evaluate_two_empty_masks_score_nothing(tmp_path):
    for folder in ("t", "p"):
        mask(tmp_path / folder / "a.png", 0, slice(0))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 0
    scores = read_scores(tmp_path / "s.json")
    assert scores["per_case"][0]["dice"] is None
    assert scores["summary"]["dice"]["mean"] is None
    assert scores["summary"]["dice"]["n"] == 0


def save_volume(path, voxel, affine=AFFINE, value=1):
    values = np.zeros((20, 14, 6), np.uint8)
    values[voxel] = value
    path.parent.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, affine), path)


def test_evaluate_volumes_in_mm(tmp_path):
    """One voxel each. Along z 2 slices are 6 mm, along x 2 voxels 3 mm, along y 2.5 mm."""
    affine = np.diag([1.5, 1.25, 3, 1])
    for name, voxel in (("x", (7, 4, 2)), ("y", (5, 6, 2)), ("z", (5, 4, 4))):
        save_volume(tmp_path / "t" / f"{name}.nii.gz", (5, 4, 2), affine)
        save_volume(tmp_path / "p" / f"{name}.nii.gz", voxel, affine, value=255)
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 0
    cases = read_scores(tmp_path / "s.json")["per_case"]
    assert {row["case"]: row["hd95"] for row in cases} == {"x": 3, "y": 2.5, "z": 6}
    assert {row["unit"] for row in cases} == {"mm"}


def test_evaluate_a_volume_stored_another_way(tmp_path):
    """The same voxels in another order score the same, slice by slice too."""
    rng = np.random.default_rng(0)
    affine = np.diag([1.4, 1.4, 8, 1])
    truth, prediction = (
        nibabel.Nifti1Image((rng.random((9, 8, 4)) < 0.6).astype(np.uint8), affine) for _ in "tp"
    )
    turns = {"same": [[0, 1], [1, 1], [2, 1]], "other": [[2, -1], [0, 1], [1, -1]]}
    for folder in ("t", "p"):
        (tmp_path / folder).mkdir()
    for name, turn in turns.items():
        nibabel.save(truth, tmp_path / "t" / f"{name}.nii")
        nibabel.save(prediction.as_reoriented(np.array(turn)), tmp_path / "p" / f"{name}.nii")
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 0
    cases = {row.pop("case"): row for row in read_scores(tmp_path / "s.json")["per_case"]}
    assert cases["same"].pop("patient") != cases["other"].pop("patient")
    assert cases["same"] == cases["other"]
    assert cases["same"]["slices"] == 4


def test_evaluate_volumes_on_two_grids(tmp_path, capsys):
    save_volume(tmp_path / "t" / "a.nii", (5, 4, 2))
    save_volume(tmp_path / "p" / "a.nii", (5, 4, 2), affine=np.eye(4))
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 1
    assert "is not on the grid of" in capsys.readouterr().err
    options = ("--spacing", "1")
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json", *options) == 1
    assert "NIfTI files state their own" in capsys.readouterr().err


def test_evaluate_refuses_time_series_and_grey_volumes(tmp_path, capsys):
    save_volume(tmp_path / "t" / "a.nii", (5, 4, 2))
    save_volume(tmp_path / "p" / "a.nii", (5, 4, 2), value=7)
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 1
    assert "p/a.nii: a mask must hold only 0 and 1" in capsys.readouterr().err
    cine = nibabel.Nifti1Image(np.zeros((20, 14, 6, 2), np.uint8), AFFINE)
    nibabel.save(cine, tmp_path / "p" / "a.nii")
    assert evaluate(tmp_path / "t", tmp_path / "p", tmp_path / "s.json") == 1
    assert "p/a.nii: expected a 3-D mask" in capsys.readouterr().err


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


def test_evaluate_never_scores_masks_against_themselves(tmp_path, capsys):
    mask(tmp_path / "t" / "a.png", slice(4), slice(4))
    assert evaluate(tmp_path / "t", tmp_path / "t", tmp_path / "s.json") == 1
    assert "always agree" in capsys.readouterr().err


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
