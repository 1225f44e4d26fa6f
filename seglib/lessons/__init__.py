"""What only the notebooks use: a session, mistakes to learn from, labs to break, pictures."""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "describe_environment": "session",
        "Study": "session",
        "open_study": "session",
        "study_of": "session",
        "excerpt": "session",
        "middle_slices": "session",
        "Scored": "session",
        "score": "session",
        "train_for": "session",
        "results_table": "session",
        "show_table": "tables",
        "show_training": "pictures",
        "browse_slices": "pictures",
        "show_features": "pictures",
        "metric_playground": "playground",
        "draw_masks": "drawing",
        "find_example": "dicom_frame",
        "question": "exercises.question_files",
        "compare_losses": "pixel_classifier",
        "lab": "labs.registry",
        "lab_hearts": "labs.learners",
        "LABS": "labs.registry",
    },
    modules=("mistakes",),
)
