"""`export`: what it refuses, and a file that predict takes."""

import numpy as np
import pytest
from command_line import bright_model, picture, predict, read

from seglib.commands.main import main


def export(model, output):
    return main(["export", "--model", str(model), "--output", str(output)])


@pytest.mark.parametrize(
    ("model", "output", "message"),
    [
        ("a.onnx", "b.onnx", "is an ONNX file already"),
        ("a.keras", "b.keras", "expected a file that ends in .onnx"),
        ("a.keras", "b.onnx", "no model file"),
    ],
)
def test_export_says_what_does_not_fit(model, output, message, tmp_path, capsys):
    assert export(tmp_path / model, tmp_path / output) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_export_writes_a_file_that_predict_takes(tmp_path, capsys):
    for package in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(package, reason="the packages of the group onnx are optional")
    bright_model(tmp_path / "m.keras", size=16)
    assert export(tmp_path / "m.keras", tmp_path / "m.onnx") == 0
    printed = capsys.readouterr().out
    assert f"use it with predict --model {tmp_path / 'm.onnx'}" in printed and "MiB" in printed
    mask = picture(tmp_path / "in" / "a.png", slice(4, 9), slice(6, 9), (16, 16))
    assert predict(tmp_path / "in", tmp_path / "out", tmp_path / "m.onnx") == 0
    np.testing.assert_array_equal(read(tmp_path / "out" / "a.png"), mask)
