"""From a prepared volume to probabilities: 12 slices of 128x128, what the committed network takes.

One portion of work is one volume, so a rate is also a latency: 12 slices over slices a second.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.contender import Benchmark, Contender, Ready
from seglib.files import REPOSITORY

MODEL = REPOSITORY / "reports" / "models" / "sunnybrook.keras"
SLICES, SIDE = 12, 128


def _hearts() -> np.ndarray:
    """Simulated pictures ``(12, 256, 256, 1)`` as they are stored."""
    from seglib.phantoms import heart

    return heart.make(patients=2, slices=3, size=256).images[:SLICES]


def _prepared(preprocessing) -> np.ndarray:
    return preprocessing.images(_hearts())


def _ready(forward, probabilities: np.ndarray | None = None) -> Ready:
    """A contender from a function that predicts the volume; says how far its masks are off.

    Args:
        forward: Predicts the volume and returns an array.
        probabilities: What Keras gives; None where the weights are others.
    """
    facts = {}
    found = forward()
    if probabilities is not None:
        a, b = np.asarray(found) >= 0.5, probabilities >= 0.5
        facts["dice_with_keras"] = float(2 * (a & b).sum() / (a.sum() + b.sum()))

    def work() -> int:
        forward()
        return SLICES

    return Ready(work, facts)


def _keras(way: str) -> Ready:
    import tensorflow as tf

    from seglib.inference.model_files import load_model

    model, preprocessing, _ = load_model(MODEL)
    batch = _prepared(preprocessing)
    expected = model.predict_on_batch(batch)
    if way == "predict":
        return _ready(lambda: model.predict(batch, verbose=0), expected)
    if way == "predict_on_batch":
        return _ready(lambda: model.predict_on_batch(batch), expected)
    if way == "call":
        return _ready(lambda: model(batch, training=False).numpy(), expected)
    call = tf.function(lambda x: model(x, training=False), jit_compile=way == "xla")
    return _ready(lambda: call(batch).numpy(), expected)


def seglib_predict() -> Ready:
    """`seglib.inference.predict`: from the stored pictures to probabilities on their grid."""
    from seglib.inference.model_files import load_model
    from seglib.inference.prediction import predict

    model, preprocessing, _ = load_model(MODEL)
    images = _hearts()
    return _ready(lambda: predict(model, images, preprocessing))


def onnx_runtime() -> Ready:
    """The network in an ONNX file, by ONNX Runtime."""
    from seglib.inference.model_files import load_model
    from seglib.inference.onnx_export import export_onnx

    model, preprocessing, card = load_model(MODEL)
    batch = _prepared(preprocessing)
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(model, Path(folder) / "net.onnx", preprocessing, card)
        network, _, _ = load_model(Path(folder) / "net.onnx")
    return _ready(lambda: network.predict_on_batch(batch), model.predict_on_batch(batch))


def _pytorch(compiled: bool) -> Ready:
    import torch

    from benchmarks.torch_unet import channels_last_unet

    model = channels_last_unet().eval()
    batch = torch.randn(SLICES, 1, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    forward = torch.compile(model) if compiled else model

    def predict() -> np.ndarray:
        with torch.inference_mode():
            return forward(batch).sigmoid().numpy()

    return _ready(predict)


BENCHMARK = Benchmark(
    module=__name__,
    title="Slices a second, one volume of 12 slices at a time, 128x128",
    items="slices",
    contenders=(
        Contender("seglib, predict on 256x256", seglib_predict),
        Contender("Keras, predict", lambda: _keras("predict")),
        Contender("Keras, predict_on_batch", lambda: _keras("predict_on_batch")),
        Contender("Keras, call", lambda: _keras("call")),
        Contender("TensorFlow function", lambda: _keras("function")),
        Contender("TensorFlow function, XLA", lambda: _keras("xla")),
        Contender("ONNX Runtime", onnx_runtime),
        Contender("PyTorch", lambda: _pytorch(compiled=False)),
        Contender("PyTorch, torch.compile", lambda: _pytorch(compiled=True)),
    ),
)
