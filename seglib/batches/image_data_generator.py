"""Augmentation through Keras' `ImageDataGenerator`, made safe for image-mask pairs.

The class is deprecated, TensorFlow-only and needs SciPy; systems 1 and 5 use it. On its own
it does not move ``y``, at its default interpolation it leaves grey pixels in a mask, and it
shifts along the wrong axes. Here one transform is drawn for each pair and applied twice:
linear to the image, nearest neighbour to the mask.

`seglib.augmentation` does the same work faster and on any backend.
"""

from __future__ import annotations

import math
import threading

import keras
import numpy as np
from tensorflow.keras.preprocessing.image import ImageDataGenerator

from seglib.augmentation import expand
from seglib.batches.slices import WORKERS
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import SliceSet

#: System 1's ranges: any rotation, both flips, zoom and shifts 0. What turns in from
#: outside is mirrored; the default, "nearest", smears the border across the corners.
PUBLISHED_RANGES = {
    "rotation_range": 180,
    "horizontal_flip": True,
    "vertical_flip": True,
    "fill_mode": "reflect",
}

#: System 5's ranges. Rotation and shear are in degrees, shifts in shares of the side; see
#: `seglib.lessons.mistakes.farthest_moves` for what that amounts to.
TUMOUR_RANGES = {
    "rotation_range": 0.2,
    "width_shift_range": 0.05,
    "height_shift_range": 0.05,
    "shear_range": 0.05,
    "zoom_range": 0.05,
}

#: `ImageDataGenerator` draws from NumPy's global state: one thread at a time.
_GLOBAL_STATE = threading.Lock()


class PairTransformer:
    """Applies one random `ImageDataGenerator` transform to both halves of a pair.

    The class moves a picture along its rows by ``width_shift_range`` and along its columns by
    ``height_shift_range`` (tensorflow issues 41460 and 82838). Here each shifts the axis of
    its name.

    Args:
        **ranges: Arguments of `ImageDataGenerator`; default `PUBLISHED_RANGES`.
    """

    def __init__(self, **ranges):
        ranges = ranges or PUBLISHED_RANGES
        self._image = ImageDataGenerator(**ranges, interpolation_order=1)
        self._mask = ImageDataGenerator(**ranges, interpolation_order=0)

    def apply(
        self, image: np.ndarray, mask: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """One variant of a pair; the same seed gives the same variant.

        Args:
            image: ``(H, W, C)``, any number type.
            mask: ``(H, W, 1)``, uint8 class indices.
            seed: Below 2**32.

        Returns:
            Image ``(H, W, C)`` float32, mask ``(H, W, 1)`` uint8 with no new value.
        """
        with _GLOBAL_STATE:  # and leave that state as it was found
            state = np.random.get_state()
            try:
                transform = self._image.get_random_transform(image.shape, seed=seed)
            finally:
                np.random.set_state(state)
        # Drawn for the width, and applied to the rows; likewise for the height.
        transform["tx"], transform["ty"] = transform["ty"], transform["tx"]
        # Intensity changes belong to the image alone.
        moves = {**transform, "channel_shift_intensity": None, "brightness": None}
        moved = self._image.apply_transform(image.astype(np.float32), transform)
        moved_mask = self._mask.apply_transform(mask.astype(np.float32), moves)
        return moved.astype(np.float32), moved_mask.astype(np.uint8)


class PairedGenerator(keras.utils.PyDataset):
    """On-line augmentation for `keras.Model.fit` through `PairTransformer`.

    Args:
        slices: What to draw from.
        preprocessing: Crop and normalisation, after the transform.
        batch_size: Pairs a batch; the last one of an epoch may be smaller.
        seed: Of order and transforms.
        **ranges: As `PairTransformer`.
    """

    def __init__(
        self,
        slices: SliceSet,
        preprocessing: Preprocessing,
        batch_size: int,
        seed: int = 0,
        **ranges,
    ):
        super().__init__(workers=WORKERS)
        self.slices, self.preprocessing = slices, preprocessing
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.transformer = PairTransformer(**ranges)
        self._order()

    def _order(self) -> None:
        self.order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.slices))

    def __len__(self) -> int:
        return math.ceil(len(self.slices) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        rng = np.random.default_rng((self.seed, self.epoch, index))
        pairs = [
            self.transformer.apply(
                self.slices.images[r], self.slices.masks[r], int(rng.integers(2**32))
            )
            for r in rows
        ]
        images, masks = (np.stack(half) for half in zip(*pairs, strict=True))
        return self.preprocessing.images(images), self.preprocessing.masks(masks).astype(np.float32)

    def on_epoch_end(self) -> None:
        """Keras calls this after each epoch."""
        self.epoch += 1
        self._order()


def expand_offline(slices: SliceSet, total: int, seed: int = 0, **ranges) -> SliceSet:
    """A larger set: every original, then variants in turn until there are `total` pairs.

    `seglib.augmentation.expand` with the transforms of `ImageDataGenerator`.

    Args:
        slices: Originals of the training part alone.
        total: Number of pairs in the result, originals included.
        seed: Of the transforms.
        **ranges: As `PairTransformer`.

    Raises:
        DataError: There are no originals, or more than `total`.
    """
    transformer = PairTransformer(**ranges)

    def variant(image, mask, rng):
        return transformer.apply(image, mask, int(rng.integers(2**32)))

    return expand(slices, total, variant, seed)
