"""What keeps notebooks in step, grades them and makes the book."""

import study  # noqa: F401  (first: it spares whoever reads a notebook two seconds)
