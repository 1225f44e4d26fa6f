"""The runner of the notebooks, on small ones written here."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from study import notebook_runner
from study.notebook_execution import environment

FIRST = """\
# %%
import json
import os
from pathlib import Path

reports = Path(os.environ["SEGLIB_REPORTS_DIR"])
(reports / "tables").mkdir()
(reports / "tables" / "comparison.csv").write_text("network,dice\\nU-Net,0.91234\\n")
(reports / "datasets").mkdir()
_ = (reports / "datasets" / "phantom.json").write_text(json.dumps({"name": "phantom"}))

# %%
with open(os.environ["SEGLIB_PROGRESS_FILE"], "a") as file:
    file.write(json.dumps({"run": "unet adam", "epoch": 1, "epochs": 2,
                           "seconds_left": 5.0, "dice": 0.5}) + "\\n")
print(os.environ["SEGLIB_PROFILE"], os.environ["SEGLIB_DATASET"], os.environ["SEGLIB_SEED"])
print(Path.cwd().name, Path("here.txt").read_text())
"""


@pytest.fixture
def study(tmp_path: Path) -> tuple[Path, list[str]]:
    """Two notebooks that pass; the results folder and the arguments to run them with."""
    folder, reports = tmp_path / "notebooks", tmp_path / "results"
    folder.mkdir()
    (folder / "here.txt").write_text("found")
    (folder / "01_first.py").write_text(FIRST)
    (folder / "02_second.py").write_text("# %%\n6 * 7\n")
    arguments = ["--profile", "smoke", "--seed", "3", "--notebooks", str(folder)]
    return reports, [*arguments, "--reports", str(reports)]


def outputs(executed: Path) -> str:
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for cell in nbformat.read(executed, as_version=4).cells
        for output in cell.outputs
    )


@pytest.mark.slow
def test_a_study_runs_and_ends_with_its_results(study, capsys):
    reports, arguments = study
    assert notebook_runner.main(arguments) == 0
    assert outputs(reports / "notebooks" / "01_first.ipynb") == "smoke auto 3\nnotebooks found\n"
    assert outputs(reports / "notebooks" / "02_second.ipynb") == "42"
    executed = nbformat.read(reports / "notebooks" / "02_second.ipynb", as_version=4)
    assert "jupytext" not in executed.metadata  # it has no .py half to be saved with
    durations = json.loads((reports / "durations.json").read_text())
    assert set(durations) == {"01_first", "02_second"}
    printed = capsys.readouterr().out
    assert "[1/2] 01_first" in printed
    assert "[2/2] 02_second" in printed
    assert "0.912" in printed
    assert "comparison.csv" in printed
    assert "02_second.ipynb" in printed
    assert "Built-in phantoms were used (phantom)" in printed


@pytest.mark.slow
def test_a_failing_cell_stops_the_study_and_is_shown(study, capsys):
    reports, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text("# %%\nprint('so far')\n\n# %%\nvalue = 1\nvalue / 0\n")
    assert notebook_runner.main([*arguments, "--workers", "1"]) == 1
    message = capsys.readouterr().err
    assert "01_first.py failed" in message
    assert "value = 1\nvalue / 0" in message
    assert "ZeroDivisionError" in message
    assert "\x1b" not in message
    assert "so far" in outputs(reports / "notebooks" / "01_first.ipynb")
    assert not (reports / "notebooks" / "02_second.ipynb").exists()


@pytest.mark.slow
def test_a_dead_kernel_is_reported(study, capsys):
    reports, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text("# %%\nimport os\n\nos._exit(1)\n")
    assert notebook_runner.main(arguments) == 1
    assert "kernel ended by itself" in capsys.readouterr().err
    assert (reports / "notebooks" / "01_first.ipynb").exists()


@pytest.mark.slow
def test_only_runs_one_notebook_and_keeps_the_other_durations(study):
    reports, arguments = study
    reports.mkdir()
    (reports / "durations.json").write_text('{"01_first": 9.0}')
    assert notebook_runner.main([*arguments, "--only", "02"]) == 0
    assert not (reports / "notebooks" / "01_first.ipynb").exists()
    durations = json.loads((reports / "durations.json").read_text())
    assert durations["01_first"] == 9.0
    assert "02_second" in durations


#: Goes on only while another notebook runs beside it: each leaves a mark and waits for the other's.
TOGETHER = """\
# %%
import time
from pathlib import Path

