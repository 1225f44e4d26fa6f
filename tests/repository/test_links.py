"""Every link leads somewhere: within the repository to a file and a heading, out of it by https.

Nothing is fetched, so that a site which is down fails no test; what is looked at is the form.
"""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from seglib.files import REPOSITORY
from study.notebook_files import HOME

PLACES = ("", "docs/", "data/", "seglib/", "reports/", "reports/*/", "notebooks/*/")
DOCUMENTS = sorted(page for place in PLACES for page in REPOSITORY.glob(f"{place}*.md"))
#: The halves that people edit; `tools.notebooks check` holds the other halves to them.
NOTEBOOKS = sorted(REPOSITORY.glob("notebooks/**/[0-9]*.py"))
PAGES = DOCUMENTS + [script for script in NOTEBOOKS if script.parent.name != "questions"]
CODE = [path for top in ("seglib", "study", "tools", "benchmarks") for path in
        sorted((REPOSITORY / top).rglob("*.py"))]  # fmt: skip

LINK = re.compile(r"\]\(([^)\s]+)\)|\b(?:href|src)=\"([^\"]+)\"")
ADDRESS = re.compile(r"https?://[^\s\"'`<>\])]*(?:\([^\s)]*\)[^\s\"'`<>\])]*)*")
DOI = re.compile(r"10\.\d{4,9}/\S*[\w)>]")
#: Sites that are not known to answer by https.
HTTP_ALONE = {"medicaldecathlon.com"}


def name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


@cache
def text_of(page: Path) -> str:
    """What a reader sees of a page, or of a notebook's text cells; code is left out."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".py":
        cells = [cell for cell in re.split(r"^# %%", text, flags=re.M)[1:] if "[markdown]" in cell]
        text = "\n".join(re.sub(r"^# ?", "", cell, flags=re.M) for cell in cells)
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.sub(r"(`+)[^`]+\1", lambda code: code[0].replace("](", "] ("), text)


def links(page: Path) -> list[str]:
    return ["".join(found) for found in LINK.findall(text_of(page))]


@cache
def anchors(page: Path) -> set[str]:
    """The places within a page or a notebook that a link can name, as GitHub calls them."""
    page = page.with_suffix(".py") if page.suffix == ".ipynb" else page
    headings = re.findall(r"^#+ (.+)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_nowhere(link: str, page: Path) -> bool:
    target, _, anchor = link.partition("#")
    there = page.parent / unquote(target) if target else page
    return not there.exists() or bool(anchor and anchor not in anchors(there))


def fault(address: str) -> str | None:
    """What is wrong with the form of an address, or None."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in HTTP_ALONE:
        return "not https"
    if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", parts.hostname or ""):
        return "no name of a site"
    if parts.hostname == "dx.doi.org" or parts.hostname == "www.doi.org":
        return "write https://doi.org/"
    if parts.hostname == "doi.org" and not DOI.fullmatch(unquote(parts.path[1:])):
        return "no DOI"
    if parts.hostname == "arxiv.org" and not re.fullmatch(r"/abs/\d{4}\.\d{4,5}", parts.path):
        return "no number of an arXiv paper"
    own = re.match(r"(?:/github)?/[\w.-]+/[\w.-]+/(?:blob|tree)/main/(.+)", parts.path)
    if own and HOME.removeprefix("https://github.com") in parts.path:
        return None if (REPOSITORY / own[1]).exists() else "not a file of this repository"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_within_the_repository_leads_to_a_file_and_a_heading(page):
    inner = [link for link in links(page) if "://" not in link]
    assert [link for link in inner if leads_nowhere(link, page)] == []


def addresses(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    if page in CODE:  # an address may be put together from parts, or stand in a pattern
        text = re.sub(r"\{[^}\s]*\}", "x", text).replace("\\.", ".")
    return [address.rstrip(".,;:*") for address in ADDRESS.findall(text)]


def test_every_address_is_well_formed():
    found = {(name(page), one) for page in [*PAGES, *CODE] for one in addresses(page)}
    wrong = [(place, one, fault(one)) for place, one in sorted(found)]
    assert [one for one in wrong if one[2]] == []
    assert len({one for _, one in found}) > 50  # the pattern still finds them


def test_every_doi_has_the_form_of_one():
    found = [
        (name(page), doi)
        for page in [*PAGES, *CODE]
        for doi in re.findall(r"\bdoi:\s*(\S+)", page.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert [one for one in found if not DOI.match(one[1])] == []
    assert found


def test_a_heading_is_named_as_github_names_it(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Why 0.80 was not 0.80\n\n## Learn: the notebooks\n", encoding="utf-8")
    assert anchors(page) == {"why-080-was-not-080", "learn-the-notebooks"}


def test_a_notebook_has_the_headings_of_its_text_and_no_others(tmp_path):
    script = "# %% [markdown]\n# ## A `b`\n#\n# [x](y.md)\n\n# %%\n# # not one\nf[0](1)\n"
    (tmp_path / "a.py").write_text(script, encoding="utf-8")
    (tmp_path / "a.ipynb").touch()
    assert anchors(tmp_path / "a.ipynb") == {"a-b"}
    assert links(tmp_path / "a.py") == ["y.md"]
    assert leads_nowhere("a.ipynb#b", tmp_path / "z.md")
    assert not leads_nowhere("a.ipynb#a-b", tmp_path / "z.md")
    assert leads_nowhere("b.ipynb", tmp_path / "z.md")


@pytest.mark.parametrize(("address", "what"), [
    ("https://doi.org/10.1016/S0140-6736(86)90837-8", None),
    ("https://doi.org/10.1016/S0140-6736%2886%2990837-8", None),
    ("https://doi.org/10.2196/26151", None),
    ("https://doi.org/10.12/26151", "no DOI"),
    ("https://doi.org/doi:10.2196/26151", "no DOI"),
    ("https://dx.doi.org/10.2196/26151", "write https://doi.org/"),
    ("http://doi.org/10.2196/26151", "not https"),
    ("https://arxiv.org/abs/1604.00494", None),
    ("https://arxiv.org/pdf/1604.00494", "no number of an arXiv paper"),
    ("https://github", "no name of a site"),
    (f"{HOME}/blob/main/README.md", None),
    (f"{HOME}/blob/main/GONE.md", "not a file of this repository"),
])  # fmt: skip
def test_the_form_of_an_address_is_judged(address, what):
    assert fault(address) == what
