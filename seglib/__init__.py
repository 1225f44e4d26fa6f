"""seglib: the small library behind the notebooks of this segmentation study.

The names of this face are imported when they are asked for, and no backend before that.
TensorFlow's start-up messages are hidden from then on, unless ``TF_CPP_MIN_LOG_LEVEL`` is set.
"""

import sys

from seglib.lazy import lazy_face
from seglib.quiet import QuietTensorFlow
from seglib.version import __version__ as __version__

sys.meta_path.insert(0, QuietTensorFlow())  # whoever imports it, Keras for example

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "load": "datasets",
        "SliceSet": "slices",
        "patient_folds": "splits.patients",
        "literature_split": "splits.patients",
        "check_no_leaks": "splits.leaks",
        "Preprocessing": "preprocessing.steps",
        "Augmentation": "augmentation",
        "build_model": "models.networks",
        "DiceLoss": "losses",
        "JaccardLoss": "losses",
        "make_loss": "losses",
        "DiceScore": "metrics",
        "make_optimizer": "optimizers",
        "Recipe": "recipes.recipe",
        "get_recipe": "recipes.recipe",
        "train": "training.runs",
        "Run": "training.runs",
        "load_model": "inference.model_files",
        "save_model": "inference.model_files",
        "predict": "inference.prediction",
        "predict_set": "inference.prediction",
        "to_mask": "inference.prediction",
        "score_cases": "evaluation.tables",
        "per_patient": "evaluation.tables",
        "summarise": "evaluation.tables",
        "compare_paired": "evaluation.comparison",
        "show_slices": "plotting.slices",
        "plot_history": "plotting.charts",
        "save_figure": "reporting",
        "save_table": "reporting",
        "SeglibError": "errors",
    },
    modules=(
        "audit",
        "augmentation",
        "batches",
        "clinical",
        "datasets",
        "environment",
        "errors",
        "evaluation",
        "files",
        "formats",
        "inference",
        "lessons",
        "losses",
        "metrics",
        "models",
        "optimizers",
        "phantoms",
        "plotting",
        "preprocessing",
        "recipes",
        "reporting",
        "slices",
        "splits",
        "training",
        "uncertainty",
    ),
)
