"""Networks, and the layers they are made of."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "ARCHITECTURES": "networks",
        "VOLUMETRIC": "networks",
        "build_model": "networks",
        "attention_gate": "layers",
        "channel_attention": "layers",
        "conv_block": "layers",
        "normalise": "layers",
        "spatial_attention": "layers",
        "transformed_attention_gate": "layers",
        "upsample": "layers",
        "DeeplySupervised": "deep_supervision",
        "with_deep_supervision": "deep_supervision",
    },
    modules=("layers",),
)
