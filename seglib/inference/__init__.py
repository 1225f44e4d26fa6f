"""From a trained network to masks on the images' own grid."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "attention_maps": "attention",
        "feature_maps": "attention",
        "largest_component": "components",
        "predict": "prediction",
        "predict_set": "prediction",
        "to_mask": "prediction",
        "load_model": "model_files",
        "save_model": "model_files",
        "predict_in_poses": "prediction",
        "predict_volume": "sliding_window",
        "export_onnx": "onnx_export",
    },
)
