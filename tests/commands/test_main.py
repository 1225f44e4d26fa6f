"""The command line itself: help, exit codes, odd file names, silence."""

import os
import re

import pytest
from command_line import evaluate, mask, picture, run

from seglib.commands.main import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
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


def test_tensorflow_starts_silently():
    result = run("-m", "seglib", "recipes")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_the_user_s_log_level_is_left_alone():
    code = (
        "import os; from seglib.commands.main import main; main(['recipes']); "
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    )
    assert run("-c", code, TF_CPP_MIN_LOG_LEVEL="0").stdout.splitlines()[-1] == "0"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["predict", "train"])
def test_the_error_stream_has_at_most_a_progress_bar(command, tmp_path):
    """Also with Keras; a training, which is long, draws its bar where somebody watches."""
    for k in range(2):
        picture(tmp_path / "images" / f"{k}.png", slice(8), slice(8), (32, 32))
        mask(tmp_path / "masks" / f"{k}.png", slice(8), slice(8), (32, 32))
    arguments = {
        "predict": ("--input", tmp_path / "images", "--output", tmp_path / "out")
        + ("--backend", "keras"),
        "train": ("unet", "--images", tmp_path / "images", "--masks", tmp_path / "masks")
        + ("--profile", "smoke", "--crop", "32", "--output", tmp_path / "m.keras"),
    }
    reports = {"SEGLIB_REPORTS_DIR": str(tmp_path / "reports")}
    result = run("-m", "seglib", command, *map(str, arguments[command]), **reports)
    assert result.returncode == 0
    said = [line for line in re.split(r"[\r\n]", result.stderr) if line.strip()]
    bars = [line for line in said if line.startswith("predict:")]
    assert said == bars and bool(bars) == (command == "predict")


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


def test_a_path_that_the_system_refuses_is_one_line(capsys):
    assert main(["predict", "--input", "x" * 300, "--output", "out"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("seglib: error: xxx") and "no such file or folder" in error


@pytest.mark.parametrize("arguments", [[], ["--help"], *([c, "--help"] for c in COMMANDS)])
def test_help_loads_no_package_that_takes_time(arguments):
    """Nor does wrong usage, as without a command."""
    heavy = ("numpy", "pandas", "keras", "matplotlib", "nibabel", "pydicom", "PIL", "cv2", "scipy")
    code = (
        "import sys; from seglib.commands.main import build_parser\n"
        "try: build_parser().parse_args()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    result = run("-c", code, *arguments)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr


def test_help_lists_every_command_and_what_it_does(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} {summary}" in printed for name, (_, summary) in COMMANDS.items())
