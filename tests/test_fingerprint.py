"""The fingerprint of code: other code is another result, better words are not."""

import json
import subprocess
import sys

import pytest

from seglib import fingerprint as module
from seglib.files import REPOSITORY
from seglib.fingerprint import fingerprint, needed_modules, without_words

PLAIN = '''"""A."""\nimport os\ndef f(x):\n    """B."""\n    return x + 1\n'''


def test_words_layout_and_imports_do_not_count():
    head = '''"""Module."""\n# why\nimport sys\n'''
    worded = head + '''def f(x):\n    """Doc."""\n    return (x + 1)  # so\n'''
    assert without_words(worded) == without_words(PLAIN)


@pytest.mark.parametrize("change", [("1", "2"), ("+", "-"), ("(x)", "(x=0)"), ("return ", "")])
def test_code_counts(change):
    assert without_words(PLAIN.replace(*change)) != without_words(PLAIN)


@pytest.fixture
def fresh():
    """No answer is remembered, before and after."""
    fingerprint.cache_clear()
    yield
    fingerprint.cache_clear()


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("seglib.training.runs", True),
        ("seglib.models.layers", True),  # imported by what it imports
        ("seglib.recipes.heart", False),  # the recipe itself is part of a run's identity
        ("seglib.plotting.slices", False),
    ],
)
def test_a_result_depends_on_what_its_module_needs(changed, counts, fresh, monkeypatch):
    plain, before = module._source, fingerprint("seglib.training.runs")
    fingerprint.cache_clear()
    monkeypatch.setattr(
        module, "_source", lambda name: plain(name) + "\nNEW = 1\n" * (name == changed)
    )
    assert (fingerprint("seglib.training.runs") != before) == counts


@pytest.mark.slow
def test_all_that_training_imports_is_covered():
    code = (
        "import json, sys, seglib.training.runs\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('seglib.')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    rooms = {name for name in loaded if any(other.startswith(f"{name}.") for other in loaded)}
    assert "seglib.training.callbacks" in loaded
    start = {"seglib.lazy", "seglib.quiet", "seglib.version"}  # of the package, not of training
    assert loaded - rooms - start <= needed_modules("seglib.training.runs")
