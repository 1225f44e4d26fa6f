"""Export to ONNX: what it refuses, and that it spoils nothing."""

import keras
import pytest
from command_line import bright_model, run

from seglib.__main__ import main
from seglib.errors import SeglibError
from seglib.inference.onnx_export import export_onnx
from seglib.inference.onnx_network import require
from seglib.models.networks import build_model
from seglib.preprocessing.steps import Preprocessing

REASON = "the packages of pyproject.toml's group onnx are optional"


onnx = pytest.importorskip("onnx", reason=REASON)


def export(model, output):
    return main(["export", "--model", str(model), "--output", str(output)])


def test_a_network_that_onnx_has_no_form_for_leaves_the_old_file(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    anywhere = build_model("unet", (None, None, 1), filters=4, depth=2)
    with pytest.raises(SeglibError, match=r"unet takes images of sides \(None, None\); for an"):
        export_onnx(anywhere, path, Preprocessing(None), {})
    policy = keras.DTypePolicy("mixed_bfloat16")
    image = keras.Input((8, 8, 1))
    narrow = keras.Model(image, keras.layers.Conv2D(1, 1, dtype=policy)(image), name="narrow")
    with pytest.raises(SeglibError, match="narrow computes in bfloat16; for an"):
        export_onnx(narrow, path, Preprocessing(None), {})
    inverse = keras.layers.Lambda(keras.ops.erfinv, output_shape=(8, 8, 1))
    strange = keras.Model(image, inverse(image), name="strange")
    with pytest.raises(SeglibError, match="strange cannot be written as an ONNX file"):
        export_onnx(strange, path, Preprocessing(None), {})
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_what_export_refuses(tmp_path, capsys):
    assert export(tmp_path / "a.onnx", tmp_path / "b.onnx") == 1
    assert "is an ONNX file already" in capsys.readouterr().err
    assert export(tmp_path / "a.keras", tmp_path / "b.tflite") == 1
    assert "expected a file that ends in .onnx" in capsys.readouterr().err
    with pytest.raises(SeglibError, match=r'no_such_package, not .* pip install -e "\.\[onnx\]"'):
        require("onnx", "no_such_package")


def test_export_never_writes_onto_its_model_or_to_nowhere(tmp_path, capsys):
    model = bright_model(tmp_path / "net.keras", size=16)
    (tmp_path / "net.onnx").mkdir()
    before = model.read_bytes()
    for output, message in (
        ("net.keras", "expected a file that ends in .onnx"),
        ("net.onnx", "expected a file that ends in .onnx"),
        ("net.keras/net.onnx", "lies in"),
        ("x" * 300 + ".onnx", "name another place with --output"),
    ):
        assert export(model, tmp_path / output) == 1
        assert message in capsys.readouterr().err
    assert model.read_bytes() == before and len(list(tmp_path.rglob("*"))) == 2


def test_export_of_a_model_for_all_sizes_names_the_way_on_the_command_line(tmp_path, capsys):
    assert export(bright_model(tmp_path / "net.keras"), tmp_path / "net.onnx") == 1
    error = capsys.readouterr().err
    assert "train it in float32 and with a --crop above 0" in error and "set_weights" not in error


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_is_told_the_way(backend, tmp_path):
    pytest.importorskip(backend, reason=f"Keras cannot run on {backend}: it is not installed")
    bright_model(tmp_path / "bright.keras")
    paths = ["--model", f"{tmp_path}/bright.keras", "--output", f"{tmp_path}/bright.onnx"]
    result = run("-m", "seglib", "export", *paths, KERAS_BACKEND=backend)
    assert result.returncode == 1
    assert f"here it runs on {backend}" in result.stderr
    assert "KERAS_BACKEND=tensorflow python -m seglib export" in result.stderr
