"""Scores by case, patient and class, with their doubt, and who is better."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "MEAN_OF_CLASSES": "tables",
        "METRICS": "tables",
        "best_median_worst": "tables",
        "bootstrap": "intervals",
        "bootstrap_interval": "intervals",
        "per_patient": "tables",
        "per_slice": "tables",
        "score_cases": "tables",
        "summarise": "tables",
        "count_slices": "counts",
        "dice_of_counts": "counts",
        "good_contours": "challenge",
        "overlap_scores": "scores",
        "score_case": "scores",
        "surface_distances": "surface",
        "class_dice": "confusion",
        "confusion_matrix": "confusion",
        "matrices_by_patient": "confusion",
        "normalise_rows": "confusion",
        "count_by_empty_rule": "lesions",
        "count_lesions": "lesions",
        "dice_by_empty_rule": "lesions",
        "lesion_detection": "lesions",
        "summarise_lesions": "lesions",
        "Ranking": "comparison",
        "compare_paired": "comparison",
        "holm": "comparison",
        "rank_networks": "comparison",
    },
    modules=("confusion",),
)
