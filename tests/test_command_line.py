"""The command line itself: help, exit codes, silence, and `recipes`."""

import pytest
from command_line import run

from seglib.__main__ import MODULES, main
from seglib.recipes import RECIPES


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
    assert [line.split()[0] for line in lines] == ["name", *RECIPES]


def test_tensorflow_starts_silently():
    result = run("-m", "seglib", "recipes")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_user_s_log_level_is_left_alone():
    code = (
        "import os; from seglib.__main__ import main; main(['recipes']); "
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    )
    assert run("-c", code, TF_CPP_MIN_LOG_LEVEL="0").stdout.splitlines()[-1] == "0"
