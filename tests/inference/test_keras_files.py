"""Model files across the versions of Keras."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import predict_with_models
import pytest
from spoilt import replaced, rewrite

from seglib import inference
from seglib.errors import ModelFileError
from seglib.files import REPOSITORY
from seglib.models.networks import ARCHITECTURES, build_model
from seglib.preprocessing.steps import Preprocessing
from study.shipped import SHIPPED

#: The versions of Keras that requirements.txt allows, such as ``>=3.13.2,<3.16``.
ALLOWED = re.search(
    r"^keras(>=([\d.]+),\S+)", (REPOSITORY / "requirements.txt").read_text(encoding="utf-8"), re.M
)


@pytest.fixture(scope="module")
def model():
    return build_model("unet", (None, None, 1), filters=4, depth=2)


@pytest.fixture
def good(model, tmp_path):
    """A model file that can be used, to be spoilt."""
    path = tmp_path / "good.keras"
    inference.save_model(model, path, Preprocessing(size=32, multiple=4), {"data": "phantom"})
    return path


def test_a_file_of_a_newer_keras_that_is_not_understood_says_so(good):
    rewrite(
        good,
        metadata_json=replaced("keras_version", by="3.99.1"),
        config_json=replaced("config", "layers", 1, "config", "invented", by=1),
    )
    with pytest.raises(ModelFileError) as caught:
        inference.load_model(good)
    message = str(caught.value)
    assert "written by Keras 3.99.1" in message
    assert f"installed here is Keras {keras.__version__}" in message
    assert "pip install keras==3.99.1" in message
    assert "'invented'" in message and len(message) < 1000


@pytest.mark.parametrize(
    "metadata", [b"", b"[]", b'{"keras_version": 3}', b'{"keras_version": "x"}']
)
def test_a_file_that_is_not_understood_and_names_no_version_is_refused_plainly(good, metadata):
    rewrite(
        good,
        metadata_json=lambda _: metadata,
        config_json=replaced("config", "layers", 1, "config", "invented", by=1),
    )
    with pytest.raises(ModelFileError, match="not a readable .keras model file"):
        inference.load_model(good)


def entry(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


#: What a Keras of today adds to a network's configuration and the oldest allowed does not know.
YOUNG = ("input_axes", "output_axes", "renorm")


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_a_shipped_model_holds_nothing_that_only_younger_versions_of_keras_know(shipped):
    assert not [word for word in YOUNG if word in entry(shipped.path, "config.json").decode()]


def test_a_saved_model_holds_nothing_that_only_younger_versions_of_keras_know(good):
    config = entry(good, "config.json").decode()
    assert '"HeNormal"' in config and '"BatchNormalization"' in config
    assert not [word for word in YOUNG if word in config]


def test_what_a_younger_version_of_keras_was_told_to_do_is_kept(tmp_path):
    image = keras.Input((8, 8, 1))
    norm = keras.layers.BatchNormalization(name="norm")
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(norm(image)))
    settings = norm.get_config()
    if "renorm" not in settings:
        pytest.skip(f"Keras {keras.__version__} has no batch renormalisation yet")
    norm.renorm, norm.renorm_clipping, norm.renorm_momentum = True, None, 0.5
    path = tmp_path / "m.keras"
    inference.save_model(network, path, Preprocessing(None, multiple=1), {})
    layers = json.loads(entry(path, "config.json"))["config"]["layers"]
    (saved,) = [layer["config"] for layer in layers if layer["name"] == "norm"]
    assert saved["renorm"] is True and saved["renorm_momentum"] == 0.5


@pytest.fixture(scope="module")
def every_network(tmp_path_factory):
    """Model files, and what the installed Keras predicts with each.

    The shipped ones, one of every architecture and normalisation, and some as they were
    before `save_model` left anything out.
    """
    folder = tmp_path_factory.mktemp("networks")
    files = {shipped.path: predict_with_models.probabilities(shipped.path) for shipped in SHIPPED}
    kinds = [(name, "batch") for name in ARCHITECTURES]
    kinds += [("unet", norm) for norm in ("group", "instance", "none")]
    for architecture, norm in kinds:
        network = build_model(architecture, (32, 32, 1), filters=4, depth=2, norm=norm)
        path = folder / f"{architecture}-{norm}.keras"
        inference.save_model(network, path, Preprocessing(size=32, multiple=4), {})
        files[path] = predict_with_models.probabilities(path)
        if architecture == "unet":
            old = folder / f"old-{path.name}"
            network.save(old)
            with zipfile.ZipFile(old, "a") as archive:
                archive.writestr("seglib.json", entry(path, "seglib.json"))
            files[old] = files[path]
    return files


@pytest.fixture(scope="module", params=[f"=={ALLOWED[2]}", ALLOWED[1]], ids=["oldest", "newest"])
def other_keras(request, tmp_path_factory):
    """A folder with another version of Keras alone, for the front of the path."""
    folder = tmp_path_factory.mktemp("keras")
    options = "--no-deps --quiet --disable-pip-version-check --retries 1 --timeout 20".split()
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder)]
    done = subprocess.run([*command, f"keras{request.param}"], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        pytest.skip(f"pip cannot fetch keras{request.param}: {reason}")
    return folder


@pytest.mark.slow
def test_every_allowed_version_of_keras_reads_the_files_and_predicts_the_same(
    other_keras, every_network, tmp_path
):
    (found,) = other_keras.glob("keras-*.dist-info")
    version = found.name.removeprefix("keras-").removesuffix(".dist-info")
    first = os.pathsep.join([str(other_keras), str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [
            sys.executable,
            predict_with_models.__file__,
            str(tmp_path / "out.npz"),
            *map(str, every_network),
        ],
        env={**os.environ, "PYTHONPATH": first, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    used, where = done.stdout.strip().splitlines()[-1].split(" ", 1)
    assert used == version and Path(where).is_relative_to(other_keras)
    there = np.load(tmp_path / "out.npz")
    for path, here in every_network.items():
        masks = inference.to_mask(here)
        np.testing.assert_allclose(there[path.stem], here, atol=1e-5, err_msg=path.stem)
        np.testing.assert_array_equal(inference.to_mask(there[path.stem]), masks, path.stem)
    assert inference.to_mask(there["sunnybrook"]).any()
