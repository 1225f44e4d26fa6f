"""Which labels disagree with networks that never saw them?"""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "Audit": "ranking",
        "audit": "ranking",
        "gap": "ranking",
        "robust_z": "ranking",
        "rank_suspects": "ranking",
        "rank_slices": "ranking",
        "Shift": "checks",
        "mask_shift": "checks",
        "shifts": "checks",
        "contrast": "checks",
        "contrast_per_patient": "checks",
        "plot_ranking": "pictures",
        "show_suspects": "pictures",
        "show_moves": "pictures",
        "plot_two_checks": "pictures",
        "plot_found": "pictures",
    },
)
