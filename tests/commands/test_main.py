"""The command line itself: help, exit codes, consoles, silence, and `recipes`."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import evaluate, mask, picture, run

from seglib.__main__ import MODULES, main
from seglib.commands.console import IN_OPTIONS
from seglib.files import REPOSITORY
from seglib.program import program
from seglib.recipes.recipe import all_recipes
from study import notebook_runner


def test_help_loads_no_backend():
    code = (
        "import sys; from seglib.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: print(end.code, 'keras' in sys.modules, 'numpy' in sys.modules)"
    )
    result = run("-c", code)
    assert result.stdout.splitlines()[-1] == "0 False False"
    assert all(command in result.stdout for command in MODULES)


@pytest.mark.parametrize("command", MODULES)
def test_help_of_a_command_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"  python -m seglib {command}" in capsys.readouterr().out


def test_an_error_is_one_line_and_exit_code_1(tmp_path):
    result = run("-m", "seglib", "predict", "--input", str(tmp_path / "none"), "--output", "out")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == f"seglib: error: {tmp_path / 'none'}: no such file or folder\n"


def test_wrong_usage_is_exit_code_2():
    with pytest.raises(SystemExit) as end:
        main(["predict", "--input", "images"])
    assert end.value.code == 2


def test_recipes_lists_every_recipe(capsys):
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *all_recipes()]


@pytest.mark.slow
def test_tensorflow_starts_silently():
    result = run("-m", "seglib", "recipes")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_the_user_s_log_level_is_left_alone():
    code = (
        "import os; from seglib.__main__ import main; main(['recipes']); "
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    )
    assert run("-c", code, TF_CPP_MIN_LOG_LEVEL="0").stdout.splitlines()[-1] == "0"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["predict", "train"])
def test_the_error_stream_has_a_progress_bar_and_nothing_else(command, tmp_path):
    """Also with a model of Keras, before which another part of the command has been loaded."""
    for k in range(2):
        picture(tmp_path / "images" / f"{k}.png", slice(8), slice(8), (32, 32))
        mask(tmp_path / "masks" / f"{k}.png", slice(8), slice(8), (32, 32))
    arguments = {
        "predict": ("--input", tmp_path / "images", "--output", tmp_path / "out"),
        "train": ("unet", "--images", tmp_path / "images", "--masks", tmp_path / "masks")
        + ("--profile", "smoke", "--crop", "32", "--output", tmp_path / "m.keras"),
    }
    reports = {"SEGLIB_REPORTS_DIR": str(tmp_path / "reports")}
    result = run("-m", "seglib", command, *map(str, arguments[command]), **reports)
    assert result.returncode == 0
    said = [line for line in re.split(r"[\r\n]", result.stderr) if line.strip()]
    bar = {"predict": "predict:", "train": "unet adamw:"}[command]
    assert said and [line for line in said if not line.startswith(bar)] == []


def test_quiet_start_inside_itself_shows_what_a_failed_import_said():
    code = (
        "import os; from seglib.quiet import quiet_start\n"
        "with quiet_start():\n    os.write(2, b'hidden')\n"
        "with quiet_start():\n    with quiet_start():\n"
        "        os.write(2, b'shown'); raise ImportError('this')"
    )
    result = run("-c", code)
    assert result.returncode == 1
    assert result.stderr.startswith("shown") and result.stderr.endswith("ImportError: this\n")


#: A file name in Latin-1, which is no UTF-8.
LATIN = os.fsdecode(b"h\xe9rz")


@pytest.fixture
def latin_masks(tmp_path):
    """Two folders with a mask each whose name is no UTF-8, where the disk takes it."""
    try:
        for folder in ("truth", "prediction"):
            mask(tmp_path / folder / f"{LATIN}.png", slice(4), slice(4))
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    return tmp_path


def test_a_file_name_that_is_no_utf_8_is_scored(latin_masks, capsys):
    output = latin_masks / f"{LATIN}.json"
    assert evaluate(latin_masks / "truth", latin_masks / "prediction", output) == 0
    assert r"h\udce9rz.json" in capsys.readouterr().out
    assert f'"case": "{LATIN}"'.encode(errors="backslashreplace") in output.read_bytes()


def test_a_console_that_knows_ascii_alone(tmp_path):
    for folder in ("truth", "prediction"):
        mask(tmp_path / folder / "hérz.png", slice(4), slice(4))
    arguments = ("--truth", tmp_path / "truth", "--prediction", tmp_path / "prediction")
    arguments += ("--output", tmp_path / "hérz.json")
    result = run("-m", "seglib", "evaluate", *map(str, arguments), PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert r"h\xe9rz.json" in result.stdout
    assert (tmp_path / "hérz.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "unbuffered"), [(("recipes",), ""), (("recipes",), "1"), (("train", "-h"), "")]
)
def test_nobody_reads_on(arguments, unbuffered):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "seglib", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    result = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_the_disk_has_no_room_for_what_is_printed():
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "seglib", "recipes"],
            cwd=REPOSITORY,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.returncode == 1
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith("seglib: error: ") and "No space left on device" in line


def test_a_path_that_the_system_refuses_is_one_line(capsys):
    assert main(["predict", "--input", "x" * 300, "--output", "out"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("seglib: error: xxx") and "no such file or folder" in error


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141)])
def test_a_program_that_is_stopped(error, code, capfd):
    @program("a program")
    def fails(arguments):
        raise error

    assert fails() == code
    assert capfd.readouterr().err == ("a program: stopped\n" if code == 130 else "")


@pytest.mark.parametrize("seed", ["-1", str(2**32), "9" * 5000, "1.5", "one"])
@pytest.mark.parametrize(
    "start",
    [
        lambda seed: main(["train", "unet", "--output", "m.keras", seed]),
        lambda seed: main(["audit", "--images", "a", "--masks", "b", "--output", "c", seed]),
        lambda seed: notebook_runner.main([seed, "--only", "none"]),
    ],
    ids=["train", "audit", "run_study"],
)
def test_a_seed_that_numpy_does_not_take_is_wrong_usage(start, seed, capsys):
    with pytest.raises(SystemExit) as end:
        start(f"--seed={seed}")
    assert end.value.code == 2
    assert "whole number of at least 0 and at most 4294967295" in capsys.readouterr().err


def test_the_largest_seed_is_taken(capsys):
    assert main(["train", "vnet", "--output", "m.keras", f"--seed={2**32 - 1}"]) == 1
    assert "no recipe 'vnet'" in capsys.readouterr().err


def test_every_message_that_the_command_line_rewords_is_one_of_the_library():
    messages = []
    for path in (REPOSITORY / "seglib").rglob("*.py"):
        if path.name != "console.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                parts = node.values if isinstance(node, ast.JoinedStr) else [node]
                texts = [str(p.value) for p in parts if isinstance(p, ast.Constant)]
                messages.append("".join(texts))
    stale = [words for words in IN_OPTIONS if not any(words in text for text in messages)]
    assert stale == []
