"""Whoever reads notebooks 01 to 06 in order meets no term of the glossary before a way to it.

The later ones can be opened by themselves, so each of them leads to the terms that it uses.
"""

import re
from pathlib import Path

import pytest

from seglib.files import REPOSITORY
from tools import notebooks

GLOSSARY = REPOSITORY / "docs" / "glossary.md"
COURSE = sorted(notebooks.NOTEBOOKS.glob("0[1-6]_*.py"))
LATER = sorted(
    [*notebooks.NOTEBOOKS.glob("0[7-9]_*.py"), *notebooks.NOTEBOOKS.glob("1[0-245]_*.py")]
)
#: A word that means something else there: the folds of a brain.
OTHERWISE = {("08_brain_tissue", "Cross-validation")}
#: Other forms of a term in a text.
FORMS = {
    "Normalisation": "(?<!batch.)(?<!group.)normalis",
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


def passages(script: Path) -> list[str]:
    """The text cells in reading order, without what only announces: openings, links onwards."""
    texts = [c.source for c in notebooks.build(script).cells if c.cell_type == "markdown"]
    return [re.sub(r"\[(Next|Previous): [^]]*\]", "", text) for text in texts[1:]]


def first_use(term: str, texts: list[str]) -> str | None:
    form = FORMS.get(term, re.escape(term))
    word = re.compile(rf"(?<![\w`.])(?:{form})", re.IGNORECASE)
    return next((text for text in texts if word.search(text)), None)


@pytest.mark.parametrize("term", TERMS)
def test_the_first_use_of_a_term_leads_to_its_explanation(term):
    using = first_use(term, [text for script in COURSE for text in passages(script)])
    assert using, f"the course never uses {term}"
    assert f"docs/glossary.md#{anchor(term)})" in using, using


@pytest.mark.parametrize("script", LATER, ids=lambda path: path.stem)
def test_a_later_notebook_leads_to_the_terms_that_it_uses(script):
    texts = [re.sub(r"^#+ .*$", "", text, flags=re.MULTILINE) for text in passages(script)]
    for term in TERMS:
        using = first_use(term, texts)
        if using is not None and (script.stem, term) not in OTHERWISE:
            assert f"docs/glossary.md#{anchor(term)})" in using, (term, using)


def test_every_link_into_the_glossary_finds_its_heading():
    there = {anchor(term) for term in TERMS}
    for script in notebooks.NOTEBOOKS.glob("[0-9]*.py"):
        text = script.read_text(encoding="utf-8")
        assert set(re.findall(r"glossary\.md#([\w-]+)", text)) <= there, script.name
