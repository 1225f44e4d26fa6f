"""TensorFlow starts without its messages, for whoever imports seglib first."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from seglib.files import REPOSITORY

SPEAKING = "import os\nos.write(2, b'no GPU here\\n')\n"


def imported(folder: Path, tensorflow: str, code: str, **variables: str):
    """Run code where TensorFlow is a stand-in that speaks below Python, as the real one does."""
    (folder / "tensorflow.py").write_text(tensorflow)
    kept = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "PYTHONPATH": os.pathsep.join([str(folder), str(REPOSITORY)]), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_tensorflow_is_imported_silently_once_seglib_is(tmp_path):
    code = "import seglib, sys, tensorflow; print(tensorflow.os, file=sys.stderr)"
    done = imported(tmp_path, SPEAKING, code)
    assert done.returncode == 0
    assert done.stderr.startswith("<module 'os'")  # and not a word before


def test_the_messages_of_a_failed_import_are_shown(tmp_path):
    tensorflow = f"{SPEAKING}raise ImportError('libcuda is broken')\n"
    done = imported(tmp_path, tensorflow, "import seglib, tensorflow")
    assert done.returncode == 1
    assert done.stderr.startswith("no GPU here\n")
    assert "ImportError: libcuda is broken" in done.stderr


def test_the_user_s_log_level_decides(tmp_path):
    code = "import seglib, tensorflow"
    assert "no GPU here" in imported(tmp_path, SPEAKING, code, TF_CPP_MIN_LOG_LEVEL="0").stderr


def test_tensorflow_is_imported_where_there_is_no_error_stream(tmp_path):
    code = "import sys; sys.stderr = None; import seglib, tensorflow; print(tensorflow.os)"
    done = imported(tmp_path, SPEAKING, code)
    assert done.stdout.startswith("<module 'os'")


@pytest.fixture
def kernel_log(tmp_path: Path):
    """What the kernel itself says, beside the outputs of the cells."""
    with (tmp_path / "kernel.log").open("w+") as log:
        yield log


@pytest.mark.slow
def test_a_notebook_shows_no_message_of_tensorflow(monkeypatch, kernel_log):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # a kernel that sees it leaves descriptor 2 alone
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    cells = [
        "import seglib",  # the set-up cell of every notebook does that
        "import keras\nimport numpy as np\n\nfrom seglib.lessons import describe_environment\n\n"
        "describe_environment()",
        "network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)])\n"
        "network.compile('adam', 'mse')\n"
        "network.fit(np.zeros((2, 8, 8, 1)), np.zeros((2, 6, 6, 1)), batch_size=1, verbose=0)\n"
        "network.predict(np.zeros((2, 8, 8, 1)), verbose=0).shape",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3").execute(stderr=kernel_log)
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["stream", "execute_result"]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    kernel_log.seek(0)
    assert "0000 00:00" not in kernel_log.read()
