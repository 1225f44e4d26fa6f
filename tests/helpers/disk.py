"""A disk that is nearly full."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def small_files(limit: int = 8192) -> Iterator[None]:
    """No file grows beyond so many bytes, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource", reason="this system limits no file's size")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
