"""The copy of a network that is fitted: the same layers, as this backend trains them fastest.

Keras composes batch normalisation of a mean, a variance and products, each a pass over all
features and another for its gradient. TensorFlow has one operation for all of it, which Keras 3
does not use. The network that is kept stays one of Keras' own layers, so that any backend loads it.
"""

from __future__ import annotations

import keras


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalisation, in one operation of TensorFlow while it trains.

    The same function of the same weights: what differs is rounding. It normalises images and
    volumes over their last axis; what that operation cannot do, statistics shared among
    devices above all, Keras' own layer does.
    """

    def call(self, inputs, training=None, mask=None):
        """``(N, ..., C)`` -> the same shape."""
        if not (training and self.trainable) or self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        shape = tf.shape(inputs)
        channels = inputs.shape[-1]
        flat = tf.reshape(inputs, (shape[0], -1, shape[-2], channels))  # a volume is a tall image
        normal, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=flat,
            scale=self.gamma,
            offset=self.beta,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.size(flat) // channels, variance.dtype)
        variance *= (count - 1) / count  # of these pixels, as Keras has it, not of their source
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
        normal = tf.reshape(normal, shape)
        normal.set_shape(inputs.shape)
        return normal


def working_copy(network: keras.Model, precision: str = "float32") -> keras.Model:
    """Copy a network for its training.

    Args:
        network: A functional model, ``(N, ..., C)`` in, of float32.
        precision: ``"float32"``, or ``"bfloat16"`` for all layers but the last, whose
            probabilities the loss takes.

    Returns:
        A model of the same layer names and weights, or `network` itself where nothing is
        gained: in float32 on another backend, or without a layer that could be replaced.
    """
    fusible = set()
    if keras.backend.backend() == "tensorflow":
        fusible = {layer.name for layer in network.layers if _fusible(layer)}
    if precision == "float32" and not fusible:
        return network
    inputs = (layer.name for layer in network.layers if isinstance(layer, keras.layers.InputLayer))
    exact = {*inputs, *network.output_names}

    def copied(layer: keras.Layer) -> keras.Layer:
        kind = FusedBatchNormalization if layer.name in fusible else type(layer)
        config = layer.get_config()
        if precision != "float32" and layer.name not in exact:
            config["dtype"] = f"mixed_{precision}"
        return kind.from_config(config)

    copy = keras.models.clone_model(network, clone_function=copied)
    copy_weights(network, copy)
    return copy


def _fusible(layer: keras.Layer) -> bool:
    if not isinstance(layer, keras.layers.BatchNormalization):
        return False
    rank = len(layer.input.shape)
    renorm = getattr(layer, "renorm", False)  # Keras 3.13 has none
    plain = layer.scale and layer.center and not renorm
    return plain and rank in (4, 5) and layer.axis in (-1, rank - 1)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give each layer of `target` the weights of the layer of its name in `source`."""
    if source is target:
        return
    for layer in target.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())
