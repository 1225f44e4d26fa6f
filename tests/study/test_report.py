"""The committed results: complete and traceable."""

import json
import re
import shutil

import pandas as pd
import pytest

from study import report
from study.notebook_files import NOTEBOOKS
from study.report import REPORTS, check, differences, rebuild_tables
from study.results import STORED, read_manifest, read_table

#: What a committed result may be about: sets whose pictures may be shown, numbers of LGG,
#: and phantoms, which every figure calls so.
DATASETS = {"Sunnybrook", "Decathlon heart", "LGG", "atrium phantom", "brain phantom"}
DATASETS |= {"tumour phantom"}


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """All tables, made once: whoever changes them takes a copy."""
    folder = tmp_path_factory.mktemp("rebuilt")
    rebuild_tables(folder)
    return folder


def test_every_figure_and_table_names_runs_that_are_stored():
    stored = {path.parent.relative_to(STORED).as_posix() for path in STORED.rglob("manifest.json")}
    results = [*(REPORTS / "figures").glob("*.png"), *(REPORTS / "tables").glob("*.csv")]
    assert results
    for path in results:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert note["dataset"] in DATASETS, path.name
        assert set(note["runs"]) <= stored, path.name


@pytest.mark.slow
def test_every_committed_table_follows_from_the_stored_results(rebuilt, monkeypatch):
    def copy(folder):
        shutil.copytree(rebuilt, folder, dirs_exist_ok=True)

    monkeypatch.setattr(report, "rebuild_tables", copy)
    assert check() == []


@pytest.mark.slow
def test_a_changed_table_is_found(rebuilt, tmp_path):
    committed = shutil.copytree(rebuilt, tmp_path / "committed")
    assert differences(rebuilt, committed) == []
    table = committed / "tables" / "best_summary.csv"
    frame = pd.read_csv(table)
    frame.loc[0, "mean"] += 0.001
    frame.to_csv(table, index=False)
    (found,) = differences(rebuilt, committed)
    assert "best_summary.csv" in found
    table.unlink()
    (found,) = differences(rebuilt, committed)
    assert "not there" in found


@pytest.mark.slow
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
    pattern = r"about (\d+) (minute|second)s?\s+(?:# )?on 2 CPU\s+(?:# )?cores"
    number, unit = re.search(pattern, script.read_text(encoding="utf-8")).groups()
    seconds = int(number) * {"minute": 60, "second": 1}[unit]
    assert abs(seconds - measured) <= {"minute": 60, "second": 10}[unit]
