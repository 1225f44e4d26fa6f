"""Whoever reads notebooks 01 to 06 in order meets no term of the glossary before a way to it."""

import re

import pytest

from seglib.files import REPOSITORY
from tools import notebooks

GLOSSARY = REPOSITORY / "docs" / "glossary.md"
COURSE = sorted(notebooks.NOTEBOOKS.glob("0[1-6]_*.py"))
#: Other forms of a term in a text.
FORMS = {
    "Normalisation": "normalis",
    "Holm's correction": "Holm",
    "Leak": "leaks?",
    "Epoch": "epochs?",
    "Batch": "batch(?! norm)|batches",
    "Loss": "loss|losses",
    "Soft Dice": "[*]?soft[*]? dice",
    "Batch normalisation": "batch norm",
    "Jaccard": "jaccard|IoU",
    "Surface Dice": "surface dice",
    "Seed": "seeds?",
    "p-value": "p-values?",
    "Receptive field": "receptive fields?|[*]{2}receptive field",
    "Softmax": "softmax",
    "Cross-validation": "cross-validation|folds",
}
TERMS = re.findall(r"^## (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)


def anchor(term: str) -> str:
    """As pages on GitHub and by Sphinx name the heading."""
    return re.sub(r"[^\w -]", "", term.lower()).replace(" ", "-")


def passages() -> list[str]:
    """The text cells in reading order, without what only announces: openings, links onwards."""
    found = []
    for script in COURSE:
        texts = [c.source for c in notebooks.build(script).cells if c.cell_type == "markdown"]
        found += [re.sub(r"\[(Next|Previous): [^]]*\]", "", text) for text in texts[1:]]
    return found


@pytest.mark.parametrize("term", TERMS)
def test_the_first_use_of_a_term_leads_to_its_explanation(term):
    form = FORMS.get(term, re.escape(term))
    word = re.compile(rf"(?<![\w`.])(?:{form})", re.IGNORECASE)
    using = [text for text in passages() if word.search(text)]
    assert using, f"the course never uses {term}"
    assert f"docs/glossary.md#{anchor(term)})" in using[0], using[0]


def test_every_link_into_the_glossary_finds_its_heading():
    there = {anchor(term) for term in TERMS}
    for script in notebooks.NOTEBOOKS.glob("[0-9]*.py"):
        text = script.read_text(encoding="utf-8")
        assert set(re.findall(r"glossary\.md#([\w-]+)", text)) <= there, script.name
