"""seglib: the small library behind the notebooks of this segmentation study.

Importing `seglib` loads no deep-learning backend; the modules that need Keras
(`layers`, `losses`, `metrics`, `models`, `training`, `inference`) import it
themselves. TensorFlow's start-up messages are hidden from then on, unless
``TF_CPP_MIN_LOG_LEVEL`` is set.

One slice walks forward through the modules and never goes back::

    datasets -> preprocessing -> splits -> augmentation -> models (layers,
    losses, metrics) -> training -> inference -> evaluation -> plotting ->
    reporting
"""

import sys

from seglib.quiet import QuietTensorFlow

__version__ = "0.1.0"

sys.meta_path.insert(0, QuietTensorFlow())  # whoever imports it, Keras for example
