"""What a clinic asks of a mask: volumes, ejection fraction, and agreement with an expert."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "RULES": "ejection",
        "count_phases": "ejection",
        "counts_of_cases": "ejection",
        "ejection_fraction": "ejection",
        "measure_patients": "ejection",
        "error_parts": "contributions",
        "agreement": "bland_altman",
        "plot_bland_altman": "pictures",
        "plot_dice_and_error": "pictures",
    },
)
