"""What a site may not have, planted one by one."""

import pytest

from tools.book.site_check import faults

WHOLE = """<html><head>
<link rel="stylesheet" href="a.css"><link rel="canonical" href="https://example.org/">
<script src="b.js"></script></head>
<body><a id="here"></a><a href="#here">1</a><a href="sub/">2</a><a href="https://example.org">3</a>
<img src="c.png" alt="a heart"><img src="data:image/png;base64,AA" alt="none"></body></html>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(WHOLE)
    (tmp_path / "sub" / "index.html").write_text('<a href="../index.html#here">back</a>')
    (tmp_path / "a.css").write_text("body { background: url(c.png); }")
    (tmp_path / "b.js").write_text('import "./c.js";')
    (tmp_path / "c.png").touch()
    return tmp_path


def test_a_whole_site_has_none(site):
    assert faults(site) == []


@pytest.mark.parametrize("planted, fault", [
    ('<a href="gone.html">x</a>', "leads nowhere: gone.html"),
    ('<a href="#gone">x</a>', "leads nowhere: #gone"),
    ('<a href="sub/index.html#here">x</a>', "leads nowhere: sub/index.html#here"),
    ('<script src="https://cdn.example.org/x.js"></script>', "comes from elsewhere: https://cdn"),
    ('<script src="//cdn.example.org/x.js"></script>', "comes from elsewhere: //cdn"),
    ('<link rel="stylesheet" href="https://fonts.example.org/a.css">', "comes from elsewhere"),
    ('<link rel="preload" as="font" href="https://fonts.example.org/a.woff2">', "from elsewhere"),
    ('<style>@import "https://fonts.example.org/a.css";</style>', "comes from elsewhere"),
    ('<img src="https://example.org/badge.svg" alt="badge">', "comes from elsewhere"),
    ('<img src="gone.png" alt="x">', "is missing: gone.png"),
    ('<img src="c.png" alt="">', "without alternative text: c.png"),
    ('<img src="c.png">', "without alternative text: c.png"),
])  # fmt: skip
def test_a_planted_fault_is_found(site, planted, fault):
    (site / "index.html").write_text(WHOLE.replace("</body>", f"{planted}</body>"))
    (found,) = faults(site)
    assert found.startswith("index.html: ") and fault in found


@pytest.mark.parametrize("name, text", [
    ("a.css", "@font-face { src: url('https://fonts.example.org/a.woff2'); }"),
    ("b.js", 'const x = await import("https://cdn.example.org/x.js");'),
])  # fmt: skip
def test_styles_and_scripts_are_read_too(site, name, text):
    (site / name).write_text(text)
    (found,) = faults(site)
    assert found.startswith(f"{name}: ") and "elsewhere: https://" in found
