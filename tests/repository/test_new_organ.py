"""A new organ is a few files and one line each in three lists: a toy organ is added so, and used.

It is added to a copy of the code, as CONTRIBUTING.md says, and nothing else of the copy is changed.
"""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from seglib.files import REPOSITORY

FILES = {
    "seglib/datasets/toy.py": '''
"""Toy organ: bright discs."""

from seglib.datasets.locations import require_folder
from seglib.formats import packed


def load(root=None):
    """The discs of the folder ``toy``."""
    return packed.load(require_folder("toy", root) / "discs.npz")
''',
    "seglib/phantoms/toy.py": '''
"""Discs in the layout of the toy organ."""

import numpy as np
import pandas as pd

from seglib.formats import packed
from seglib.slices import SliceSet


def make(patients=6, slices=2, size=32):
    """Discs of several sizes on noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size]
    masks, rows = [], []
    for patient in range(patients):
        for number in range(slices):
            far = np.hypot(y - rng.integers(12, 20), x - rng.integers(12, 20))
            masks.append(far < 5 + number)
            name = f"toy-{patient}"
            rows.append({"case": name, "patient": name, "slice": number, "phase": "",
                         "spacing": np.nan, "pathology": "none", "source": f"{name}-{number}"})
    masks = np.stack(masks)[..., None].astype(np.uint8)
    images = (90 * masks + rng.integers(0, 60, masks.shape)).astype(np.uint8)
    return SliceSet("toy organ", images, masks, pd.DataFrame(rows), ("background", "disc"))


def write(slices, folder):
    """One packed file."""
    packed.save(slices, folder / "discs.npz")
''',
    "seglib/recipes/toy.py": '''
"""The recipe of the toy organ."""

from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe

RECIPES = (
    Recipe(name="toy", filters=4, depth=1, epochs=8, learning_rate=0.01, batch_size=2,
           preprocessing=Preprocessing(size=32, multiple=2)),
)
''',
    "study/questions/toy.py": '''
"""The toy organ: does a network find discs?"""

from seglib.datasets import SOURCES
from seglib.recipes.recipe import get_recipe
from study import organ_tables
from study.experiment import Experiment
from study.jobs import cross_validation
from study.organ_tables import Organ

ORGAN = Organ("toy", "toy organ", {"unet": "U-Net", "faster": "half the epochs"}, "unet")


def jobs(slices):
    """Two networks, two folds each."""
    recipes = {"unet": get_recipe("toy", name="unet"), "faster": get_recipe("toy", name="faster",
                                                                             epochs=4)}
    jobs = cross_validation("toy", recipes, slices)
    return [job for job in jobs if job.fold in ("fold1", "fold2")]


EXPERIMENTS = {"toy": Experiment("toy organ", jobs, SOURCES["toy"].reader().load)}


def tables(folder):
    """What each network reached."""
    organ_tables.save_networks(ORGAN, folder)
''',
}
#: The list of each file, what its last line looks like, and the line that is added before it.
LINES = {
    "seglib/datasets/__init__.py": (
        "    )\n}\n\n\ndef names",
        '        Source("toy", "toy organ", "seglib.datasets.toy", "toy_phantom", '
        '"seglib.phantoms.toy"),\n',
    ),
    "seglib/recipes/recipe.py": (")\n\n\n@functools.cache\ndef all_recipes", ', "toy"'),
    "study/questions/__init__.py": (")\n\n\ndef modules", '    "toy",\n'),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The code with the toy organ, and nothing stored."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("seglib", "study"):
        shutil.copytree(
            REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(REPOSITORY / name, folder)
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")
    for name, (before, line) in LINES.items():
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        (folder / name).write_text(text.replace(before, line + before), encoding="utf-8")
    return folder


def run(copy, *arguments):
    """A command in the copy; what it printed."""
    variables = {"SEGLIB_DATA_DIR": str(copy / "brought"), "SEGLIB_CACHE_DIR": "off"}
    variables |= {"PYTHONPATH": str(copy), "SEGLIB_REPORTS_DIR": str(copy / "local")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_toy_organ_is_loaded_trained_scored_and_reported(copy):
    drawn = """
import seglib
from pathlib import Path
from seglib.phantoms import find_or_simulate
from seglib.datasets import SOURCES
folder = Path("brought/toy")
folder.mkdir(parents=True)
source = SOURCES["toy"]
source.simulator().write(seglib.load("toy_phantom"), folder)
print(seglib.load("toy").name, find_or_simulate("toy") == folder.absolute())
"""
    assert run(copy, "-c", drawn).split("\n")[0] == "toy organ True"
    trained = ["train", "toy", "--dataset", "toy", "--output", "toy.keras", "--no-validation"]
    assert "toy on toy organ: 6 patients" in run(copy, "-m", "seglib", *trained)
    assert (copy / "toy.keras").is_file()
    assert "toy" in run(copy, "-m", "seglib", "recipes")
    assert "[4/4]" in run(copy, "-m", "study", "run", "toy")
    reported = "from pathlib import Path; from study.questions import toy; toy.tables(Path('made'))"
    run(copy, "-c", reported)
    table = pd.read_csv(copy / "made" / "tables" / "toy_networks.csv")
    assert table["variant"].tolist() == ["unet", "faster"]
    assert table["patients"].tolist() == [3, 3] and (table["dice"] > 0.5).any()
