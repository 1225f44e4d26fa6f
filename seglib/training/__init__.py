"""From a recipe and two sets to a run that can be cited and repeated."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "Run": "runs",
        "train": "runs",
        "compile_model": "compile",
        "WatchPredictions": "callbacks",
        "tensorboard": "callbacks",
        "model_card": "cards",
        "BACKENDS": "devices",
        "open_devices": "devices",
    },
)
