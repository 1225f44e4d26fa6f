"""A lab on a student's desk: predict, flip, see, repair, in that order."""

import numpy as np
import pytest

from seglib.errors import SeglibError
from seglib.lessons.labs.lab import Lab, OpenLab, Outcome, outlined

IMAGE = np.arange(64.0).reshape(8, 8, 1)
MASK = np.zeros((8, 8, 1), np.uint8)
MASK[2:5, 2:5] = 1


def run(broken, hearts, seed):
    """Honest 0.5 and 0.6; the mistake adds 0.2 and 0.3."""
    score = 0.5 + 0.1 * seed + (0.2 + 0.1 * seed if broken else 0)
    return Outcome(score, "phantom", outlined(IMAGE, MASK, MASK))


@pytest.fixture
def opened() -> OpenLab:
    texts = ("Add a fifth", "What does it add?", "as it is", "with a fifth", "Dice")
    lab = Lab("fifth", *texts, run, "Do not add.", "score = score", "Stands for itself.", "here")
    return OpenLab(lab, None, (0, 1))


def test_the_table_holds_both_positions_the_change_and_the_prediction(opened, capsys):
    opened.predict(0.1)
    assert "What does it add?" in capsys.readouterr().out
    table = opened.flip()
    assert list(table.index) == ["as it is", "with a fifth", "broken - honest", "your prediction"]
    assert table.loc["as it is"].tolist() == [0.55, 0.5, 0.6]
    assert table.loc["with a fifth"].tolist() == [0.8, 0.7, 0.9]
    assert table.loc["broken - honest"].tolist() == [0.25, 0.2, 0.3]  # seed by seed
    assert table.loc["your prediction", "mean"] == 0.1
    assert opened.effect() == pytest.approx(0.25)


def test_the_prediction_comes_first(opened):
    with pytest.raises(SeglibError, match="predict first"):
        opened.flip()
    for act in (opened.effect, opened.show_effect, lambda: opened.labels):
        with pytest.raises(SeglibError, match="flip the switch first"):
            act()


@pytest.mark.parametrize("guess", ["much", None, float("nan"), True])
def test_a_prediction_is_a_number(opened, guess):
    with pytest.raises(SeglibError, match="a prediction is a number"):
        opened.predict(guess)
    assert opened.guess is None


def test_a_switch_has_two_positions(opened):
    with pytest.raises(SeglibError, match="no position 'half'; honest and broken"):
        opened.scores("half")


def test_the_figure_shows_a_picture_of_each_and_the_three_numbers(opened):
    opened.predict(-0.1)
    opened.flip()
    fig = opened.show_effect()
    left, right, numbers = fig.axes
    assert (left.get_title(), right.get_title()) == ("as it is", "with a fifth")
    assert [bar.get_width() for bar in numbers.patches] == pytest.approx([0.55, 0.8, 0.45])
    assert [t.get_text() for t in numbers.get_yticklabels()] == ["honest", "broken", "your guess"]
    assert [t.get_text() for t in numbers.texts] == ["0.550", "0.800", "0.450"]
    assert fig.get_figwidth() * 150 <= 800  # readable on a phone
    assert opened.labels == {"dataset": "phantom", "profile": "2 seeds"}


def test_the_repair_is_printed_with_its_code_and_source(opened, capsys):
    opened.repair()
    text = capsys.readouterr().out
    assert "Do not add.\n\nscore = score\n\nStands for itself.\nSource: here" in text
