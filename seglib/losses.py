"""Losses: finite, with finite gradients, also when a mask is empty.

All compare ``y_true (N, H, W, 1)``, class indices as numbers, with probabilities
``y_pred (N, H, W, K)`` as the networks give them (K = 1: foreground; K > 1: softmax,
background first), and return one value an image, which Keras averages. Volumes
``(N, D, H, W, ...)`` are taken as well. The overlap
losses leave the background out. All are registered, so a saved model reloads.
"""

from __future__ import annotations

import keras
from keras import ops

register = keras.saving.register_keras_serializable(package="seglib")


def _foreground(y_true, y_pred):
    """Truth and prediction of the foreground classes, both ``(N, H*W, classes)`` float32."""
    y_pred = ops.cast(y_pred, "float32")
    classes = y_pred.shape[-1]
    if classes == 1:
        y_true = ops.cast(y_true, "float32")
    else:
        y_true = ops.one_hot(ops.cast(y_true[..., 0], "int32"), classes)[..., 1:]
        y_pred = y_pred[..., 1:]
    shape = (ops.shape(y_pred)[0], -1, y_pred.shape[-1])
    return ops.reshape(y_true, shape), ops.reshape(y_pred, shape)


@register
class TverskyLoss(keras.losses.Loss):
    """1 - Tversky index, per image and class; tells two kinds of error apart.

    Args:
        alpha: Weight of false positives.
        beta: Weight of false negatives. 0.5 and 0.5 is Dice, 1 and 1 is Jaccard.
        smooth: Added to numerator and denominator, in pixels, so that an empty pair
            scores 0 loss and the gradient stays finite.

    Source: Salehi et al. 2017, arXiv:1706.05721.
    """

    def __init__(self, alpha=0.3, beta=0.7, smooth=1.0, name="tversky_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.alpha, self.beta, self.smooth = alpha, beta, smooth

    def call(self, y_true, y_pred):
        """The loss of each image, ``(N,)``."""
        y_true, y_pred = _foreground(y_true, y_pred)
        both = ops.sum(y_true * y_pred, axis=1)  # (N, classes)
        false_positive = ops.sum(y_pred, axis=1) - both
        false_negative = ops.sum(y_true, axis=1) - both
        index = (both + self.smooth) / (
            both + self.alpha * false_positive + self.beta * false_negative + self.smooth
        )
        return 1.0 - ops.mean(index, axis=-1)

    def get_config(self):
        """The arguments that make this loss again."""
        values = {"alpha": self.alpha, "beta": self.beta, "smooth": self.smooth}
        return {**super().get_config(), **values}


@register
class DiceLoss(TverskyLoss):
    """1 - soft Dice = 1 - 2 |A B| / (|A| + |B|), per image and class.

    Args:
        smooth: As `TverskyLoss`.

    Source: Milletari et al. 2016 (V-Net), arXiv:1606.04797, without the squares.
    """

    def __init__(self, smooth=1.0, name="dice_loss", **kwargs):
        super().__init__(alpha=0.5, beta=0.5, smooth=smooth, name=name, **kwargs)

    def get_config(self):
        """The arguments that make this loss again."""
        return _without_weights(super().get_config())


@register
class JaccardLoss(TverskyLoss):
    """1 - soft Jaccard = 1 - |A B| / |A or B|, per image and class.

    Args:
        smooth: As `TverskyLoss`.
    """

    def __init__(self, smooth=1.0, name="jaccard_loss", **kwargs):
        super().__init__(alpha=1.0, beta=1.0, smooth=smooth, name=name, **kwargs)

    def get_config(self):
        """The arguments that make this loss again."""
        return _without_weights(super().get_config())


def _without_weights(config: dict) -> dict:
    """The config of a Tversky loss whose two weights the class itself fixes."""
    return {key: value for key, value in config.items() if key not in ("alpha", "beta")}


def _clip(y_pred):
    """Keep probabilities off 0 and 1, where a logarithm and its gradient are infinite."""
    return ops.clip(ops.cast(y_pred, "float32"), 1e-7, 1.0 - 1e-7)


def _mean_of_each(values):
    """The mean over all axes but the first: images and volumes alike. ``(N, ...)`` -> ``(N,)``."""
    return ops.mean(values, axis=tuple(range(1, len(values.shape))))


@register
class BinaryCrossentropy(keras.losses.Loss):
    """Cross-entropy of one foreground class, optionally weighted or focal.

    Args:
        positive_weight: Weight of foreground pixels; background has 1.
        gamma: Focal exponent: 0 is plain cross-entropy, 2 looks away from easy pixels.

    Source: Lin et al. 2017 (focal loss), arXiv:1708.02002.
    """

    def __init__(self, positive_weight=1.0, gamma=0.0, name="binary_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.positive_weight, self.gamma = positive_weight, gamma

    def call(self, y_true, y_pred):
        """The loss of each image, ``(N,)``."""
        y_true, y_pred = ops.cast(y_true, "float32"), _clip(y_pred)
        p_true = ops.where(y_true > 0.5, y_pred, 1.0 - y_pred)
        weight = ops.where(y_true > 0.5, self.positive_weight, 1.0)
        if self.gamma:
            weight = weight * (1.0 - p_true) ** self.gamma
        return _mean_of_each(-weight * ops.log(p_true))

    def get_config(self):
        """The arguments that make this loss again."""
        values = {"positive_weight": self.positive_weight, "gamma": self.gamma}
        return {**super().get_config(), **values}


@register
class CategoricalCrossentropy(keras.losses.Loss):
    """Cross-entropy over K softmax classes, optionally weighted by class.

    Args:
        class_weights: K weights, background first; None weighs all alike.
    """

    def __init__(self, class_weights=None, name="categorical_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]

    def call(self, y_true, y_pred):
        """The loss of each image, ``(N,)``."""
        y_pred = _clip(y_pred)
        one_hot = ops.one_hot(ops.cast(y_true[..., 0], "int32"), y_pred.shape[-1])
        entropy = -one_hot * ops.log(y_pred)  # (N, H, W, K)
        if self.class_weights is not None:
            entropy = entropy * ops.convert_to_tensor(self.class_weights, "float32")
        return _mean_of_each(ops.sum(entropy, axis=-1))

    def get_config(self):
        """The arguments that make this loss again."""
        return {**super().get_config(), "class_weights": self.class_weights}


@register
class SumLoss(keras.losses.Loss):
    """Weighted sum of losses, e.g. Dice + cross-entropy.

    Args:
        losses: The losses to add.
        weights: One factor a loss; None takes 1 for each.

    Raises:
        ValueError: There are not as many weights as losses.
    """

    def __init__(self, losses, weights=None, name="sum_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.losses = list(losses)
        self.weights = [1.0] * len(self.losses) if weights is None else list(weights)
        if len(self.weights) != len(self.losses):
            raise ValueError(f"{len(self.losses)} losses, but {len(self.weights)} weights")

    def call(self, y_true, y_pred):
        """The loss of each image, ``(N,)``."""
        parts = zip(self.weights, self.losses, strict=True)
        return sum(weight * loss.call(y_true, y_pred) for weight, loss in parts)

    def get_config(self):
        """The arguments that make this loss again."""
        losses = [keras.saving.serialize_keras_object(loss) for loss in self.losses]
        return {**super().get_config(), "losses": losses, "weights": self.weights}

    @classmethod
    def from_config(cls, config):
        """Make the loss, and the losses inside it, from `get_config`."""
        losses = [keras.saving.deserialize_keras_object(loss) for loss in config["losses"]]
        return cls(**{**config, "losses": losses})


LOSSES = {
    "dice": DiceLoss,
    "jaccard": JaccardLoss,
    "tversky": TverskyLoss,
    "bce": BinaryCrossentropy,
    "focal": lambda: BinaryCrossentropy(gamma=2.0, name="focal_loss"),
    "cross_entropy": CategoricalCrossentropy,
}

#: Losses with weights in their name: ``"weighted_bce:20"``, ``"weighted_cross_entropy:1,5,2"``.
WEIGHTED = {
    "weighted_bce": lambda weight: BinaryCrossentropy(weight, name="weighted_bce"),
    "weighted_cross_entropy": lambda *weights: CategoricalCrossentropy(weights),
}

#: Names of losses that need a softmax over classes, background among them.
MULTICLASS_LOSSES = {"cross_entropy", "weighted_cross_entropy"}
#: Names of losses that need one sigmoid output.
BINARY_LOSSES = {"bce", "weighted_bce", "focal"}


def make_loss(name: str) -> keras.losses.Loss:
    """A loss by name; ``"dice+bce"`` adds the named ones.

    Args:
        name: Keys of `LOSSES`, or of `WEIGHTED` with their weights, joined by ``+``:
            ``"dice+weighted_bce:20"`` weighs a foreground pixel 20 times.

    Raises:
        ValueError: A part of the name is unknown, or its weights are no numbers.
    """
    parts = name.split("+")
    losses = [_one_loss(part) for part in parts]
    if len(losses) == 1:
        return losses[0]
    return SumLoss(losses, name="_".join(part.partition(":")[0] for part in parts))


def _one_loss(part: str) -> keras.losses.Loss:
    kind, colon, numbers = part.partition(":")
    if kind in LOSSES and not colon:
        return LOSSES[kind]()
    if kind not in WEIGHTED:
        choices = [*LOSSES, *(f"{name}:WEIGHT" for name in WEIGHTED)]
        raise ValueError(f"no loss {part}; choose from {', '.join(choices)}")
    try:
        return WEIGHTED[kind](*(float(number) for number in numbers.split(",")))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"loss {part}: expected {kind}:WEIGHT, such as weighted_bce:20 or "
            "weighted_cross_entropy:1,5,2"
        ) from error
