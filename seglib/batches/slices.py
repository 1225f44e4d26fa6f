"""Batches of slices for `keras.Model.fit`: drawn, augmented and preprocessed on-line."""

from __future__ import annotations

import math

import keras
import numpy as np

from seglib.augmentation import Augmentation
from seglib.batches.sampling import balanced_rows
from seglib.preprocessing.steps import Preprocessing, center_crop_or_pad
from seglib.slices import SliceSet

#: Threads that make batches ahead of the network. With one alone Keras hands the batches to
#: tf.data's autotuner, whose iterator often sleeps before it lets an epoch end, up to as long
#: as the epoch took.
WORKERS = 2


class SliceSequence(keras.utils.PyDataset):
    """Batches for `keras.Model.fit`: preprocessed, optionally augmented and shuffled.

    Batch i of epoch e depends on ``(seed, e, i)`` alone, so a run can be repeated
    whatever the number of worker threads.

    Pixels are read when a batch is made, so that arrays on disk (`numpy.memmap`) are never
    held in memory as a whole; only a recipe that resizes makes a copy of its own.

    Args:
        slices: What to draw from.
        preprocessing: Crop and normalisation.
        batch_size: Slices a batch.
        augmentation: None for none (validation, scoring).
        shuffle: Draw a new order each epoch, and leave out what does not fill a batch:
            a smaller last batch would have to be compiled for itself, and would weigh
            more. Without it, the last batch of an epoch may be smaller.
        seed: Seed of order and augmentation.
        start_epoch: Number of the first epoch, when a run is resumed.
        foreground_share: With `shuffle`, the share of slices with foreground that each
            epoch draws, see `seglib.batches.balanced_rows`; None takes every slice once.

    Each item is ``(images (B, h, w, C) float32, masks (B, h, w, 1) float32 indices)``.
    """

    def __init__(
        self,
        slices: SliceSet,
        preprocessing: Preprocessing,
        batch_size: int,
        augmentation: Augmentation | None = None,
        shuffle: bool = False,
        seed: int = 0,
        start_epoch: int = 0,
        foreground_share: float | None = None,
    ):
        super().__init__(workers=WORKERS)
        self.slices = slices = preprocessing.resized(slices)
        self.preprocessing = preprocessing = preprocessing.without_resizing()
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = start_epoch
        self.foreground_share = foreground_share
        self.shown = slices.masks.any(axis=(1, 2, 3))
        self.size = preprocessing.target_size(*slices.images.shape[1:3])
        # Augment what the image holds; the rest is padded, as it is without augmentation.
        self.crop = preprocessing.crop_size(*slices.images.shape[1:3])
        self._order()

    def _order(self) -> None:
        self.order = np.arange(len(self.slices))
        if not self.shuffle:
            return
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.foreground_share is None:
            self.order = rng.permutation(self.order)
        else:
            self.order = balanced_rows(self.shown, self.foreground_share, rng)

    def __len__(self) -> int:
        batches = len(self.slices) / self.batch_size
        return max(math.floor(batches), 1) if self.shuffle else math.ceil(batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        if self.augmentation is None:
            images = self.preprocessing.images(self.slices.images[rows])
            return images, self.preprocessing.masks(self.slices.masks[rows]).astype(np.float32)
        rng = np.random.default_rng((self.seed, self.epoch, index))
        pairs = [
            self.augmentation.apply(self.slices.images[r], self.slices.masks[r], rng, self.crop)
            for r in rows
        ]
        images = np.stack([image for image, _ in pairs])
        masks = np.stack([mask for _, mask in pairs]).astype(np.float32)
        images = self.preprocessing.normalise(images)
        return center_crop_or_pad(images, self.size), center_crop_or_pad(masks, self.size)

    def on_epoch_end(self) -> None:
        """Keras calls this after each epoch."""
        self.epoch += 1
        self._order()
