"""Who trains, validates and tests; and proof that nobody does two of these."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "Split": "patients",
        "fold_split": "patients",
        "literature_split": "patients",
        "patient_folds": "patients",
        "check_no_leaks": "leaks",
        "find_leaks": "leaks",
    },
)
