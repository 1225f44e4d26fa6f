"""How a program ends: its exit codes, its one line of an error, and any console."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import mask, run

from seglib.errors import SeglibError
from seglib.files import REPOSITORY
from seglib.program import program, seed_number, whole_number


def test_a_program_that_is_stopped(capsys):
    @program("a program")
    def fails(arguments):
        raise KeyboardInterrupt

    assert fails() == 130
    assert capsys.readouterr().err == "a program: stopped\n"


def test_an_error_of_the_user_s_is_one_line_in_the_program_s_own_words(capsys):
    @program("a program", translate=str.upper)
    def fails(arguments):
        raise SeglibError("what to do")

    assert fails() == 1
    assert capsys.readouterr().err == "a program: error: WHAT TO DO\n"


def test_a_file_that_cannot_be_read_is_named(tmp_path, capsys):
    @program("a program")
    def fails(arguments):
        (tmp_path / "none").read_text()

    assert fails() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"a program: error: {tmp_path / 'none'}: No such file")


def test_a_mistake_of_the_program_s_own_is_not_hidden():
    @program("a program")
    def fails(arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()


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


@pytest.mark.slow
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
    ("kind", "text", "number"),
    [
        (whole_number(0), "0", 0),
        (whole_number(2, 5), "5", 5),
        (whole_number(2, 5), "6", None),
        (whole_number(2), "1", None),
        (whole_number(0), "-1", None),
        (whole_number(0), "1.5", None),
        (whole_number(0), "one", None),
        pytest.param(whole_number(0), "9" * 5000, None, id="too long for int"),
        (seed_number, str(2**32 - 1), 2**32 - 1),
        (seed_number, str(2**32), None),
    ],
)
def test_whole_numbers_within_bounds(kind, text, number):
    if number is not None:
        assert kind(text) == number
        return
    with pytest.raises(argparse.ArgumentTypeError, match="is not a whole number of at least"):
        kind(text)
