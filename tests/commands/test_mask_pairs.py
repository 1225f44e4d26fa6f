"""Two folders of masks: paired by name, grouped into cases, scored on their own grid."""

import nibabel
import numpy as np
import pandas as pd
import pytest
from command_line import AFFINE, bright_model, contents, evaluate, mask, predict, read_scores
from PIL import Image

from seglib.commands.mask_pairs import known_wrong


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


def test_evaluate_never_scores_masks_against_themselves(tmp_path, capsys):
    mask(tmp_path / "t" / "a.png", slice(4), slice(4))
    assert evaluate(tmp_path / "t", tmp_path / "t", tmp_path / "s.json") == 1
    assert "always agree" in capsys.readouterr().err


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


def test_patients_whose_labels_are_known_to_be_wrong_are_named():
    table = pd.DataFrame({"patient": ["SC-N-07", "SC-N-06", "SC-N-06", "P001"]})
    assert known_wrong(table) == ["SC-N-06"]
