"""Volumes in pieces: the patches that a 3-D network is trained on.

A volume does not fit into a network at once, and a few patients are few volumes but
many patches. A network trained so predicts with `seglib.inference.sliding_window`.
"""

from __future__ import annotations

import cv2
import keras
import numpy as np

from seglib.augmentation import Augmentation
from seglib.batches.slices import WORKERS
from seglib.errors import DataError
from seglib.preprocessing.steps import Preprocessing
from seglib.preprocessing.volumes import at_least, prepare_volume
from seglib.slices import SliceSet

#: Share of the patches that are drawn about a voxel of the foreground, as in nnU-Net.
FOREGROUND_SHARE = 1 / 3


class PatchSequence(keras.utils.PyDataset):
    """Batches of random 3-D patches for `keras.Model.fit`.

    Batch i of epoch e depends on ``(seed, e, i)`` alone, as in
    `seglib.batches.SliceSequence`. Turns and bends are those of the plane, the same
    for all slices of a patch.

    Args:
        slices: Cases to draw from, each a dense volume.
        preprocessing: Crop and normalisation, see `seglib.preprocessing.prepare_volume`.
        patch: ``(D, h, w)`` voxels: slices, rows, columns.
        batch_size: Patches a batch.
        augmentation: Of rows and columns, and intensities; None for none.
        patches_per_case: Patches that an epoch draws for each case.
        seed: Seed of patches and augmentation.
        start_epoch: Number of the first epoch, when a run is resumed.

    Each item is ``(images (B, D, h, w, C) float32, masks (B, D, h, w, 1) float32 indices)``.

    Raises:
        DataError: A patch is larger than the prepared images.
    """

    def __init__(
        self,
        slices: SliceSet,
        preprocessing: Preprocessing,
        patch: tuple[int, int, int],
        batch_size: int,
        augmentation: Augmentation | None = None,
        patches_per_case: int = 16,
        seed: int = 0,
        start_epoch: int = 0,
    ):
        super().__init__(workers=WORKERS)
        self.patch, self.batch_size = tuple(patch), batch_size
        self.augmentation = augmentation or Augmentation()
        self.seed, self.epoch = seed, start_epoch
        self.volumes, self.masks, self.inside = [], [], []
        for rows in slices.cases():
            volume = prepare_volume(slices.images[rows], preprocessing)
            mask = preprocessing.masks(slices.masks[rows])
            if volume.shape[1] < patch[1] or volume.shape[2] < patch[2]:
                raise DataError(
                    f"a patch of {patch[1]}x{patch[2]} does not fit into images of "
                    f"{volume.shape[1]}x{volume.shape[2]}; make the patch smaller"
                )
            volume, mask = (at_least(stack, patch[0]) for stack in (volume, mask))
            self.volumes.append(volume)
            self.masks.append(mask)
            self.inside.append(np.argwhere(mask[..., 0] > 0))
        self.batches = max(len(self.volumes) * patches_per_case // batch_size, 1)

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        pairs = [self._draw(rng) for _ in range(self.batch_size)]
        images = np.stack([image for image, _ in pairs])
        return images, np.stack([mask for _, mask in pairs]).astype(np.float32)

    def _draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """One patch ``(D, h, w, C)`` and its mask ``(D, h, w, 1)``."""
        case = rng.integers(len(self.volumes))
        volume, mask, inside = self.volumes[case], self.masks[case], self.inside[case]
        shape = volume.shape[:3]
        low, high = np.array(self.patch) // 2, np.subtract(shape, (np.array(self.patch) + 1) // 2)
        centre = rng.integers(low, high + 1)
        if len(inside) and rng.random() < FOREGROUND_SHARE:
            centre = np.clip(inside[rng.integers(len(inside))], low, high)
        first = centre[0] - low[0]
        slab = slice(first, first + self.patch[0])
        # The map is drawn about the middle of the plane, then moved to the patch.
        maps = self.augmentation.sample_map(shape[1:], self.patch[1:], rng)
        map_x = maps[0] + np.float32(centre[2] - shape[2] // 2)
        map_y = maps[1] + np.float32(centre[1] - shape[1] // 2)

        def move(stack: np.ndarray, method: int) -> np.ndarray:
            """All slices and channels of the slab along one map: ``(h, w, D * C)``."""
            flat = np.moveaxis(stack[slab], 0, 2).reshape(*stack.shape[1:3], -1)
            flat = np.ascontiguousarray(flat)
            return cv2.remap(flat, map_x, map_y, method, borderMode=cv2.BORDER_REFLECT_101)

        def unfold(flat: np.ndarray) -> np.ndarray:
            return np.moveaxis(flat.reshape(*self.patch[1:], self.patch[0], -1), 2, 0)

        moved = self.augmentation.change_intensity(move(volume, cv2.INTER_LINEAR), rng)
        return unfold(moved), unfold(move(mask, cv2.INTER_NEAREST))

    def on_epoch_end(self) -> None:
        """Keras calls this after each epoch."""
        self.epoch += 1
