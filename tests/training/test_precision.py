"""Which precision a training gets."""

import pytest

from seglib.errors import SeglibError
from seglib.training import precision
from seglib.training.precision import VARIABLE, choose_precision, processor_flags


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def processor(monkeypatch, flags, seconds):
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset(flags))
    monkeypatch.setattr(precision, "_convolution_seconds", seconds.__getitem__)
    precision.bfloat16_is_faster.cache_clear()


FAST, SLOW = {"float32": 2.0, "bfloat16": 1.0}, {"float32": 1.0, "bfloat16": 8.0}


@pytest.mark.parametrize(
    ("flags", "seconds", "filters", "chosen"),
    [
        ({"avx2", "avx512_bf16"}, FAST, 16, "bfloat16"),
        ({"avx2", "avx512_bf16"}, FAST, 8, "float32"),
        ({"avx2", "avx512_bf16"}, SLOW, 16, "float32"),
        ({"avx2"}, FAST, 16, "float32"),
    ],
    ids=["has it", "too few filters", "says it has it", "has it not"],
)
def test_auto_takes_what_this_processor_is_faster_with(
    monkeypatch, flags, seconds, filters, chosen
):
    processor(monkeypatch, flags, seconds)
    assert choose_precision("auto", filters) == chosen
    monkeypatch.setenv(VARIABLE, "auto")
    assert choose_precision(None, filters) == chosen
    precision.bfloat16_is_faster.cache_clear()


def test_without_a_word_it_is_float32_and_the_argument_has_the_last_word(monkeypatch):
    assert choose_precision(None, 32) == "float32"
    monkeypatch.setenv(VARIABLE, "bfloat16")
    assert choose_precision(None, 4) == "bfloat16"
    assert choose_precision("float32", 32) == "float32"


def test_another_word_is_refused_with_the_choices_and_whose_it_is(monkeypatch):
    with pytest.raises(SeglibError, match="precision 'half'; choose from float32, bfloat16, auto"):
        choose_precision("half", 16)
    monkeypatch.setenv(VARIABLE, "double")
    with pytest.raises(SeglibError, match="SEGLIB_PRECISION 'double'; choose from"):
        choose_precision(None, 16)


def test_flags_are_the_first_processors(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16\nprocessor\t: 1\nflags\t\t: sse\n")
    assert processor_flags(file) == {"fpu", "avx512_bf16"}
    file.write_text("Features\t: fp asimd bf16\n")
    assert processor_flags(file) == {"fp", "asimd", "bf16"}
    assert processor_flags(tmp_path / "none") == frozenset()


def test_the_trial_measures_a_convolution():
    assert 0 < precision._convolution_seconds("float32", repeats=1) < 60
