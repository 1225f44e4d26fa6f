"""More than sixty mutilated notebooks: all are graded rightly or reported, and none stops another.

Each stands with the state that its three answers must have (Right, Wrong, Not attempted, Could not
be checked) and a text that its notes or its feedback must hold.
"""

import json
import random

import pytest
from toy_exercise import CELLS, GIVEN, IMPORTS, MEAN, QUESTIONS, TOTAL, check, notebook

from seglib.lessons.exercises.questions import State
from tools.grade.confine import Limits, landlock
from tools.grade.marks import Grader, grade_folder
from tools.grade.submission import Submission

LIMITS = Limits(seconds=30, cell_seconds=1, memory_mb=1024, file_mb=8)
LETTERS = {"R": State.RIGHT, "W": State.WRONG, "N": State.NOT_ATTEMPTED, "C": State.NOT_CHECKED}
BLANK_MEAN = "def mean(values):\n    return ...  # write your answer here"
FORGED = """
class Forged:
    def check(self, answer): return "99-total: right."
class lessons:
    def question(name): return Forged()
"""
PATCHED = """
import seglib.lessons.exercises.answers as answers, seglib.lessons.exercises.questions as questions
questions.Question.check = questions.ValueQuestion._judge = lambda *_: questions.State.RIGHT
answers.same = lambda *_: True
"""
EQUAL_TO_ALL = """
class Equal:
    def __eq__(self, other): return True
    def __array__(self, *_): return self
total = Equal()
"""
EQUAL_NUMBER = """
class Equal(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
total = Equal(41)
"""
PICKLE = """
class Bomb:
    def __reduce__(self): return exec, ("open('bomb', 'w')",)
total = Bomb()
"""
INTO_THE_CHANNEL = """
import os, socket, stat
for number in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            os.write(number, {})
    except OSError:
        pass
"""
CALLABLE = """
class Mean:
    def __call__(self, values): return np.mean(values)
mean = Mean()
"""
CLAIM = b'{"done": true, "errors": {}}\n{"kinds": ["value"]}\n{"state": "right", "points": 99}\n'
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(999,)).start()"
DELETE = "import shutil\nshutil.rmtree(r'{folder}', ignore_errors=True)"
CALLS = "display(numbers)\nget_ipython().run_line_magic('x', '')"
FORK_AND_STAY = "import os, time\nif os.fork() == 0:\n    time.sleep(1000)"


def wrong(*more: str) -> list[str]:
    """A submission with a wrong total and nothing else, after other cells."""
    return [IMPORTS, *more, "total = 41", check("99-total", "total")]


def with_cell(*source: str, at: int = 2) -> list[str]:
    return [*CELLS[:at], *source, *CELLS[at:]]


def instead_of(old: str, *new: str) -> list[str]:
    at = CELLS.index(old)
    return [*CELLS[:at], *new, *CELLS[at + 1 :]]


def raw(change) -> bytes:
    made = notebook(CELLS)
    return json.dumps(change(made) or made).encode()


