"""Metrics to watch while training. The figures of a report come from `seglib.evaluation.tables`."""

from __future__ import annotations

import keras
from keras import ops


class _Overlap(keras.metrics.Metric):
    """Counts pixels over the whole epoch, so the batch size cannot change the result.

    Hard masks: probability >= 0.5, or the likeliest class. Background is left out:
    the counts of all foreground classes are pooled. When neither truth nor
    prediction holds any foreground, the result is NaN: there is nothing to score.
    """

    def __init__(self, name, **kwargs):
        super().__init__(name=name, **kwargs)
        # float32 keeps every backend on its fast path; past 2**24 pixels a sum rounds,
        # by less than 1e-4 of its value over a whole epoch.
        self.both = self.add_weight(name="both", initializer="zeros")
        self.true = self.add_weight(name="true", initializer="zeros")
        self.predicted = self.add_weight(name="predicted", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch: ``y_true (N, H, W, 1)`` indices, of any type, ``y_pred (N, H, W, K)``."""
        classes = y_pred.shape[-1]
        if classes == 1:
            # TensorFlow compares neither whole numbers nor booleans with 0.5.
            true, predicted = ops.cast(y_true, "float32") > 0.5, y_pred >= 0.5
        else:
            foreground = ops.arange(1, classes)
            true = ops.cast(y_true, "int32") == foreground
            predicted = ops.argmax(y_pred, axis=-1)[..., None] == foreground
        true, predicted = ops.cast(true, "float32"), ops.cast(predicted, "float32")
        self.both.assign_add(ops.sum(true * predicted))
        self.true.assign_add(ops.sum(true))
        self.predicted.assign_add(ops.sum(predicted))


@keras.saving.register_keras_serializable(package="seglib")
class DiceScore(_Overlap):
    """Hard Dice, 2 |A B| / (|A| + |B|), of all pixels seen since the last reset."""

    def __init__(self, name="dice", **kwargs):
        super().__init__(name=name, **kwargs)

    def result(self):
        """The score so far; NaN when there was no foreground at all."""
        return 2.0 * self.both / (self.true + self.predicted)


@keras.saving.register_keras_serializable(package="seglib")
class JaccardScore(_Overlap):
    """Hard Jaccard index, |A B| / |A or B|, of all pixels seen since the last reset."""

    def __init__(self, name="jaccard", **kwargs):
        super().__init__(name=name, **kwargs)

    def result(self):
        """The score so far; NaN when there was no foreground at all."""
        return self.both / (self.true + self.predicted - self.both)
