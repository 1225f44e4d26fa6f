"""Volumes in pieces: patches to train a 3-D network on, and a window that slides to predict.

A volume does not fit into a network at once, and a few patients are few volumes but
many patches. A network trained so predicts one window after the other; where windows
overlap, what lies near a window's middle counts more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import cv2
import keras
import numpy as np

from seglib.augmentation import Augmentation
from seglib.datasets.slice_set import SliceSet
from seglib.errors import DataError
from seglib.normalisation import as_one_picture
from seglib.preprocessing import Preprocessing, center_crop_or_pad

#: Share of the patches that are drawn about a voxel of the foreground, as in nnU-Net.
FOREGROUND_SHARE = 1 / 3


def patch_of(model: keras.Model) -> tuple[int, int, int] | None:
    """``(D, h, w)`` voxels that a network of volumes takes; None for one of slices."""
    return model.input_shape[1:4] if len(model.input_shape) == 5 else None


def stack_cases(slices: SliceSet) -> Iterator[np.ndarray]:
    """The rows of each case, in the order of its slices.

    Yields:
        Row numbers of one case, ``(S,)``.
    """
    for _, rows in slices.table.groupby("case", sort=False):
        yield rows.sort_values("slice", kind="stable").index.to_numpy()


def prepare_volume(images: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """One case for a 3-D network: resized and cropped in the plane, normalised as a whole.

    Args:
        images: ``(S, H, W, C)``, intensities as stored.
        preprocessing: As for slices, but the normalisation's statistics are those of
            all slices together: how bright one slice is beside the next has meaning.

    Returns:
        ``(S, h, w, C)`` float32.
    """
    images = preprocessing.resize_images(images)
    size = preprocessing.target_size(*images.shape[1:3])
    images = center_crop_or_pad(images, preprocessing.crop_size(*images.shape[1:3]))
    return center_crop_or_pad(as_one_picture(preprocessing.normalise, images), size)


class PatchSequence(keras.utils.PyDataset):
    """Batches of random 3-D patches for `keras.Model.fit`.

    Batch i of epoch e depends on ``(seed, e, i)`` alone, as in
    `seglib.batches.SliceSequence`. Turns and bends are those of the plane, the same
    for all slices of a patch.

    Args:
        slices: Cases to draw from, each a dense volume.
        preprocessing: Crop and normalisation, see `prepare_volume`.
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
        super().__init__()
        self.patch, self.batch_size = tuple(patch), batch_size
        self.augmentation = augmentation or Augmentation()
        self.seed, self.epoch = seed, start_epoch
        self.volumes, self.masks, self.inside = [], [], []
        for rows in stack_cases(slices):
            volume = prepare_volume(slices.images[rows], preprocessing)
            mask = preprocessing.masks(slices.masks[rows])
            if volume.shape[1] < patch[1] or volume.shape[2] < patch[2]:
                raise DataError(
                    f"a patch of {patch[1]}x{patch[2]} does not fit into images of "
                    f"{volume.shape[1]}x{volume.shape[2]}; make the patch smaller"
                )
            volume, mask = (_at_least(stack, patch[0]) for stack in (volume, mask))
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


def _at_least(stack: np.ndarray, slices: int) -> np.ndarray:
    """``(S, h, w, C)`` with its last slices mirrored until there are `slices`."""
    missing = slices - len(stack)
    if missing <= 0:
        return stack
    return np.pad(stack, [(0, missing), (0, 0), (0, 0), (0, 0)], mode="symmetric")


def predict_volume(
    model: keras.Model,
    images: np.ndarray,
    preprocessing: Preprocessing,
    patch: tuple[int, int, int],
    *,
    overlap: float = 0.5,
) -> np.ndarray:
    """Probabilities of one case, window by window.

    Args:
        model: A 3-D network that takes `patch`.
        images: ``(S, H, W, C)``, intensities as stored, in the order of the slices.
        preprocessing: What the network was trained with.
        patch: ``(D, h, w)`` voxels that go through the network together.
        overlap: Share that neighbouring windows have in common, at least; in [0, 1).

    Returns:
        ``(S, H, W, K)`` float32 on the grid of `images`; each voxel is the mean of the
        windows that hold it, weighted by a Gaussian about each window's middle. 0
        outside the crop that the network sees.
    """
    prepared = prepare_volume(images, preprocessing)
    volume = _at_least(prepared, patch[0])
    starts = [
        window_starts(side, width, overlap)
        for side, width in zip(volume.shape[:3], patch, strict=True)
    ]
    weight = _gaussian(patch)
    total = np.zeros((*volume.shape[:3], model.output_shape[-1]), np.float32)
    seen = np.zeros((*volume.shape[:3], 1), np.float32)
    for corner in product(*starts):
        window = tuple(slice(a, a + width) for a, width in zip(corner, patch, strict=True))
        output = model.predict_on_batch(volume[window][None])
        total[window] += weight * keras.ops.convert_to_numpy(output)[0]
        seen[window] += weight
    return preprocessing.restore((total / seen)[: len(images)], images.shape[1:3])


def window_starts(side: int, width: int, overlap: float) -> list[int]:
    """Where windows of `width` begin so that they cover `side`, evenly spread.

    Args:
        side: Voxels to cover, at least `width`.
        width: Voxels of a window.
        overlap: Least share that neighbours have in common, in [0, 1).
    """
    step = max(int(width * (1 - overlap)), 1)
    number = -(-(side - width) // step) + 1
    return np.linspace(0, side - width, number).round().astype(int).tolist()


def _gaussian(patch: tuple[int, int, int]) -> np.ndarray:
    """``(D, h, w, 1)`` weights, 1 in the middle; standard deviation an eighth of the side."""
    axes = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 8)) ** 2) for n in patch]
    weight = axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :]
    return np.maximum(weight, 1e-4)[..., None].astype(np.float32)
