"""The experiments' command line: what is stored, one packed file, and failures that show."""

from dataclasses import replace
from pathlib import Path

import pytest

from seglib.formats import packed
from seglib.recipes.recipe import get_recipe
from seglib.splits.patients import Split
from study import runner
from study.experiment import Experiment
from study.jobs import Job
from study.questions import EXPERIMENTS


@pytest.fixture(scope="module")
def packed_file(sunnybrook_dir, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "sunnybrook.npz"
    assert runner.main(["pack", str(path)]) == 0
    return path


@pytest.mark.slow
def test_status_counts_the_stored_jobs_whichever_way_the_slices_come(packed_file, capsys):
    assert runner.main(["status"]) == 0
    from_files = capsys.readouterr().out
    assert runner.main(["--data", str(packed_file), "status"]) == 0
    assert capsys.readouterr().out == from_files
    assert "audit          5 of   5 jobs stored" in from_files


@pytest.mark.slow
def test_a_packed_file_holds_the_wrong_patient_too(packed_file):
    assert "SC-N-06" in packed.load(packed_file).patients


def test_a_job_gets_what_its_experiment_assumes(phantom_set, monkeypatch):
    split = Split("none", ("A",), (), ("B",))
    job = Job("trial", "unet", "fold1", 0, get_recipe("unet", "smoke"), split)
    trial = Experiment("phantom", lambda slices: [job], lambda: phantom_set, 1.5)
    monkeypatch.setitem(EXPERIMENTS, "trial", trial)
    asked = []
    monkeypatch.setattr(runner, "run_job", lambda *given, **more: asked.append((given, more)))
    assert runner.main(["job", job.name]) == 0
    assert asked == [((job, phantom_set), {"assumed_spacing": 1.5})]


@pytest.mark.slow
def test_an_unknown_job_is_refused(packed_file, capsys):
    assert runner.main(["--data", str(packed_file), "job", "audit/unet/fold9-seed0"]) == 1
    assert "no job" in capsys.readouterr().err


def test_an_absent_file_is_refused(tmp_path, capsys):
    assert runner.main(["--data", str(tmp_path / "no.npz"), "status"]) == 1
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "message"), [("set.csv", "ends in .npz"), ("file/set.npz", "name another file")]
)
def test_a_set_is_packed_over_no_other_file(file, message, tmp_path, capsys):
    (tmp_path / "set.csv").write_text("mine")
    (tmp_path / "file").write_text("mine")
    assert runner.main(["pack", str(tmp_path / file)]) == 1
    assert message in capsys.readouterr().err
    assert (tmp_path / "set.csv").read_text() == (tmp_path / "file").read_text() == "mine"


@pytest.mark.slow
def test_a_failing_job_is_counted_and_its_log_named(tmp_path, reports, capsys):
    split = Split("none", ("A",), (), ("B",))
    job = Job("nowhere", "unet", "fold1", 0, get_recipe("unet", "smoke"), split)
    assert runner.run([job], workers=1, data=[tmp_path / "absent.npz"]) == 1
    assert "FAILED" in capsys.readouterr().out
    assert "absent.npz" in (reports / "logs" / "nowhere-unet-fold1-seed0.log").read_text()


def test_jobs_that_share_a_network_do_not_run_at_once():
    split = Split("none", ("A", "C"), (), ("B",))
    single = Job("any", "unet", "fold1", 1, get_recipe("unet", "smoke"), split)
    three = replace(single, variant="three", seed=0, members=3)
    other_fold = replace(single, split=Split("other", ("A",), (), ("B",)))
    inner = replace(single, variant="inner", inner_folds=2)
    assert runner.next_free([three, other_fold], running=[single]) is other_fold
    assert runner.next_free([three], running=[single, other_fold]) is None
    assert runner.next_free([inner], running=[single, three]) is inner
    assert runner.next_free([three], running=[]) is three
