"""The instructor's guide: its table adds up, and what it names is there."""

import re

import pytest

from study import course
from study.notebook_files import NOTEBOOKS


def test_a_session_adds_up_its_notebooks_and_questions(tmp_path, monkeypatch):
    sessions = tmp_path / "slides.toml"
    sessions.write_text(
        '[[session]]\ntitle = "Both"\nlab = ["01-volume", "11-robust"]\n[session.notebooks]\n'
        "01_data_preparation = []\n11_label_audit = []\n"
    )
    durations = tmp_path / "durations.json"
    durations.write_text('{"01_data_preparation": 12.0, "11_label_audit": 60.0}')
    monkeypatch.setattr(course, "SESSIONS", sessions)
    monkeypatch.setattr(course, "DURATIONS", durations)
    monkeypatch.setattr(course, "words", {"01_data_preparation": 1000, "11_label_audit": 500}.get)
    row = course.sessions_table().splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    # 01 has five questions of 70 minutes and 11 points, 11 has five of 75 minutes and 11 points.
    # In the lab are one of 10 minutes and 2 points, and one of 10 minutes and 2 points.
    assert cells == ["1", "Both", "01, 11", "10", "1.2", "20", "4", "125", "18"]


def test_words_are_those_a_reader_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path)
    (tmp_path / "a.py").write_text(
        "# %% [markdown]\n# # Two words\n#\n# [see the page](https://example.org/far/away) 12\n"
        "\n# %%\nnot = 'a text'\n\n# %% [markdown]\n# one-half more\n"
    )
    assert course.words("a") == len("Two words see the page one half more".split())


def test_the_questions_of_a_session_have_the_titles_of_the_exercises():
    session = {"notebooks": {"01_data_preparation": []}, "lab": ["01-crop"]}
    rows = course.questions_table(session).splitlines()[2:]
    assert len(rows) == 5
    assert rows[3] == "| `01-crop` | The smallest crop | build | 20 | 3 | lab |"
    assert rows[4].endswith("| home |")


@pytest.mark.parametrize("session", course.sessions(), ids=lambda session: session["title"])
def test_a_lab_fits_its_time_and_begins_with_a_prediction(session):
    questions = course.questions_of_session(session)
    lab = [question for question in questions if question.name in session["lab"]]
    assert len(lab) == len(session["lab"])
    assert 60 <= sum(question.minutes for question in lab) <= 75  # as the guide says
    assert lab[0].level == "predict"


def test_every_notebook_has_a_session():
    held = {name for session in course.sessions() for name in session["notebooks"]}
    assert held == {path.stem for path in NOTEBOOKS.glob("[0-9]*.py")}


@pytest.mark.parametrize("number", range(1, len(course.sessions()) + 1))
def test_the_guide_has_all_parts_of_a_session(number):
    _, *sections = re.split(r"^## \d · ", course.GUIDE.read_text("utf-8"), flags=re.M)
    section = sections[number - 1]
    paused = re.findall(r"^\| \d\d, .+\? \| .+\. \|$", section, re.M)
    assert len(paused) >= 5
    assert "**Goals.**" in section
    assert "| misconception | where it comes from |" in section
    assert f"<!-- session_{number} -->" in section


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("[01][0-9]_*.py")))
def test_the_guide_pauses_at_sections_that_exist(name):
    number, text = name[:2], (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    paused = re.findall(rf"^\| {number}, ([^|]+) \|", course.GUIDE.read_text("utf-8"), re.M)
    headings = re.findall(r"^# ###? (.+)$", text, re.M)
    for section in paused:
        if section == "the playground":
            assert "metric_playground" in text
        else:
            assert any(heading.startswith(section) for heading in headings), section
