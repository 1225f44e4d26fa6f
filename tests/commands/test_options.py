"""Options that commands share."""

import argparse

import pytest

from seglib.commands.main import main
from seglib.commands.options import DEFAULT_MODEL, add_picture_options, add_seed
from seglib.files import REPOSITORY
from seglib.recipes.recipe import PROFILES
from study import notebook_runner


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    add_picture_options(parser)
    add_seed(parser)
    return parser


def test_what_is_not_said(parser):
    expected = {"patients": None, "size": None, "crop": None, "profile": "full", "seed": 0}
    assert vars(parser.parse_args([])) == expected


def test_every_profile_of_the_recipes_may_be_chosen(parser):
    for profile in PROFILES:
        assert parser.parse_args(["--profile", profile]).profile == profile


def test_the_default_model_is_in_the_repository():
    assert (REPOSITORY / DEFAULT_MODEL).is_file()


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


@pytest.mark.parametrize("option", ["--size=0", "--crop=-16", "--seed=1.5"])
def test_train_takes_only_whole_numbers(option, capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", "unet", "--output", "m.keras", option])
    assert end.value.code == 2
    assert "is not a whole number of at least" in capsys.readouterr().err
