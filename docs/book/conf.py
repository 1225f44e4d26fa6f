"""How Sphinx builds the book from the pages that `tools.book.pages` has gathered."""

import tomllib

from seglib.files import REPOSITORY
from seglib.version import __version__

_about = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Segmenting the heart"
author = _about["authors"][0]["name"]
release = __version__
copyright = f"{author}, texts and figures CC BY 4.0"
language = "en"

extensions = ["myst_nb"]
root_doc = "index"
exclude_patterns = ["_extra/**", "_static/**"]
myst_heading_anchors = 4  # GitHub's names, which the pages' links use

nb_execution_mode = "off"  # shown is what was run: building the book computes nothing
nb_ipywidgets_js = {}  # else every page with a widget would fetch two scripts from elsewhere

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_extra_path = ["_extra"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "repository_url": _about["urls"]["Repository"],
    "use_repository_button": True,
    "use_download_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar, and a phone's bar, have a search of their own
    "show_toc_level": 2,
}
