"""The committed networks: small, their jobs' own, and as good as their cards say."""

import json

import numpy as np
import pytest
from PIL import Image

from seglib.__main__ import main
from seglib.evaluation.tables import summarise
from seglib.inference.model_files import load_model
from seglib.inference.onnx_network import digest
from seglib.inference.prediction import predict, to_mask
from study.questions.brain import load as load_brains
from study.report import REPORTS
from study.results import read_manifest, read_table
from study.shipped import ATRIUM, BRAIN_TISSUE, SHIPPED, SUNNYBROOK, card


@pytest.mark.slow
@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_a_shipped_model_is_small_and_its_jobs_own(model):
    assert model.path.stat().st_size <= 10 * 2**20
    _, _, noted = load_model(model.path)
    assert noted["run"] == read_manifest(model.job)["run"]
    assert model.path.with_suffix(".md").read_text(encoding="utf-8") == card(model)


@pytest.mark.slow
@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_the_onnx_file_of_a_shipped_model_is_that_model_s(model):
    assert model.export.stat().st_size <= 10e6
    network, preprocessing, noted = load_model(model.path)
    exported, *same = load_model(model.export)
    assert exported.exported_from == digest(model.path)
    assert same == [preprocessing, noted]
    batch = np.random.default_rng(0).random((1, *network.input_shape[1:]), np.float32)
    expected, found = (one.predict_on_batch(batch) for one in (network, exported))
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.slow
def test_sunnybrook_s_onnx_file_writes_the_masks_of_patients_it_never_saw(sunnybrook):
    """Not all of them, for the time: every seventh slice of each of the 29."""
    unseen = sunnybrook.of_patients(read_manifest(SUNNYBROOK.job)["test_patients"])
    images = unseen.images[::7]
    masks = []
    for path in (SUNNYBROOK.path, SUNNYBROOK.export):
        network, preprocessing, _ = load_model(path)
        masks.append(to_mask(predict(network, images, preprocessing)))
    assert masks[0].any(axis=(1, 2, 3)).mean() > 0.5
    np.testing.assert_array_equal(*masks)


def test_every_model_that_is_committed_has_a_card_and_an_onnx_file():
    for ending in ("keras", "onnx"):
        files = {path.stem for path in (REPORTS / "models").glob(f"*.{ending}")}
        assert files == {model.name for model in SHIPPED}


def test_sunnybrooks_model_was_trained_on_the_challenge_training_patients_alone():
    manifest = read_manifest(SUNNYBROOK.job)
    assert len(manifest["train_patients"]) == 15
    assert len(manifest["test_patients"]) == 29


@pytest.mark.slow
def test_predict_then_evaluate_gives_the_committed_figures(sunnybrook_dir, tmp_path):
    part3 = sunnybrook_dir / "Data" / "Test"
    predictions, scores = tmp_path / "masks", tmp_path / "scores.json"
    images = part3 / "Images" / "Sunnybrook_Part3"
    truth = part3 / "Labels" / "Sunnybrook_Part3"
    assert main(["predict", "--input", str(images), "--output", str(predictions)]) == 0
    evaluate = ["evaluate", "--truth", str(truth), "--prediction", str(predictions)]
    assert main([*evaluate, "--output", str(scores)]) == 0
    found = json.loads(scores.read_text())["summary"]
    per_case = read_table(SUNNYBROOK.job, "per_case")
    expected = summarise(per_case[per_case["part"] == "test"])
    for metric, tolerance in (("dice", 1e-3), ("jaccard", 1e-3), ("hd95", 0.05)):
        assert found[metric]["mean"] == pytest.approx(
            expected.loc[metric, "mean"], abs=tolerance
        ), metric


def predicted_and_scored(model, folder, *options):
    """Scores of a shipped model on ``folder/images`` against ``folder/truth``, by case."""
    images, truth, masks = (str(folder / name) for name in ("images", "truth", "masks"))
    predict = ["predict", "--model", str(model.path), "--input", images, "--output", masks]
    assert main(predict) == 0
    scores = folder / "scores.json"
    evaluate = ["evaluate", "--truth", truth, "--prediction", masks, "--output", str(scores)]
    assert main([*evaluate, *options]) == 0
    return json.loads(scores.read_text())["per_case"]


@pytest.mark.slow
def test_the_atrium_model_gives_the_stored_scores_of_subjects_it_never_saw(msd_heart_dir, tmp_path):
    manifest = read_manifest(ATRIUM.job)
    assert not set(manifest["train_patients"]) & set(manifest["test_patients"])
    root = next(msd_heart_dir.rglob("dataset.json")).parent
    for name, source in (("images", "imagesTr"), ("truth", "labelsTr")):
        (tmp_path / name).mkdir()
        for subject in manifest["test_patients"]:
            file = f"{subject}.nii.gz"
            (tmp_path / name / file).symlink_to(root / source / file)
    found = {row["case"]: row for row in predicted_and_scored(ATRIUM, tmp_path)}
    expected = read_table(ATRIUM.job, "per_case").set_index("case")
    assert set(found) == set(expected.index)
    for case, row in expected.iterrows():
        assert found[case]["dice"] == pytest.approx(row["dice"], abs=1e-3)
        assert found[case]["hd95"] == pytest.approx(row["hd95"], abs=0.1)


@pytest.mark.slow
def test_the_brain_model_gives_the_stored_scores_of_simulated_heads_it_never_saw(tmp_path):
    manifest = read_manifest(BRAIN_TISSUE.job)
    slices = load_brains().of_patients(manifest["test_patients"])
    for name, pixels in (("images", slices.images), ("truth", slices.masks * np.uint8(85))):
        (tmp_path / name).mkdir()
        for source, picture in zip(slices.table["source"], pixels[..., 0], strict=True):
            Image.fromarray(picture).save(tmp_path / name / source)
    options = [
        "--classes",
        ",".join(slices.class_names[1:]),
        "--cases",
        "case_(?P<patient>[0-9]+)_",
    ]
    rows = predicted_and_scored(BRAIN_TISSUE, tmp_path, *options)
    found = {(row["patient"], row["class"]): row["dice"] for row in rows}
    expected = read_table(BRAIN_TISSUE.job, "per_case").to_dict("records")
    assert len(found) == len(expected) == 3 * len(manifest["test_patients"])
    for row in expected:
        assert found[row["patient"], row["class"]] == pytest.approx(row["dice"], abs=1e-3)
