"""`python -m seglib fetch`: a data set from its public source."""

from __future__ import annotations

from pathlib import Path

from seglib.datasets import download


def fetch(dataset: str, to: Path | None = None) -> None:
    """Download a data set; files that are there with the right checksum are kept.

    Raises:
        DataError: The server cannot be reached, or sends something else.
    """
    print(f"{dataset} is in {download.fetch_sunnybrook(to)}")
