"""The live line: durations, what is left, and the newest whole line of a training."""

import json

import pytest

from study.console import State, clock, time_left


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
