"""The first example of the library's page runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seglib.files import REPOSITORY


@pytest.mark.slow
def test_the_first_example_trains_scores_and_saves_a_figure(tmp_path: Path):
    page = (REPOSITORY / "seglib" / "README.md").read_text(encoding="utf-8")
    example = re.search(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert example, "seglib/README.md begins with an example"
    done = subprocess.run(
        [sys.executable, "-c", example[1]],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "SEGLIB_REPORTS_DIR": str(tmp_path / "results"),
            "MPLBACKEND": "Agg",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    dice = re.search(r"^mean +(\d\.\d+)$", done.stdout, re.MULTILINE)
    assert dice and 0.5 < float(dice[1]) <= 1, done.stdout  # it has learnt something
    figure = tmp_path / "results" / "figures" / "first.png"
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert figure.with_suffix(".json").is_file()
