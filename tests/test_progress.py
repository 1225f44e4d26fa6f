"""Bars: drawn where somebody watches, gone afterwards, and one line of what was done."""

import io
import sys

import pytest

from seglib import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.delenv(progress.VARIABLE, raising=False)
    monkeypatch.setattr(progress, "in_notebook", lambda: False)

    def set_up(screen=None):  # called by the test: pytest takes the stream before each
        monkeypatch.setattr(sys, "stderr", screen := screen or Terminal())
        return screen

    return set_up


def shown(screen):
    """The lines that stay: what a carriage return has written over is gone."""
    lines = (line.rstrip("\r").split("\r")[-1].strip() for line in screen.getvalue().split("\n"))
    return [line for line in lines if line]


def test_long_work_shows_a_bar_and_leaves_one_line(terminal, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    screen = terminal()
    with progress.progress("Scoring 29 cases", 29, "case") as done:
        done(29)
    assert "0/29" in screen.getvalue()
    assert shown(screen) == ["Scoring 29 cases: 0 s"]


def test_short_work_shows_nothing(terminal):
    screen = terminal()
    with progress.progress("Scoring 2 cases", 2, "case") as done:
        done(2)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("where", ["a log", "a notebook that a program runs"])
def test_nobody_is_shown_a_bar_who_does_not_watch(where, terminal, monkeypatch):
    screen = terminal(io.StringIO() if where == "a log" else None)
    if where != "a log":
        monkeypatch.setenv(progress.VARIABLE, "a file")
    with progress.bar("Training", 3, "epoch") as bar:
        bar.update(3)
    assert screen.getvalue() == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "0 s"), (59.4, "59 s"), (125, "2:05 min")])
def test_the_line_says_how_long_it_took_below_a_cell_too(seconds, words, monkeypatch, capsys):
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    progress.leave_line("Trained U-Net", seconds)
    assert capsys.readouterr() == (f"Trained U-Net: {words}\n", "")


def test_a_fault_closes_the_bar_and_leaves_no_line(terminal, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    screen = terminal()
    with pytest.raises(ValueError, match="spoilt"):
        with progress.progress("Scoring 3 cases", 3, "case") as done:
            done(1)
            raise ValueError("spoilt")
    assert "Scoring" in screen.getvalue() and shown(screen) == []
