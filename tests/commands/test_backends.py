"""Which program runs a model file: the export beside it, and only its own."""

import shutil

import keras
import numpy as np
import pytest
from command_line import bright_model, picture, predict, read, save_network

from seglib.commands.backends import load
from seglib.commands.main import main
from seglib.errors import DataError, ModelFileError, SeglibError
from seglib.inference import onnx_network
from seglib.inference.onnx_network import OnnxNetwork

for package in ("onnx", "tf2onnx"):
    pytest.importorskip(package, reason="the packages of pyproject.toml's group onnx are optional")


def export(model):
    return main(["export", "--model", str(model), "--output", str(model.with_suffix(".onnx"))])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model file with its export beside it."""
    folder = tmp_path_factory.mktemp("exported")
    assert export(bright_model(folder / "net.keras", size=16)) == 0
    return folder


@pytest.fixture
def model(exported, tmp_path):
    """A copy of both, to be spoilt."""
    shutil.copytree(exported, tmp_path / "models")
    return tmp_path / "models" / "net.keras"


def dim_model(path):
    """A network of the same shape with the opposite mask."""
    layer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    layer.build((None, None, None, 1))
    layer.set_weights([np.full((1, 1, 1, 1), -2550.0), np.array([1000.0])])
    return save_network(path, layer, size=16)


@pytest.mark.parametrize(
    ("backend", "kind"), [("auto", OnnxNetwork), ("onnx", OnnxNetwork), ("keras", keras.Model)]
)
def test_the_export_beside_a_model_runs_unless_keras_is_asked_for(backend, kind, model):
    (network, _, _), why = load(model, backend)
    assert isinstance(network, kind) and why == ""


def test_every_backend_writes_the_same_masks(model, tmp_path):
    mask = picture(tmp_path / "in" / "a.png", slice(4, 9), slice(6, 9), (16, 16))
    for backend in ("auto", "onnx", "keras"):
        options = ("--backend", backend)
        assert predict(tmp_path / "in", tmp_path / backend, model, *options) == 0
        np.testing.assert_array_equal(read(tmp_path / backend / "a.png"), mask)


def test_a_model_that_was_trained_anew_is_not_mistaken_for_the_exported_one(
    model, tmp_path, capsys
):
    """The old export would give the opposite mask, and fits in every other way."""
    dim_model(model)
    mask = picture(tmp_path / "in" / "a.png", slice(4, 9), slice(6, 9), (16, 16))
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    np.testing.assert_array_equal(read(tmp_path / "out" / "a.png"), 255 - mask)
    beside = model.with_suffix(".onnx")
    says = f"{beside} was not written from {model} as it is now; write it with: "
    assert f"note: Keras runs, for {says}" in capsys.readouterr().out
    assert predict(tmp_path / "in", tmp_path / "none", model, "--backend", "onnx") == 1
    assert f"error: {says}" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert export(model) == 0  # as the message says
    assert isinstance(load(model)[0][0], OnnxNetwork)


def test_an_export_that_does_not_say_where_it_comes_from_is_not_used(model):
    import onnx

    beside = model.with_suffix(".onnx")
    file = onnx.load(beside)
    kept = [entry for entry in file.metadata_props if entry.key == onnx_network.ENTRY]
    del file.metadata_props[:]
    file.metadata_props.extend(kept)
    onnx.save(file, beside)
    (network, _, _), why = load(model)
    assert isinstance(network, keras.Model) and "was not written from" in why
    assert isinstance(load(beside)[0][0], OnnxNetwork)  # by its own name as ever


def test_a_damaged_export_leaves_the_model_to_keras(model):
    model.with_suffix(".onnx").write_bytes(b"no network")
    (network, _, _), why = load(model)
    assert isinstance(network, keras.Model) and "not a readable .onnx model file" in why
    with pytest.raises(ModelFileError, match="not a readable"):
        load(model, "onnx")


def test_without_onnx_runtime_keras_runs_and_says_so(model, monkeypatch):
    monkeypatch.setattr(onnx_network.importlib.util, "find_spec", lambda name: None)
    (network, _, _), why = load(model)
    assert isinstance(network, keras.Model) and "need onnxruntime, not installed here" in why
    with pytest.raises(SeglibError, match="need onnxruntime"):
        load(model, "onnx")


def test_a_model_without_an_export_is_for_keras_alone(model):
    model.with_suffix(".onnx").unlink()
    (network, _, _), why = load(model)
    assert isinstance(network, keras.Model) and why == ""
    with pytest.raises(ModelFileError, match=r"there is no .*net\.onnx; write it with: .* export"):
        load(model, "onnx")


def test_an_onnx_file_is_for_onnx_runtime_alone(exported):
    assert isinstance(load(exported / "net.onnx", "onnx")[0][0], OnnxNetwork)
    with pytest.raises(DataError, match=r"net\.onnx is for ONNX Runtime; name a \.keras file"):
        load(exported / "net.onnx", "keras")
    with pytest.raises(ModelFileError, match="no model file"):
        load(exported / "other.keras", "onnx")
