"""The study's command line: one help for all commands, and errors of one line."""

import re
import subprocess
import sys

import pytest

from seglib.files import REPOSITORY
from study.__main__ import COMMANDS, main


def test_the_help_names_every_command_and_loads_nothing_heavy(capsys):
    code = (
        "import sys; from study.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: print(end.code, 'numpy' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert result.stdout.splitlines()[-1] == "0 False"
    for command, (_, does) in COMMANDS.items():
        assert re.search(rf"^  {command} +{re.escape(does)}$", result.stdout, re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_by_its_name(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: python -m study {command} " in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "python -m study COMMAND --help" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tables"], "invalid choice: 'tables'"),
        (["--data", "set.npz", "report"], "report reads no packed set"),
        (["run"], "required: EXPERIMENT"),
        (["run", "everything"], "invalid choice: 'everything'"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_packed_sets_are_handed_on_to_the_jobs(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "no.npz"), "status"]) == 1
    assert capsys.readouterr().err.startswith(f"study: error: {tmp_path / 'no.npz'}: no such file")


@pytest.mark.parametrize(
    "arguments", [["report"], ["uncertainty"], ["pack", "set.npz"]], ids=lambda given: given[0]
)
def test_a_data_folder_that_is_none_is_one_line(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path / "none"))
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("study: error: ") and "SEGLIB_DATA_DIR is set to" in line


def test_every_command_that_a_document_or_message_names_is_there():
    texts = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "Makefile")]
    texts += [REPOSITORY / "reports" / "README.md", REPOSITORY / "data" / "README.md"]
    texts += [*REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("notebooks/*.py")]
    for top in ("study", "benchmarks", "tools"):
        texts += [*REPOSITORY.glob(f"{top}/**/*.py")]
    found = {}
    for path in texts:
        # A message may be broken into two strings, and a call take a packed set first.
        text = re.sub(r'"\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for word in re.findall(r"-m study (?:--data \S+ )?([a-z]+)", text):
            found[word] = path
    assert set(found) <= set(COMMANDS), found
    assert {"status", "run", "report", "notebooks"} <= set(found)
