"""From stored slices to network input, and exactly back again.

Images are resized with a smoothing filter, masks never: a label has no
in-between values.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, get_args, get_type_hints

import numpy as np

from seglib.errors import DataError
from seglib.formats.resizing import resize_image, resize_mask, resize_mask_smoothly
from seglib.preprocessing.normalisation import normaliser

if TYPE_CHECKING:  # data sets use this module
    from seglib.slices import SliceSet


def center_crop_or_pad(array: np.ndarray, size: tuple[int, int], fill: float = 0) -> np.ndarray:
    """Cut or fill axes 1 and 2 to `size`, keeping the centre in the centre.

    Calling it again with the old size puts every kept pixel back exactly where it
    was (pixels that were cut off come back as `fill`).

    Args:
        array: ``(N, H, W, C)``.
        size: New ``(height, width)`` in pixels.
        fill: Value of added pixels.

    Returns:
        ``(N, height, width, C)``, same dtype.
    """
    for axis, new in zip((1, 2), size, strict=True):
        # Floor of the half difference of *centres*: cropping and padding back agree for odd sizes.
        start = array.shape[axis] // 2 - new // 2
        if start > 0 or array.shape[axis] > new:
            array = np.take(array, range(max(start, 0), max(start, 0) + new), axis=axis)
        elif array.shape[axis] < new:
            widths = [(0, 0)] * array.ndim
            widths[axis] = (-start, new - array.shape[axis] + start)
            array = np.pad(array, widths, constant_values=fill)
    return array


def next_multiple(size: int, factor: int) -> int:
    """The smallest multiple of `factor` that is at least `size`."""
    return -(-size // factor) * factor


def require_known(found: Iterable[str], known: Iterable[str]) -> None:
    """Refuse what a file holds that only a newer seglib can understand.

    Raises:
        DataError: One of the names found is not known.
    """
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise DataError(
            f"holds {reprlib.repr(', '.join(unknown))}, which this version of seglib does not "
            "know: a newer seglib may have written the file; bring this copy up to date (git pull)"
        )


@dataclass(frozen=True)
class Preprocessing:
    """What happens to an image between the file and the network.

    Attributes:
        size: Side in pixels of the central square the network sees, or None for the
            whole image, padded to a multiple of `multiple`.
        resize: Side in pixels that every whole image is resized to first, square; None
            keeps the stored grid. Predictions come back on the stored grid.
        field: With `resize`, side in pixels of the central square that is resized, cut out or
            padded: images that show more, or less, than those of the training are then
            resized by the same factor. None resizes the whole image, whatever it shows.
        smooth_masks: Resize training masks as `resize_mask_smoothly` does.
        normalisation: ``"255"``, ``"z-score"``, ``"min-max"``, ``"none"`` or the name
            that `seglib.preprocessing.fixed` gives; done per image, after the crop, so
            that what lies outside the crop has no say.
        multiple: Sides are padded to a multiple of this; 2**depth of the network.

    Raises:
        DataError: The normalisation is unknown, `size` is no multiple of `multiple`, or there
            is a `field` but no `resize`.
    """

    size: int | None = 128
    normalisation: str = "z-score"
    multiple: int = 16
    resize: int | None = None
    smooth_masks: bool = False
    field: int | None = None

    def __post_init__(self) -> None:
        normaliser(self.normalisation)
        if self.field is not None and self.resize is None:
            raise DataError(f"field={self.field} says what is resized, but resize is None")
        if self.size is not None and self.size % self.multiple:
            raise DataError(
                f"size {self.size} is not a multiple of {self.multiple}, which the network's "
                f"depth needs; the next one is {next_multiple(self.size, self.multiple)}"
            )

    def target_size(self, height: int, width: int) -> tuple[int, int]:
        """The ``(height, width)`` that a ``(height, width)`` image has for the network."""
        if self.resize is not None:
            height = width = self.resize
        if self.size is not None:
            return self.size, self.size
        return next_multiple(height, self.multiple), next_multiple(width, self.multiple)

    def crop_size(self, height: int, width: int) -> tuple[int, int]:
        """What is left of an image of this size, already resized, before it is padded."""
        target = self.target_size(height, width)
        return min(height, target[0]), min(width, target[1])

    @property
    def takes_8_bit(self) -> bool:
        """Whether the normalisation counts on intensities between 0 and 255."""
        return self.normalisation == "255" or self.normalisation.startswith("fixed ")

    @property
    def takes_whole_volumes(self) -> bool:
        """Whether images must come normalised, as no single slice of a volume can be."""
        return self.normalisation == "none"

    def normalise(self, images: np.ndarray) -> np.ndarray:
        """``(N, H, W, C)`` intensities as stored to float32, size unchanged."""
        return normaliser(self.normalisation)(images)

    def images(self, images: np.ndarray) -> np.ndarray:
        """``(N, H, W, C)`` stored intensities to ``(N, h, w, C)`` float32 network input."""
        target = self.target_size(*images.shape[1:3])
        images = self.resize_images(images)
        normalised = self.normalise(center_crop_or_pad(images, self.crop_size(*images.shape[1:3])))
        return center_crop_or_pad(normalised, target)  # padding must not change the statistics

    def masks(self, masks: np.ndarray) -> np.ndarray:
        """``(N, H, W, 1)`` class indices to ``(N, h, w, 1)``, dtype kept."""
        method = resize_mask_smoothly if self.smooth_masks else resize_mask
        target = self.target_size(*masks.shape[1:3])
        return center_crop_or_pad(self._resized(masks, method), target)

    def resize_images(self, images: np.ndarray) -> np.ndarray:
        """``(N, H, W, C)`` images resized, and nothing else done."""
        return self._resized(images, resize_image)

    def resized(self, slices: SliceSet) -> SliceSet:
        """A set of which every image and mask has been resized, and nothing else done."""
        method = resize_mask_smoothly if self.smooth_masks else resize_mask
        return replace(
            slices,
            images=self.resize_images(slices.images),
            masks=self._resized(slices.masks, method),
        )

    def without_resizing(self) -> Preprocessing:
        """What is left to do to a set that `resized` gave."""
        return replace(self, resize=None, field=None)

    def _resized(self, stack: np.ndarray, method: Callable) -> np.ndarray:
        """``(N, H, W, C)`` to ``(N, resize, resize, C)``; untouched where that changes nothing."""
        if self.field is not None:
            stack = center_crop_or_pad(stack, (self.field, self.field))
        if self.resize is None or stack.shape[1:3] == (self.resize, self.resize):
            return stack
        return np.stack([method(item, (self.resize, self.resize)) for item in stack])

    def restore(self, outputs: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Network output ``(N, h, w, K)`` back onto the ``(height, width)`` of the input.

        Pixels outside the crop get 0: background in a one-channel probability map.
        """
        whole = tuple(size) if self.field is None else (self.field, self.field)
        if self.resize is not None and whole != (self.resize, self.resize):
            outputs = center_crop_or_pad(outputs, (self.resize, self.resize))
            outputs = np.stack([resize_image(item, whole) for item in outputs])
        return center_crop_or_pad(outputs, size)

    def to_dict(self) -> dict:
        """Plain values, as stored beside the weights."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Preprocessing:
        """Read back what `to_dict` gave, from a file that anyone may have written.

        Raises:
            DataError: A name is unknown, a value is of another type or not above 0, or as
                the class says.
        """
        kinds = get_type_hints(cls)
        require_known(values, kinds)
        for name, value in values.items():
            allowed = get_args(kinds[name]) or (kinds[name],)
            if type(value) not in allowed:  # not isinstance: True is an int
                names = ["None" if kind is type(None) else kind.__name__ for kind in allowed]
                raise DataError(
                    f"{name}: expected {' or '.join(names)}, found {reprlib.repr(value)}"
                )
            if type(value) is int and value < 1:
                raise DataError(f"{name}: expected 1 or more, found {reprlib.repr(value)}")
        return cls(**values)
