"""Labs are opened by name."""

import ast

import pytest
from lab_bands import BANDS

import seglib
from seglib import lessons
from seglib.errors import SeglibError


def test_a_lab_is_opened_by_its_name(phantom_set):
    opened = lessons.lab("leak_the_patients", phantom_set, seeds=[4])
    assert opened.lab is lessons.LABS["leak_the_patients"]
    assert (opened.hearts, opened.seeds) == (phantom_set, (4,))


def test_a_wrong_name_is_refused_with_the_right_ones(phantom_set):
    with pytest.raises(SeglibError, match="no lab 'leek'; choose from leak_the_patients, keep"):
        lessons.lab("leek", phantom_set)


def test_a_lab_needs_a_seed(phantom_set):
    with pytest.raises(SeglibError, match="at least one seed"):
        lessons.lab("leak_the_patients", phantom_set, seeds=[])


def test_every_lab_says_all_that_a_student_needs():
    for lab in lessons.LABS.values():
        for text in (lab.title, lab.question, lab.measure, lab.repair, lab.code, lab.stands_for):
            assert text.strip()
        assert lab.question.endswith("?")
        assert lab.honest != lab.broken
        assert max(len(lab.honest), len(lab.broken)) <= 25  # they stand above half a figure


def test_there_are_twelve_and_each_has_a_band():
    assert len(lessons.LABS) == 12
    assert set(BANDS) == set(lessons.LABS)
    assert not [name for name, (_, (least, most)) in BANDS.items() if least <= 0 <= most]


@pytest.mark.slow
@pytest.mark.parametrize("lab", lessons.LABS.values(), ids=lambda lab: lab.name)
def test_the_code_of_a_repair_names_what_there_is(lab):
    tree = ast.parse(lab.code)
    named = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    of_seglib = [name for name in named if name.startswith("seglib.")]
    assert of_seglib
    for name in of_seglib:
        found = seglib
        for part in name.split(".")[1:]:
            found = getattr(found, part)
