"""seglib: the small library behind the notebooks of this segmentation study.

Importing `seglib` loads no deep-learning backend; the modules that need Keras
(`layers`, `losses`, `metrics`, `models`, `training`, `inference`) import it
themselves.

One slice walks forward through the modules and never goes back::

    datasets -> preprocessing -> splits -> augmentation -> models (layers,
    losses, metrics) -> training -> inference -> evaluation -> plotting ->
    reporting
"""

__version__ = "0.1.0"
