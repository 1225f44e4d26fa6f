"""Simulated hearts, atria, brains and tumours, in the layout of the real sets."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "find_or_simulate": "stand_in",
    },
    modules=("heart", "atrium", "brain", "tumour", "own_folder"),
)
