"""The committed results: complete, traceable, and reproduced by the committed model."""

import json
import re

import pandas as pd
import pytest

from seglib.__main__ import main
from seglib.evaluation import summarise
from seglib.inference import load_model
from tools.notebooks import NOTEBOOKS
from tools.report import GROUPS, MODEL, REPORTS, ROOT, results_table


def committed_summary():
    return pd.read_csv(REPORTS / "tables" / "best_summary.csv", index_col=["patients", "metric"])


def test_every_figure_and_table_names_runs_that_are_stored():
    stored = {path.parent.name for path in (REPORTS / "runs").glob("*/manifest.json")}
    results = [*(REPORTS / "figures").glob("*.png"), *(REPORTS / "tables").glob("*.csv")]
    assert results
    for path in results:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert note["dataset"] == "Sunnybrook", path.name
        assert set(note["runs"]) <= stored, path.name


def test_the_summary_follows_from_the_per_case_table():
    per_case = pd.read_csv(REPORTS / "tables" / "best_per_case.csv")
    for name, parts in GROUPS.items():
        again = summarise(per_case[per_case["part"].isin(parts)])
        committed = committed_summary().loc[name]
        columns = ["mean", "sd", "median", "low", "high", "n"]
        pd.testing.assert_frame_equal(again[columns], committed[columns], check_dtype=False)


def test_the_readme_shows_the_committed_table():
    summary = committed_summary()
    summary["unit"] = summary["unit"].fillna("")
    assert results_table(summary) in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", sorted(NOTEBOOKS.glob("0*.py")), ids=lambda path: path.stem)
def test_a_notebook_states_the_time_it_was_measured_to_take(script):
    measured = json.loads((REPORTS / "durations.json").read_text(encoding="utf-8"))[script.stem]
    stated = re.search(r"about (\d+) minutes?\s+(?:# )?on 2 CPU\s+(?:# )?cores", script.read_text())
    assert abs(int(stated[1]) * 60 - measured) <= 60


def test_the_model_was_trained_on_the_challenge_training_patients_alone():
    assert MODEL.stat().st_size <= 10 * 2**20
    _, _, card = load_model(MODEL)
    manifest = json.loads((REPORTS / "runs" / card["run"] / "manifest.json").read_text())
    tested = set(pd.read_csv(REPORTS / "tables" / "best_per_case.csv")["patient"])
    assert len(manifest["train_patients"]) == 15
    assert len(tested) == 29
    assert not tested & set(manifest["train_patients"])


def test_predict_then_evaluate_gives_the_committed_figures(sunnybrook_dir, tmp_path):
    part3 = sunnybrook_dir / "Data" / "Test"
    predictions, scores = tmp_path / "masks", tmp_path / "scores.json"
    images = part3 / "Images" / "Sunnybrook_Part3"
    truth = part3 / "Labels" / "Sunnybrook_Part3"
    assert main(["predict", "--input", str(images), "--output", str(predictions)]) == 0
    evaluate = ["evaluate", "--truth", str(truth), "--prediction", str(predictions)]
    assert main([*evaluate, "--output", str(scores)]) == 0
    found = json.loads(scores.read_text())["summary"]
    expected = committed_summary().loc["Part3"]
    for metric, tolerance in (("dice", 1e-3), ("jaccard", 1e-3), ("hd95", 0.05)):
        assert found[metric]["mean"] == pytest.approx(
            expected.loc[metric, "mean"], abs=tolerance
        ), metric
