"""Feedback is text, and HTML without anything that a browser would run."""

from seglib.lessons.exercises.feedback import Feedback, State, Text


def test_as_text():
    assert repr(Feedback("99-a", State.RIGHT, "Well.")) == "99-a: right. Well."
    assert repr(Feedback("99-a", State.NOT_ATTEMPTED)) == "99-a: not attempted."
    assert repr(Text("a\nb")) == "a\nb"


def test_as_html_what_a_student_wrote_is_only_text():
    found = Feedback("99-a", State.WRONG, "<script>\nnot it")._repr_html_()
    assert "<script>" not in found and "&lt;script&gt;<br>not it" in found
    assert "<b>99-a: wrong.</b>" in found


def test_each_state_has_a_colour_of_its_own():
    bars = {Feedback("", state)._repr_html_().split(";")[0] for state in State}
    assert len(bars) == len(State) == 4
