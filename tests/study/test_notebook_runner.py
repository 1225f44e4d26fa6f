"""The notebook pairs and the study's runner, on small notebooks written here."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from study import notebook_runner, report, runner
from study.console import State, clock, time_left
from study.questions import uncertainty
from tools import notebooks

SCRIPT = """\
# %% [markdown]
# # A title
#
# And *some* text.

# %% tags=["parameters"]
import os

PROFILE = os.environ.get("SEGLIB_PROFILE", "quick")

# %%
# %matplotlib inline
1 + 1


# %%
1 + 1
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A folder with one notebook whose halves agree; the .ipynb half is returned."""
    (tmp_path / "01_first.py").write_text(SCRIPT)
    assert notebooks.main(["sync", "--folder", str(tmp_path)]) == 0
    return tmp_path / "01_first.ipynb"


def planted(path: Path, change) -> None:
    """Change the cells of an .ipynb file in place."""
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(json.dumps(notebook))


def checked(path: Path, capsys) -> tuple[int, str]:
    status = notebooks.main(["check", "--folder", str(path.parent)])
    return status, capsys.readouterr().err


def test_sync_makes_a_valid_notebook_without_outputs(pair):
    notebook = nbformat.read(pair, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    assert notebook.cells[0].source == "# A title\n\nAnd *some* text."
    assert notebook.cells[1].metadata == {"tags": ["parameters"]}
    assert notebook.cells[2].source == "%matplotlib inline\n1 + 1"
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.outputs == [] for cell in notebook.cells[1:])


def test_sync_again_gives_the_same_bytes(pair):
    before = pair.read_bytes()
    pair.unlink()
    notebooks.sync(pair.parent)
    assert pair.read_bytes() == before


def test_sync_leaves_a_pair_in_step_untouched(pair):
    assert notebooks.sync(pair.parent) == []


def test_cell_ids_are_unique_and_outlive_a_new_cell(pair):
    old = [cell.id for cell in nbformat.read(pair, as_version=4).cells]
    assert len(set(old)) == len(old)
    script = pair.with_suffix(".py")
    script.write_text(script.read_text().replace("# %% tags", '# %%\n"new"\n\n# %% tags'))
    notebooks.sync(pair.parent)
    new = [cell.id for cell in nbformat.read(pair, as_version=4).cells]
    assert new[:1] + new[2:] == old


def test_check_accepts_a_pair_in_step(pair, capsys):
    assert checked(pair, capsys) == (0, "")


@pytest.mark.parametrize(
    ("change", "cell", "field"),
    [
        (lambda cells: cells[2].update(source="2 + 2"), 3, "source"),
        (lambda cells: cells[0].update(cell_type="raw"), 1, "cell_type"),
        (lambda cells: cells[1]["metadata"].update(tags=["other"]), 2, "metadata"),
        (lambda cells: cells[3]["metadata"].update(collapsed=True), 4, "metadata"),
        (lambda cells: cells[3].update(execution_count=7), 4, "execution_count"),
        (lambda cells: cells[3].update(id="another"), 4, "id"),
        (
            lambda cells: cells[3].update(
                outputs=[{"output_type": "stream", "name": "stdout", "text": "2\n"}]
            ),
            4,
            "outputs",
        ),
        (lambda cells: cells.pop(), 4, "only in one half"),
        (lambda cells: cells.append(dict(cells[3], id="fifth")), 5, "only in one half"),
    ],
)
def test_check_names_the_first_cell_that_differs(pair, capsys, change, cell, field):
    planted(pair, change)
    status, message = checked(pair, capsys)
    assert status == 1
    assert f"01_first.ipynb, cell {cell}: {field}" in message
    notebooks.sync(pair.parent)
    assert checked(pair, capsys)[0] == 0


def test_check_notices_a_script_edited_after_sync(pair, capsys):
    script = pair.with_suffix(".py")
    script.write_text(script.read_text().replace("some", "other"))
    status, message = checked(pair, capsys)
    assert status == 1
    assert "01_first.ipynb, cell 1: source" in message


def test_check_notices_another_kernel(pair, capsys):
    notebook = json.loads(pair.read_text())
    notebook["metadata"]["kernelspec"]["name"] = "my-own"
    pair.write_text(json.dumps(notebook))
    status, message = checked(pair, capsys)
    assert status == 1
    assert "my-own" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# ---\n(.*\n)*?# ---\n\n", ""),
        ("#     display_name: .*\n", "#     display_name: My own\n"),
        ("#     formats: .*\n", ""),
        ("\n\n# %%\n", "\n# %%\n"),
    ],
    ids=["no header", "another kernel", "no longer a pair", "blank lines"],
)
def test_check_notices_a_script_that_jupyterlab_would_change(pair, capsys, old, new):
    script = pair.with_suffix(".py")
    kept = script.read_text()
    script.write_text(re.sub(old, new, kept, count=1))
    status, message = checked(pair, capsys)
    assert status == 1
    assert re.search(r"01_first\.py, line \d+: ", message)
    notebooks.sync(pair.parent)
    assert script.read_text() == kept
    assert checked(pair, capsys) == (0, "")


def test_the_address_of_the_repository_stands_in_pyproject_alone(pair, tmp_path, capsys):
    folder, readme = tmp_path / "notebooks", tmp_path / "README.md"
    folder.mkdir()
    script = pair.with_suffix(".py").rename(folder / "01_first.py")
    badge = "https://colab.research.google.com/github/{}/blob/main/notebooks/01_first.ipynb"
    clone, other = 'home = "{}"', 'other = "https://github.com/some/data"'
    readme.write_text(f"[Open]({badge.format('some/fork')})\n")
    text = f"# %% [markdown]\n# [Open]({badge.format('my.own/one')})\n\n"
    script.write_text(f"{text}# %%\n{clone.format('https://github.com/my.own/one')}\n{other}\n")
    assert notebooks.main(["sync", "--folder", str(folder)]) == 0
    home = badge.format(notebooks.HOME.removeprefix("https://github.com/"))
    assert readme.read_text() == f"[Open]({home})\n"
    for half in (script, script.with_suffix(".ipynb")):
        saved = half.read_text().replace("\\", "")
        assert home in saved and clone.format(notebooks.HOME) in saved and other in saved
    assert checked(script, capsys) == (0, "")
    readme.write_text(f"[Open]({badge.format('some/fork')})\n")
    status, message = checked(script, capsys)
    assert status == 1
    assert "README.md, line 1: " in message and "some/fork" in message


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_check_notices_a_missing_half(pair, capsys, half):
    pair.with_suffix(half).unlink()
    status, message = checked(pair, capsys)
    assert status == 1
    assert f"01_first{half}" in message


def test_check_says_which_file_is_no_notebook(pair, capsys):
    pair.write_text("not a notebook")
    status, message = checked(pair, capsys)
    assert status == 1
    assert "01_first.ipynb cannot be read" in message


def test_exercises_are_pairs_too(pair, capsys):
    folder = pair.parent / "exercises"
    folder.mkdir()
    (folder / "01_first_exercise.py").write_text(SCRIPT)
    assert checked(pair, capsys)[0] == 1
    notebooks.sync(pair.parent)
    assert (folder / "01_first_exercise.ipynb").exists()
    assert checked(pair, capsys)[0] == 0


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


def test_a_failing_cell_stops_the_study_and_is_shown(study, capsys):
    reports, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text("# %%\nprint('so far')\n\n# %%\nvalue = 1\nvalue / 0\n")
    assert notebook_runner.main(arguments) == 1
    message = capsys.readouterr().err
    assert "01_first.py failed" in message
    assert "value = 1\nvalue / 0" in message
    assert "ZeroDivisionError" in message
    assert "\x1b" not in message
    assert "so far" in outputs(reports / "notebooks" / "01_first.ipynb")
    assert not (reports / "notebooks" / "02_second.ipynb").exists()


def test_a_dead_kernel_is_reported(study, capsys):
    reports, arguments = study
    folder = Path(arguments[arguments.index("--notebooks") + 1])
    (folder / "01_first.py").write_text("# %%\nimport os\n\nos._exit(1)\n")
    assert notebook_runner.main(arguments) == 1
    assert "kernel ended by itself" in capsys.readouterr().err
    assert (reports / "notebooks" / "01_first.ipynb").exists()


def test_only_runs_one_notebook_and_keeps_the_other_durations(study):
    reports, arguments = study
    reports.mkdir()
    (reports / "durations.json").write_text('{"01_first": 9.0}')
    assert notebook_runner.main([*arguments, "--only", "02"]) == 0
    assert not (reports / "notebooks" / "01_first.ipynb").exists()
    durations = json.loads((reports / "durations.json").read_text())
    assert durations["01_first"] == 9.0
    assert "02_second" in durations


def test_an_unknown_notebook_is_refused_with_those_there_are(study, capsys):
    _, arguments = study
    assert notebook_runner.main([*arguments, "--only", "09"]) == 2
    assert "01_first, 02_second" in capsys.readouterr().err


def test_a_results_folder_that_cannot_be_made_is_one_line(study, capsys):
    reports, arguments = study
    reports.write_text("mine")
    assert notebook_runner.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("study.notebook_runner: error: ") and "with --reports" in error
    assert reports.read_text() == "mine"


@pytest.mark.parametrize(
    "start",
    [
        lambda: report.main([]),
        lambda: uncertainty.main([]),
        lambda: runner.main(["pack", "set.npz"]),
    ],
    ids=["report", "uncertainty", "experiments"],
)
def test_a_data_folder_that_is_none_is_one_line(start, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path / "none"))
    assert start() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tools.") and "SEGLIB_DATA_DIR is set to" in line


@pytest.mark.parametrize(
    ("file", "message"), [("set.csv", "ends in .npz"), ("file/set.npz", "name another file")]
)
def test_a_set_is_packed_over_no_other_file(file, message, tmp_path, capsys):
    (tmp_path / "set.csv").write_text("mine")
    (tmp_path / "file").write_text("mine")
    assert runner.main(["pack", str(tmp_path / file)]) == 1
    assert message in capsys.readouterr().err
    assert (tmp_path / "set.csv").read_text() == (tmp_path / "file").read_text() == "mine"


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
    env = notebook_runner.environment("smoke", "auto", 0, tmp_path)
    assert env["SEGLIB_DATA_DIR"] == str(tmp_path / "data")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (754, "12:34"), (3661, "1:01:01")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_time_left_uses_measured_durations_and_their_mean():
    names = ["a", "b", "c"]
    assert time_left(names, 1, {}, 5) is None
    assert time_left(names, 1, {"a": 10, "b": 20, "c": 30}, 4) == 6 + 20 + 30
    assert time_left(names, 2, {"a": 10}, 4) == 6 + 10
    assert time_left(names, 3, {"a": 10, "b": 20, "c": 30}, 99) == 0


def test_the_live_line_shows_the_newest_whole_progress_line(tmp_path):
    progress = tmp_path / "progress.jsonl"
    state = State("04_unet", 4, ["01", "02", "03", "04_unet"], {}, progress)
    assert "starting" in state.text(61)
    assert "1:01 so far" in state.text(61)
    state.at_cell(2, 9)
    line = {"run": "unet adam", "epoch": 1, "epochs": 20, "seconds_left": 41.2, "dice": 0.7142}
    progress.write_text(
        json.dumps(line) + "\n" + json.dumps(line | {"epoch": 2}) + "\n" + '{"run": "unet ad'
    )
    text = state.text(61)
    assert text == (
        "[4/4] 04_unet | 1:01 so far | cell 2/9 | unet adam epoch 2/20 Dice 0.714, 0:41 left in it"
    )