Path("{mine}").touch()
end = time.monotonic() + 60
while not Path("{other}").exists():
    assert time.monotonic() < end
    time.sleep(0.05)
"""


@pytest.mark.slow
def test_two_notebooks_run_side_by_side(study):
    _, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text(TOGETHER.format(mine="a", other="b"))
    (folder / "02_second.py").write_text(TOGETHER.format(mine="b", other="a"))
    assert notebook_runner.main([*arguments, "--workers", "2"]) == 0


@pytest.mark.slow
def test_one_goes_from_the_first_on_and_the_other_from_the_last_back(study):
    _, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text(TOGETHER.format(mine="a", other="d"))
    for name in ("02_second", "03_third"):
        (folder / f"{name}.py").write_text("# %%\n6 * 7\n")
    (folder / "04_last.py").write_text(TOGETHER.format(mine="d", other="a"))
    assert notebook_runner.main([*arguments, "--workers", "2"]) == 0


@pytest.mark.slow
def test_a_failure_ends_the_notebook_beside_it(study, capsys):
    reports, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text(TOGETHER.format(mine="a", other="b") + "1 / 0\n")
    for name, mine in (("02_second", "c"), ("03_third", "b")):
        (folder / f"{name}.py").write_text(TOGETHER.format(mine=mine, other="never"))
    assert notebook_runner.main([*arguments, "--workers", "2"]) == 1
    assert "01_first.py failed" in capsys.readouterr().err
    assert not (folder / "c").exists() and (reports / "notebooks" / "03_third.ipynb").exists()


@pytest.mark.slow
def test_what_is_unchanged_is_kept_and_what_changed_runs_again(study, capsys):
    reports, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text('# %%\nfrom pathlib import Path\nPath("ran").touch()\n')
    assert notebook_runner.main(arguments) == 0
    (folder / "ran").unlink()
    (folder / "02_second.py").write_text("# %%\n7 * 7\n")
    capsys.readouterr()
    assert notebook_runner.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "01_first is unchanged: its results are kept" in printed
    assert "Kept as they were (1;" in printed
    assert not (folder / "ran").exists()
    assert outputs(reports / "notebooks" / "02_second.ipynb") == "49"
    assert notebook_runner.main([*arguments, "--only", "01", "--again"]) == 0
    assert (folder / "ran").exists()


def test_an_unknown_notebook_is_refused_with_those_there_are(study, capsys):
    _, arguments = study
    assert notebook_runner.main([*arguments, "--only", "09"]) == 2
    assert "01_first, 02_second" in capsys.readouterr().err


def test_a_results_folder_that_cannot_be_made_is_one_line(study, capsys):
    reports, arguments = study
    reports.write_text("mine")
    assert notebook_runner.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("study: error: ") and "with --reports" in error
    assert reports.read_text() == "mine"


@pytest.mark.slow
def test_old_results_are_not_shown_as_new(study, capsys):
    reports, arguments = study
    (reports / "tables").mkdir(parents=True)
    old = reports / "tables" / "comparison.csv"
    old.write_text("network,dice\nold,0.123\n")
    os.utime(old, (0, 0))
    assert notebook_runner.main([*arguments, "--only", "02"]) == 0
    assert "0.123" not in capsys.readouterr().out


def test_a_relative_data_folder_reaches_the_kernel_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEGLIB_DATA_DIR", "data")
    env = environment("smoke", "auto", 0, tmp_path)
    assert env["SEGLIB_DATA_DIR"] == str(tmp_path / "data")