def pasted(made):
    made["cells"] = notebook(wrong())["cells"]
    text = "99-total: right. 99-mean: right. 99-letter: right."
    made["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]


def as_text(made):
    made["cells"][4]["cell_type"] = "markdown"


def without_ids(made):
    for cell in made["cells"]:
        del cell["id"], cell["metadata"]


def old_format(made):
    cells = [{"cell_type": "code", "input": [cell["source"]]} for cell in made["cells"]]
    return {"nbformat": 3, "worksheets": [{"cells": cells}]}


def in_lines(made):
    for cell in made["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)


CASES = {
    "as it should be": (CELLS, "RRR", ""),
    "all copied": (CELLS * 2, "RRR", ""),
    "each cell copied": ([cell for cell in CELLS for _ in range(2)], "RRR", ""),
    "blank copied after": ([*CELLS, "total = ...", BLANK_MEAN], "RRR", ""),
    "blanks": ([IMPORTS, "total: int = ...", BLANK_MEAN, "letter: str = ..."], "NNN", ""),
    "reversed": (CELLS[::-1], "RRR", ""),
    "shuffled": (random.Random(0).sample(CELLS, len(CELLS)), "RRR", ""),
    "one cell for all": (["\n".join(CELLS)], "RRR", ""),
    "no checks": ([cell for cell in CELLS if "check" not in cell], "RRR", ""),
    "no imports": (CELLS[1:], "RRR", "name 'lessons' is not defined"),
    "no given numbers": (instead_of(GIVEN), "WRR", "should give `total`, failed: NameError"),
    "no total": (instead_of(TOTAL), "NRR", "There is no `total` in the notebook."),
    "no mean": (instead_of(MEAN), "RNR", "There is no `mean`"),
    "no cells": ([], "NNN", ""),
    "empty cells": (with_cell("", "   \n", "# nothing"), "RRR", ""),
    "function split": (instead_of(MEAN, *MEAN.split("\n")), "RWR", "`mean`, failed: Indentation"),
    "sum split": (instead_of(TOTAL, "total = 0", "total += sum(numbers)"), "RRR", ""),
    "answer renamed": (instead_of(TOTAL, "result = sum(numbers)"), "NRR", "no `total`"),
    "question renamed": ([cell.replace("99-total", "99-other") for cell in CELLS], "RRR", ""),
    "twice, then wrong": ([*CELLS, "total = 41"], "WRR", "You forgot one."),
    "twice, then right": (["total = 41", *CELLS], "RRR", ""),
    "a lambda": (instead_of(MEAN, "mean = lambda v: np.mean(v)"), "RRR", ""),
    "a callable": (instead_of(MEAN, CALLABLE), "RRR", ""),
    "no return": (instead_of(MEAN, MEAN.replace("return ", "")), "RWR", "is its `return` missing?"),
    "typical mistake": (instead_of(MEAN, "mean = sum"), "RWR", "You did not divide."),
    "shown inputs learnt": (instead_of(MEAN, "mean = lambda v: 3.0"), "RWR", "that is not shown"),
    "function raises": (instead_of(MEAN, "mean = lambda v: 1 / 0"), "RWR", "ZeroDivisionError"),
    "endless cell": (with_cell("while True: pass"), "RRR", "cell 3 was left out: it did not end"),
    "endless answer": (instead_of(TOTAL, f"while True: pass\n{TOTAL}"), "WRR", "did not end"),
    "endless function": (instead_of(MEAN, "def mean(v):\n    while True: pass"), "RWR",
                         "did not end within 1 s"),
    "os._exit": (with_cell("import os\nos._exit(0)"), "RRR", "it ended its process"),
    "os._exit before all": (["import os\nos._exit(0)", *CELLS], "RRR", "it ended its process"),
    "os._exit in a function": (instead_of(MEAN, "import os", "mean = lambda v: os._exit(0)"), "RWR",
                               "it ended its process"),
    "too many exits": (["import os\nos._exit(0)"] * 7, "CCC", "More than 5 cells end"),
    "sys.exit": (with_cell("import sys\nsys.exit()"), "RRR", "SystemExit"),
    "interrupted": (with_cell("raise KeyboardInterrupt"), "RRR", "KeyboardInterrupt"),
    "killed": (with_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), "RRR", ""),
    "crash": (with_cell("import ctypes\nctypes.string_at(0)"), "RRR", "it ended its process"),
    "forged check": (wrong(FORGED), "WNN", "You forgot one."),
    "library patched": (wrong(PATCHED), "WNN", "You forgot one."),
    "equal to all": ([IMPORTS, EQUAL_TO_ALL], "WNN", "cannot be used"),
    "number equal to all": ([IMPORTS, EQUAL_NUMBER], "WNN", "You forgot one."),
    "pickle bomb": ([IMPORTS, PICKLE], "WNN", "a Bomb was found"),
    "output pasted in": (raw(pasted), "WNN", "You forgot one."),
    "claims in the channel": (wrong(INTO_THE_CHANNEL.format(CLAIM)), "WNN", "it gave nothing"),
    "junk in the channel": (with_cell(INTO_THE_CHANNEL.format(b"junk\n")), "RRR",
                            "it gave what cannot be read"),
    "all files closed": (with_cell("import os\nos.closerange(0, 999)"), "RRR", "ended its process"),
    "builtins broken": (with_cell("import builtins\nbuiltins.isinstance = builtins.len = None"),
                        "RRR", "cell 3 was left out"),
    "modules gone": (with_cell("import sys\nsys.modules.clear()\nsys.path.clear()"), "RRR", ""),
    "syntax error": (with_cell("for"), "RRR", "SyntaxError"),
    "syntax error in an answer": (instead_of(TOTAL, "total = = 3"), "WRR", "failed: SyntaxError"),
    "null byte": (with_cell("x = '\0'"), "RRR", "null bytes"),
    "half a character": (with_cell("x = '\ud800'"), "RRR", "surrogates not allowed"),
    "2 GB": (with_cell("big = bytearray(2 << 30)"), "RRR", "cell 3: MemoryError"),
    "2 GB of ones": (with_cell("big = np.ones(1 << 28)"), "RRR", "Unable to allocate"),
    "40 MB answer": (instead_of(MEAN, "mean = lambda v: 'x' * (40 << 20)"), "RWR",
                      "gave more than can be read"),
    "huge file": (with_cell("open('big', 'wb').write(bytes(16 << 20))"), "RRR", "File too large"),
    "huge output": (with_cell("for _ in range(2000): print('x' * 50_000)"), "RRR", ""),
    "recursion": (with_cell("def f(): f()\nf()"), "RRR", "RecursionError"),
    "magics": (["%matplotlib inline", *with_cell("!pip list\nnumbers?\n?sum", "%%time\nx = 3")],
               "RRR", ""),
    "another language": (with_cell("%%bash\nrm -rf *"), "RRR", "in another language: %%bash"),
    "kernel calls": (with_cell(CALLS), "RRR", ""),
    "await": (with_cell("await x"), "RRR", "SyntaxError"),
    "input": (with_cell("input('your name?')"), "RRR", "EOFError"),
    "fork": (with_cell("import os\nos.fork()"), "RRR", ""),
    "fork and stay": (with_cell(FORK_AND_STAY), "RRR", ""),
    "thread stays": (with_cell(THREAD), "RRR", ""),
    "folder deleted": (with_cell("import os, shutil\nshutil.rmtree(os.getcwd())"), "RRR", ""),
    "submissions deleted": (DELETE, "RRR", ""),
    "folder left": (with_cell("import os\nos.chdir('/')"), "RRR", ""),
    "one as text": (raw(as_text), "RNR", "There is no `mean`"),
    "no metadata": (raw(without_ids), "RRR", ""),
    "source in lines": (raw(in_lines), "RRR", ""),
    "notebook of 2012": (raw(old_format), "RRR", ""),
    "byte-order mark": (b"\xef\xbb\xbf" + raw(lambda made: None), "RRR", ""),
    "kernel of R": (raw(lambda made: {**notebook(["x <- c(1, 2)"]), "metadata": {
        "kernelspec": {"name": "ir", "language": "R"}}}), "NNN", "its kernel is ir, not Python"),
    "another exercise": ([IMPORTS, "x = 1", check("98-x", "x")], "NNN", "another exercise"),
    "empty file": (b"", "CCC", "The file is empty."),
    "no JSON": (b"%PDF-1.4", "CCC", "The file is no notebook"),
    "no text": (b"\xff\xfe\x00", "CCC", "cannot be read"),
    "cut in half": (raw(lambda made: None)[:200], "CCC", "The file is no notebook"),
    "a list": (b"[1, 2]", "CCC", "The file is no notebook"),
    "no notebook": (b'{"cells": [3]}', "CCC", "The file is no notebook"),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """All of them in one folder, graded together: the marks by name, and the folder."""
    folder = tmp_path_factory.mktemp("submissions")
    for name, (what, _, _) in CASES.items():
        if isinstance(what, str):
            what = with_cell(what.format(folder=folder))
        data = what if isinstance(what, bytes) else json.dumps(notebook(what)).encode()
        (folder / f"{name}.ipynb").write_bytes(data)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "old.ipynb").write_text("{}")
    (folder / "folder.ipynb").mkdir()
    marks = grade_folder(folder, Grader(QUESTIONS, LIMITS, seed=7, closed=[folder]), workers=2)
    return {mark.submission.removesuffix(".ipynb"): mark for mark in marks}, folder


@pytest.mark.slow
def test_every_submission_is_graded_and_only_they(graded):
    assert len(CASES) > 60
    assert list(graded[0]) == sorted(CASES, key=lambda name: f"{name}.ipynb")


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_mutilated_notebook_is_graded_rightly_or_reported(graded, name):
    mark = graded[0][name]
    _, states, text = CASES[name]
    found = [mark.feedback[question.name] for question in QUESTIONS]
    for letter, feedback in zip(states, found, strict=True):
        assert feedback.state is LETTERS[letter], (found, mark.notes)
    assert text in "\n".join([*mark.notes, *(feedback.message for feedback in found)])


@pytest.mark.slow
def test_what_one_deletes_is_still_there(graded):
    if landlock() < 1:
        pytest.skip("this system has no Landlock, so a submission may write files")
    assert sorted(path.stem for path in graded[1].glob("*.ipynb") if path.is_file()) == sorted(
        CASES
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["os._exit", "endless function", "fork", "2 GB", "input"])
def test_they_are_graded_so_without_namespaces_too(monkeypatch, name):
    monkeypatch.setattr("tools.grade.session.namespaces", lambda: ())
    cells, states, text = CASES[name]
    mark = Grader(QUESTIONS, LIMITS, seed=7).grade(name, Submission(cells))
    found = [mark.feedback[question.name] for question in QUESTIONS]
    assert [feedback.state for feedback in found] == [LETTERS[letter] for letter in states]
    assert text in "\n".join([*mark.notes, *(feedback.message for feedback in found)])
    assert mark.fences[0] == "network refused in Python only"
