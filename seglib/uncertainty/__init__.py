"""Does a network know when it is wrong? Calibration, disagreement, doubt."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "BINS": "calibration",
        "NEAR": "calibration",
        "near_outline": "calibration",
        "reliability_table": "calibration",
        "expected_calibration_error": "calibration",
        "brier_score": "calibration",
        "calibration_scores": "calibration",
        "reliability_curve": "calibration",
        "compare_calibration": "calibration",
        "logits": "temperature",
        "apply_temperature": "temperature",
        "fit_temperature": "temperature",
        "cross_fit": "temperature",
        "MEASURES": "doubt",
        "entropy": "doubt",
        "pairwise_dice": "doubt",
        "doubt_per_case": "doubt",
        "patients_of": "doubt",
        "rank_correlation": "doubt",
        "risk_coverage": "doubt",
        "share_of_oracle": "doubt",
        "judge_measures": "doubt",
        "plot_reliability": "pictures",
        "plot_doubt": "pictures",
        "plot_risk_coverage": "pictures",
    },
)
