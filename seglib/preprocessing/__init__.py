"""From stored slices to network input, and exactly back again."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "Preprocessing": "steps",
        "center_crop_or_pad": "steps",
        "next_multiple": "steps",
        "NORMALISATIONS": "normalisation",
        "as_8_bit": "normalisation",
        "fixed": "normalisation",
        "min_max": "normalisation",
        "normaliser": "normalisation",
        "scale_255": "normalisation",
        "training_statistics": "normalisation",
        "z_score": "normalisation",
        "normalise_volume": "volumes",
        "normalise_volumes": "volumes",
        "normalised_for": "volumes",
        "prepare_volume": "volumes",
    },
)
