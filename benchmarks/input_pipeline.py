"""Training batches: pairs turned by any angle and mirrored, 256x256, in batches of 8.

What is asked of each: image and mask move alike, the mask stays exactly binary.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contender import Benchmark, Contender, Ready

BATCH, SIDE = 8, 256


def _pairs():
    """64 simulated pairs: pictures of any content turn equally fast."""
    from seglib.phantoms import heart

    return heart.make(patients=8, slices=4, size=SIDE)


def _ready(batch, facts: dict | None = None) -> Ready:
    """A contender from a function that makes the next batch of pairs."""
    values = np.unique(np.concatenate([np.ravel(batch()[1]) for _ in range(4)]))
    facts = {"mask_values": len(values), "binary": set(values) <= {0, 1}} | (facts or {})
    return Ready(lambda: len(batch()[0]), facts)


def _sequence_batches(sequence):
    """Batches of a `keras.utils.PyDataset`, in order, without end."""
    number = 0

    def batch():
        nonlocal number
        item = sequence[number % len(sequence)]
        number += 1
        return item

    return batch


def image_data_generators() -> Ready:
    """Two generators with one seed, as most courses have them."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    from seglib.batches.image_data_generator import PUBLISHED_RANGES

    pairs = _pairs()
    flows = [
        ImageDataGenerator(**PUBLISHED_RANGES).flow(
            half.astype(np.float32), batch_size=BATCH, seed=0
        )
        for half in (pairs.images, pairs.masks)
    ]
    return _ready(lambda: tuple(next(flow) for flow in flows))


def paired_generator() -> Ready:
    """`ImageDataGenerator` as notebook 02 mends it."""
    from seglib.batches.image_data_generator import PUBLISHED_RANGES, PairedGenerator
    from seglib.preprocessing.steps import Preprocessing

    plain = Preprocessing(normalisation="255")
    sequence = PairedGenerator(_pairs(), plain, BATCH, **PUBLISHED_RANGES)
    return _ready(_sequence_batches(sequence))


def keras_layers() -> Ready:
    """Keras' own augmentation layers, in a `tf.data` pipeline as its guides have them."""
    import keras
    import tensorflow as tf

    pairs = _pairs()
    turn = keras.layers.RandomRotation(0.5, fill_mode="reflect", seed=0)
    flip = keras.layers.RandomFlip(seed=0)
    data = tf.data.Dataset.from_tensor_slices(
        {"images": pairs.images.astype(np.float32), "segmentation_masks": pairs.masks}
    )
    data = data.repeat().shuffle(len(pairs), seed=0).batch(BATCH)
    data = data.map(lambda both: turn(flip(both, training=True), training=True))
    batches = iter(data.prefetch(1))

    def batch():
        both = next(batches)
        return both["images"].numpy(), both["segmentation_masks"].numpy()

    return _ready(batch)


def _on_device(augmentation_seed: int = 0):
    """One affine transform an image, drawn with NumPy, applied by `keras.ops` and compiled."""
    import tensorflow as tf
    from keras import ops

    rng = np.random.default_rng(augmentation_seed)

    def transforms():
        angle = rng.uniform(-np.pi, np.pi, BATCH)
        flips = rng.choice([-1.0, 1.0], (2, BATCH))
        cosine, sine, middle = np.cos(angle), np.sin(angle), (SIDE - 1) / 2
        matrix = np.array([[cosine, -sine], [sine, cosine]]) * flips  # (2, 2, N): columns x, y
        shift = middle - matrix.sum(axis=1) * middle
        zero = np.zeros(BATCH)
        rows = [matrix[0, 0], matrix[0, 1], shift[0], matrix[1, 0], matrix[1, 1], shift[1]]
        return np.stack([*rows, zero, zero], axis=1).astype(np.float32)

    @tf.function
    def move(images, masks, transform):
        more = {"fill_mode": "reflect"}
        moved = ops.image.affine_transform(images, transform, "bilinear", **more)
        return moved, ops.image.affine_transform(masks, transform, "nearest", **more)

    return rng, transforms, move


def keras_ops() -> Ready:
    """Batched `keras.ops.image.affine_transform`, compiled, where the network runs."""
    import tensorflow as tf

    pairs = _pairs()
    rng, transforms, move = _on_device()
    images, masks = (tf.constant(a.astype(np.float32)) for a in (pairs.images, pairs.masks))

    def batch():
        rows = rng.choice(len(pairs), BATCH, replace=False)
        moved = move(tf.gather(images, rows), tf.gather(masks, rows), transforms())
        return tuple(half.numpy() for half in moved)

    return _ready(batch)


def _seglib(augmentation, crop: int | None = None):
    from seglib.batches.slices import SliceSequence
    from seglib.preprocessing.steps import Preprocessing

    plain = Preprocessing(size=crop, normalisation="255")
    return _sequence_batches(SliceSequence(_pairs(), plain, BATCH, augmentation, shuffle=True))


def seglib_turned() -> Ready:
    """`seglib.batches.SliceSequence`: one `cv2.remap` a picture."""
    from seglib.augmentation import Augmentation

    return _ready(_seglib(Augmentation(rotation=180.0, flip=True)))


def seglib_study() -> Ready:
    """The same with all the study does: scale, shift, bending, gamma, noise."""
    from seglib.recipes.heart import STUDY_AUGMENTATION

    return _ready(_seglib(STUDY_AUGMENTATION))


def seglib_study_cropped() -> Ready:
    """What the study's networks get: the same, and the central 96x96 pixels alone."""
    from seglib.recipes.heart import STUDY_AUGMENTATION

    return _ready(_seglib(STUDY_AUGMENTATION, crop=96))


BENCHMARK = Benchmark(
    module=__name__,
    title="Augmented pairs a second of processor time, 256x256",
    items="pairs",
    contenders=(
        Contender("two ImageDataGenerators", image_data_generators),
        Contender("ImageDataGenerator, paired", paired_generator),
        Contender("Keras Random layers", keras_layers),
        Contender("keras.ops, compiled", keras_ops),
        Contender("seglib", seglib_turned),
        Contender("seglib, the study's augmentation", seglib_study),
        Contender("seglib, the study's, cropped to 96x96", seglib_study_cropped),
    ),
)
