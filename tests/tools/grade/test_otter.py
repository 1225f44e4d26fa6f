"""The export keeps to the rules by which otter-grader 7 reads a test in its OK format."""

import doctest
import io
import zipfile
from contextlib import redirect_stdout

import pytest

from seglib.lessons.exercises.question_files import questions_of
from tools.grade.otter import main


@pytest.fixture(scope="module")
def tests(tmp_path_factory):
    """What each exported file defines, by its name."""
    path = tmp_path_factory.mktemp("otter") / "autograder.zip"
    assert main(["01", "--output", str(path)]) == 0
    found = {}
    with zipfile.ZipFile(path) as archive:
        assert "otter_config.json" in archive.namelist()
        for name in archive.namelist():
            if name.startswith("tests/"):
                space: dict = {}
                exec(archive.read(name).decode(), space)
                assert space["OK_FORMAT"] is True
                found[name.removeprefix("tests/").removesuffix(".py")] = space["test"]
    return found


def test_there_is_a_test_for_each_question_with_its_points(tests):
    assert list(tests) == [question.name for question in questions_of("01")]
    for question in questions_of("01"):
        test = tests[question.name]
        assert test["name"] == question.name
        (suite,) = test["suites"]  # otter refuses several
        assert suite["type"] == "doctest" and not suite["setup"] and not suite["teardown"]
        (case,) = suite["cases"]
        assert type(case["points"]) in (int, float) and case["points"] == question.points
        assert case["success_message"] and case["failure_message"] and case["hidden"] is False


def passes(test: dict, space: dict) -> tuple[bool, str]:
    """Run a case as otter does: as doctests, in the namespace of the notebook."""
    code = test["suites"][0]["cases"][0]["code"]
    examples = doctest.DocTestParser().parse(code, "x")
    examples = [one for one in examples if isinstance(one, doctest.Example)]
    said = io.StringIO()
    with redirect_stdout(said):
        runner = doctest.DocTestRunner(verbose=True)
        runner.run(doctest.DocTest(examples, space, "x", None, None, code), clear_globs=False)
    return runner.summarize(verbose=False).failed == 0, said.getvalue()


def test_a_right_answer_passes_and_what_fails_shows_the_feedback(tests):
    assert passes(tests["01-normalise"], {"unmoved": "d"})[0]
    passed, said = passes(tests["01-normalise"], {"unmoved": "a"})
    assert not passed and "Dividing by 255 changes the unit alone" in said
    passed, said = passes(tests["01-normalise"], {})
    assert not passed and "01-normalise: not attempted." in said
