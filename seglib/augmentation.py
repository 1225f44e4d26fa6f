"""On-line augmentation: a new random variant of each pair, every time it is seen.

One affine transform, one elastic field and the crop are composed into a single
`cv2.remap`, so an image is interpolated once, and what rotates into the crop is the
image around it rather than a filled border. The mask takes the same path with the
nearest neighbour: it stays exactly what it was, class indices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from seglib.errors import DataError

if TYPE_CHECKING:  # the list of recipes needs no tables
    from seglib.slices import SliceSet


@dataclass(frozen=True)
class Augmentation:
    """Ranges that each variant is drawn from; the defaults change nothing.

    Attributes:
        rotation: Largest rotation either way, in degrees.
        flip: Mirror left-right and top-bottom, each with probability 1/2.
        scale: ``(smallest, largest)`` magnification.
        shift: Largest shift either way, as a share of the side.
        elastic: Largest displacement at the control points of the elastic field, in
            pixels (Simard et al. 2003, with a smooth coarse grid for the noise).
        elastic_grid: Control points along each side; fewer bend more broadly.
        gamma: ``(smallest, largest)`` exponent on intensities stretched to [0, 1].
        contrast: Largest relative change of contrast either way.
        brightness: Largest offset either way, as a share of the intensity range.
        noise: Largest standard deviation of added Gaussian noise, as a share of the range.
        blur: Largest standard deviation of Gaussian blur, in pixels.
    """

    rotation: float = 0.0
    flip: bool = False
    scale: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.0
    elastic: float = 0.0
    elastic_grid: int = 5
    gamma: tuple[float, float] = (1.0, 1.0)
    contrast: float = 0.0
    brightness: float = 0.0
    noise: float = 0.0
    blur: float = 0.0

    def to_dict(self) -> dict:
        """Plain values, as stored in a manifest."""
        return asdict(self)

    def sample_map(
        self, shape: tuple[int, int], size: tuple[int, int], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw one transform, as the position in the source that each output pixel reads.

        Args:
            shape: ``(H, W)`` of the source, in pixels.
            size: ``(h, w)`` of the output, in pixels: a crop about the centre.
            rng: Where the draw comes from.

        Returns:
            Two float32 arrays ``(h, w)``, x and y in source pixels.
        """
        angle = math.radians(rng.uniform(-self.rotation, self.rotation))
        zoom = rng.uniform(*self.scale)
        flips = rng.choice([-1.0, 1.0], 2) if self.flip else np.ones(2)
        shift = rng.uniform(-self.shift, self.shift, 2) * size
        cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
        # Centre on the pixel that center_crop_or_pad keeps in the centre.
        y = (np.arange(size[0], dtype=np.float32) - size[0] // 2)[:, None] - np.float32(shift[0])
        x = (np.arange(size[1], dtype=np.float32) - size[1] // 2)[None, :] - np.float32(shift[1])
        # Turn and mirror about the middle: of an even side, it lies between two pixels.
        half_y, half_x = (np.float32(0.5 * (side % 2 == 0)) for side in size)
        y, x = y + half_y, x + half_x
        map_x = np.float32(flips[1] * cosine) * x + np.float32(flips[1] * sine) * y
        map_y = np.float32(-flips[0] * sine) * x + np.float32(flips[0] * cosine) * y
        if self.elastic:
            points = (2, self.elastic_grid, self.elastic_grid)
            coarse = rng.uniform(-self.elastic, self.elastic, points).astype(np.float32)
            for target, field in zip((map_x, map_y), coarse, strict=True):
                target += cv2.resize(field, size[::-1], interpolation=cv2.INTER_CUBIC)
        return map_x + (shape[1] // 2 - half_x), map_y + (shape[0] // 2 - half_y)

    def change_intensity(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw and apply the intensity changes. ``(h, w, C)`` float32 in and out."""
        if self.blur and rng.random() < 0.3:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, self.blur))
            image = image.reshape(*image.shape[:2], -1)
        low, high = float(image.min()), float(image.max())
        span = high - low
        if span <= 0:
            return image
        if self.gamma != (1.0, 1.0):
            image = low + span * ((image - low) / span) ** np.float32(rng.uniform(*self.gamma))
        if self.contrast:
            factor = np.float32(1 + rng.uniform(-self.contrast, self.contrast))
            image = (image - image.mean()) * factor + image.mean()
        if self.brightness:
            image = image + np.float32(span * rng.uniform(-self.brightness, self.brightness))
        if self.noise:
            deviation = np.float32(span * rng.uniform(0, self.noise))
            image = image + deviation * rng.standard_normal(image.shape, dtype=np.float32)
        return image

    def apply(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        rng: np.random.Generator,
        size: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """One random variant of a pair, both halves moved alike.

        Args:
            image: ``(H, W, C)``, uint8 or float32.
            mask: ``(H, W, 1)``, uint8 class indices.
            rng: Where the draw comes from.
            size: ``(h, w)`` of the output; None keeps ``(H, W)``.

        Returns:
            Image ``(h, w, C)`` float32 and mask ``(h, w, 1)`` uint8. What lies beyond
            the image's border is mirrored in both.
        """
        size = size or image.shape[:2]
        maps = self.sample_map(image.shape[:2], size, rng)
        border = cv2.BORDER_REFLECT_101
        moved = cv2.remap(image.astype(np.float32), *maps, cv2.INTER_LINEAR, borderMode=border)
        moved_mask = cv2.remap(mask, *maps, cv2.INTER_NEAREST, borderMode=border)
        moved = self.change_intensity(moved.reshape(*size, -1), rng)
        return moved, moved_mask.reshape(*size, 1)


#: One variant of a pair: ``(image, mask, generator) -> (image, mask)``.
PairVariant = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple]


def expand(slices: SliceSet, total: int, variant: PairVariant, seed: int = 0) -> SliceSet:
    """A larger set: every original, then variants in turn until there are `total` pairs.

    Call it on the training part of a split only. System 1 called it before splitting,
    which put variants of one slice on both sides.

    Args:
        slices: Originals; uint8 images are rounded to uint8 again.
        total: Number of pairs in the result, originals included.
        variant: Makes one, e.g. `Augmentation.apply`.
        seed: Of the variants.

    Returns:
        A set whose table keeps each variant's ``source`` and adds ``variant``: 0 for an
        original, then 1, 2, ...

    Raises:
        DataError: There are no originals, or more than `total`.
    """
    if not 0 < len(slices) <= total:
        raise DataError(
            f"{len(slices)} originals cannot be expanded to {total} pairs; ask for more pairs "
            "than there are originals"
        )
    rng = np.random.default_rng(seed)
    rows = np.arange(total) % len(slices)
    grown = slices.take(rows)
    images, masks = grown.images.copy(), grown.masks.copy()
    for i in range(len(slices), total):
        image, mask = variant(images[i], masks[i], rng)
        images[i] = np.clip(np.rint(image), 0, 255) if images.dtype == np.uint8 else image
        masks[i] = mask
    table = grown.table.assign(variant=np.arange(total) // len(slices))
    return replace(grown, images=images, masks=masks, table=table)
