"""Networks with known answers, pictures, and calls of the command line, for its tests."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
from PIL import Image

from seglib import inference
from seglib.commands.main import main
from seglib.files import REPOSITORY
from seglib.preprocessing.steps import Preprocessing

AFFINE = np.array([[-1.5, 0, 0, 40], [0, 1.25, 0, -30], [0, 0.1, 3, 7], [0, 0, 0, 1.0]])


def save_network(path, outputs, size=None, channels=1, normalisation="255", card=None):
    """Write a network of one layer, whose weights are set by hand, as a model file."""
    image = keras.Input((size, size, channels))
    network = keras.Model(image, outputs(image))
    inference.save_model(network, path, Preprocessing(size, normalisation, 1), card or {})
    return path


def bright_model(path, size=None, channels=1, **options):
    """A network whose mask is: mean of the channels above 100 of 255."""
    layer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    layer.build((None, None, None, channels))
    layer.set_weights([np.full((1, 1, channels, 1), 2550 / channels), np.array([-1000.0])])
    return save_network(path, layer, size, channels, **options)


def picture(path, rows, columns, shape=(32, 48), value=200):
    """A picture with one bright block; returns the mask it should get."""
    pixels = np.zeros(shape, np.uint8)
    pixels[rows, columns] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return (pixels > 100) * np.uint8(255)


def read(path):
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


def predict(source, output, model, *options):
    arguments = ["predict", "--input", str(source), "--output", str(output)]
    return main([*arguments, "--model", str(model), *options])


def evaluate(truth, prediction, output, *options):
    arguments = ["evaluate", "--truth", str(truth), "--prediction", str(prediction)]
    return main([*arguments, "--output", str(output), *options])


def read_scores(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def mask(path, rows, columns, shape=(16, 16)):
    """A mask file with one block inside."""
    picture(path, rows, columns, shape, value=255)


def run(*arguments, **variables):
    """Run Python in the repository, as a user would who has not set TensorFlow's log level."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
