"""The committed results: complete and traceable."""

import json
import re

import pandas as pd
import pytest

from study.notebook_files import NOTEBOOKS
from study.report import REPORTS, check, differences, rebuild_tables
from study.results import STORED, read_manifest, read_table

#: What a committed result may be about: sets whose pictures may be shown, numbers of LGG,
#: and phantoms, which every figure calls so.
DATASETS = {"Sunnybrook", "Decathlon heart", "LGG", "atrium phantom", "brain phantom"}
DATASETS |= {"tumour phantom"}


def test_every_figure_and_table_names_runs_that_are_stored():
    stored = {path.parent.relative_to(STORED).as_posix() for path in STORED.rglob("manifest.json")}
    results = [*(REPORTS / "figures").glob("*.png"), *(REPORTS / "tables").glob("*.csv")]
    assert results
    for path in results:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert note["dataset"] in DATASETS, path.name
        assert set(note["runs"]) <= stored, path.name


def test_every_committed_table_follows_from_the_stored_results():
    assert check() == []


def test_a_changed_table_is_found(tmp_path):
    rebuild_tables(tmp_path / "rebuilt")
    rebuild_tables(tmp_path / "committed")
    assert differences(tmp_path / "rebuilt", tmp_path / "committed") == []
    table = tmp_path / "committed" / "tables" / "best_summary.csv"
    frame = pd.read_csv(table)
    frame.loc[0, "mean"] += 0.001
    frame.to_csv(table, index=False)
    (found,) = differences(tmp_path / "rebuilt", tmp_path / "committed")
    assert "best_summary.csv" in found
    table.unlink()
    (found,) = differences(tmp_path / "rebuilt", tmp_path / "committed")
    assert "not there" in found


def test_every_stored_job_tests_patients_it_did_not_train_on():
    names = [
        path.parent.relative_to(STORED).as_posix() for path in STORED.glob("*/*/*/manifest.json")
    ]
    assert names
    for name in names:
        manifest = read_manifest(name)
        if not manifest["leaky"]:
            assert not set(manifest["train_patients"]) & set(manifest["test_patients"]), name
            scored = set(read_table(name, "per_case")["patient"])
            assert scored == set(manifest["test_patients"]), name


@pytest.mark.parametrize("script", sorted(NOTEBOOKS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_a_notebook_states_the_time_it_was_measured_to_take(script):
    durations = json.loads((REPORTS / "durations.json").read_text(encoding="utf-8"))
    measured = durations[script.stem]
    stated = re.search(r"about (\d+) minutes?\s+(?:# )?on 2 CPU\s+(?:# )?cores", script.read_text())
    assert abs(int(stated[1]) * 60 - measured) <= 60
