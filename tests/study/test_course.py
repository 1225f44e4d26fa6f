"""The instructor's guide: its table adds up, and what it names is there."""

import re

import pytest

from study import course
from study.notebook_files import NOTEBOOKS


def test_a_session_adds_up_its_notebooks_and_questions(tmp_path, monkeypatch):
    sessions = tmp_path / "slides.toml"
    sessions.write_text(
        '[[session]]\ntitle = "Both"\n[session.notebooks]\n'
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
    assert cells == ["1", "Both", "01, 11", "10", "1.2", "10", "145", "22"]


def test_words_are_those_a_reader_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path)
    (tmp_path / "a.py").write_text(
        "# %% [markdown]\n# # Two words\n#\n# [see the page](https://example.org/far/away) 12\n"
        "\n# %%\nnot = 'a text'\n\n# %% [markdown]\n# one-half more\n"
    )
    assert course.words("a") == len("Two words see the page one half more".split())


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("[01][0-9]_*.py")))
def test_the_guide_pauses_at_sections_that_exist(name):
    number, text = name[:2], (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    paused = re.findall(rf"^\| {number}, ([^|]+) \|", course.GUIDE.read_text("utf-8"), re.M)
    headings = re.findall(r"^# ## (.+)$", text, re.M)
    for section in paused:
        if section == "the playground":
            assert "metric_playground" in text
        else:
            assert any(heading.startswith(section) for heading in headings), section
