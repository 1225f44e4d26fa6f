"""Predicts with model files, and keeps what came out.

`test_inference` starts it with other versions of Keras than the installed one, which have to
come first on the path: ``python predict_with_models.py OUTPUT.npz MODEL.keras ...``.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from seglib.inference.model_files import load_model
from seglib.inference.prediction import predict
from seglib.inference.sliding_window import patch_of, predict_volume
from seglib.phantoms import heart


def probabilities(path: Path) -> np.ndarray:
    """What the network of a file says about simulated hearts, ``(N, H, W, K)``."""
    model, preprocessing, _ = load_model(path)
    patch = patch_of(model)
    if patch is None:
        return predict(model, heart.make(1, 2, 160).images, preprocessing)
    stack = heart.make(1, patch[0] // 2, 160).images
    return predict_volume(model, stack, preprocessing, patch)


def main(output: str, *models: str) -> None:
    np.savez(output, **{Path(path).stem: probabilities(Path(path)) for path in models})
    print(keras.__version__, keras.__file__)


if __name__ == "__main__":
    main(*sys.argv[1:])
