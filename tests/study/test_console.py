"""The live line: durations, what is left, and the newest whole line of a training."""

import json

import pytest

from study.console import Board, State, clock, time_left


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (754, "12:34"), (3661, "1:01:01")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_time_left_uses_measured_durations_and_their_mean():
    names = ["a", "b", "c"]
    known = {"a": 10, "b": 20, "c": 30}
    assert time_left(names, {"a": 5}, {}) is None
    assert time_left(names, {"a": 4}, known) == 6 + 20 + 30
    assert time_left(["b", "c"], {"b": 4}, {"b": 10}) == 6 + 10
    assert time_left(["c"], {"c": 99}, known) == 0


def test_two_side_by_side_take_half_the_time_but_no_less_than_the_longer_one():
    known = {"a": 10, "b": 20, "c": 30}
    assert time_left(["a", "b", "c"], {"a": 4, "b": 6}, known, 2) == (6 + 14 + 30) / 2
    assert time_left(["a", "c"], {"a": 4, "c": 0}, known, 2) == 30


def test_the_live_line_shows_the_newest_whole_progress_line_of_all_that_run(tmp_path):
    progress = tmp_path / "progress.jsonl"
    state = State("[4/4] 04_unet", progress)
    board = Board(["03_more", "04_unet"], {}, 2, {"04_unet": state})
    assert board.text(61) == "1:01 so far | [4/4] 04_unet, starting"
    state.at_cell(2, 9)
    line = {"run": "unet adam", "epoch": 1, "epochs": 20, "seconds_left": 41.2, "dice": 0.7142}
    progress.write_text(
        json.dumps(line) + "\n" + json.dumps(line | {"epoch": 2}) + "\n" + '{"run": "unet ad'
    )
    board.running["03_more"] = State("[3/4] 03_more", tmp_path / "none")
    assert board.text(61) == (
        "1:01 so far | [4/4] 04_unet, cell 2/9, unet adam epoch 2/20 Dice 0.714, 0:41 left in it"
        " | [3/4] 03_more, starting"
    )
