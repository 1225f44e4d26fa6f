"""Distances between the outlines of two binary masks, in mm or in pixels.

Conventions, because libraries differ and the numbers differ with them:

- **Surface**: the mask's pixels that have at least one background neighbour across
  a side (4 neighbours in a slice, 6 in a volume). What lies outside the image is
  background. Distances run between pixel centres, and every surface pixel has the
  same weight. MedPy and MONAI take the same pixels; DeepMind's `surface-distance`
  takes the surface between the pixels and weights it by area, so its figures may
  differ by a fraction of a pixel.
- **HD95**: the larger of the two directed 95th percentiles (DeepMind, MONAI; MedPy
  pools both directions first). Percentiles interpolate linearly.
- **ASSD**: the mean over the surface pixels of both masks together (MedPy takes the
  mean of the two directed means).
- **Surface Dice**: the share of both surfaces that lies within the tolerance of the
  other surface, ``<=`` counting as within (DeepMind; Nikolov et al. 2021,
  doi:10.2196/26151).
- **Stacks of slices**: with a spacing of one or two numbers, distances are measured
  inside each slice and pooled over the slices before any percentile or mean.
  Short-axis slices lie 8-10 mm apart, five or more pixels: a distance through them
  would say more about the gap than about the contour.
- **A slice where only one of the two has a mask** has no distance. It is counted in
  ``slices_unmatched`` and left out of HD95 and ASSD, as in the Sunnybrook challenge,
  where contours are compared in pairs. That is kind to a method that misses whole
  slices, so all its surface pixels count as out of tolerance in the surface Dice,
  and HD95 must be read beside ``slices_unmatched``. Inventing a distance, such as the
  image's diagonal, would make HD95 depend on the size of the image.
- **Empty masks**: HD95 and ASSD are NaN when no slice has both masks; the surface
  Dice is NaN when both masks are empty and 0 when one is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from seglib.errors import DataError

#: Pixel sides in mm: one number, (row, column), or (slice, row, column).
Spacing = float | tuple[float, ...]


@dataclass(frozen=True)
class SurfaceDistances:
    """The distance from each surface pixel of one mask to the other mask's surface.

    Attributes:
        from_truth: ``(A,)`` distance of each surface pixel of the truth to the
            prediction's surface, in the unit of the spacing.
        from_prediction: ``(B,)`` the same from the prediction to the truth.
        unmatched_pixels: Surface pixels, of either mask, in slices where the other
            mask is empty. They have no distance.
        slices_unmatched: Number of slices where exactly one mask is empty (for 3-D
            distances: 1 if one volume is empty and the other is not).
    """

    from_truth: np.ndarray
    from_prediction: np.ndarray
    unmatched_pixels: int
    slices_unmatched: int

    def hausdorff(self, percentile: float = 95.0) -> float:
        """The larger of the two directed percentiles; 100 is the Hausdorff distance.

        Returns:
            Distance in the unit of the spacing, or NaN when there is none.
        """
        if not len(self.from_truth):
            return float("nan")
        return float(
            max(np.percentile(d, percentile) for d in (self.from_truth, self.from_prediction))
        )

    def assd(self) -> float:
        """Average symmetric surface distance, or NaN when there is no distance."""
        if not len(self.from_truth):
            return float("nan")
        return float(np.concatenate([self.from_truth, self.from_prediction]).mean())

    def surface_dice(self, tolerance: float) -> float:
        """Share of both surfaces within `tolerance` of the other, in [0, 1].

        Args:
            tolerance: Largest distance that still counts as agreement, in the unit
                of the spacing.

        Returns:
            The share, or NaN when neither mask has a surface.
        """
        total = len(self.from_truth) + len(self.from_prediction) + self.unmatched_pixels
        if not total:
            return float("nan")
        within = np.sum(self.from_truth <= tolerance) + np.sum(self.from_prediction <= tolerance)
        return float(within / total)


def surface_pixels(mask: np.ndarray, *, in_plane: bool = False) -> np.ndarray:
    """The pixels of a mask that touch the background across a side.

    Args:
        mask: ``(H, W)`` or ``(S, H, W)``, non-zero inside.
        in_plane: Look at the four neighbours inside each slice only.

    Returns:
        Boolean array of the same shape.
    """
    mask = np.asarray(mask) != 0
    neighbours = ndimage.generate_binary_structure(mask.ndim, 1)
    if in_plane and mask.ndim == 3:
        neighbours[[0, 2]] = False
    surface = np.zeros_like(mask)
    boxes = ndimage.find_objects(mask.astype(np.uint8))
    if boxes:  # erode the bounding box only: a heart is a few percent of its image
        surface[boxes[0]] = mask[boxes[0]] & ~ndimage.binary_erosion(mask[boxes[0]], neighbours)
    return surface


def surface_distances(
    truth: np.ndarray, prediction: np.ndarray, spacing: Spacing = 1.0
) -> SurfaceDistances:
    """Measure every surface pixel of each mask against the other mask's surface.

    Args:
        truth: ``(H, W)`` slice or ``(S, H, W)`` volume, non-zero inside.
        prediction: Same shape.
        spacing: Pixel sides in mm. One number or ``(row, column)``: distances inside
            each slice, pooled over the slices. ``(slice, row, column)``: distances
            through the volume, for dense volumes only. The default 1.0 gives pixels.

    Raises:
        DataError: The shapes differ or are not 2-D or 3-D, or the spacing does not
            fit them or is not positive.
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    if truth.shape != prediction.shape or truth.ndim not in (2, 3):
        raise DataError(
            "truth and prediction must both be (H, W) or (S, H, W), found shapes "
            f"{truth.shape} and {prediction.shape}"
        )
    sides = _sides(spacing, truth.ndim)
    through_volume = len(sides) == 3
    surfaces = [surface_pixels(m, in_plane=not through_volume) for m in (truth, prediction)]
    if through_volume:
        pairs = [surfaces]
    else:
        height, width = truth.shape[-2:]
        pairs = list(zip(*(s.reshape(-1, height, width) for s in surfaces), strict=True))
    forward, backward = [np.empty(0)], [np.empty(0)]
    unmatched_pixels = slices_unmatched = 0
    for of_truth, of_prediction in pairs:
        a, b = np.argwhere(of_truth) * sides, np.argwhere(of_prediction) * sides
        if len(a) and len(b):
            forward.append(cKDTree(b).query(a)[0])
            backward.append(cKDTree(a).query(b)[0])
        elif len(a) or len(b):
            unmatched_pixels += len(a) + len(b)
            slices_unmatched += 1
    return SurfaceDistances(
        np.concatenate(forward), np.concatenate(backward), unmatched_pixels, slices_unmatched
    )


def _sides(spacing: Spacing, dimensions: int) -> np.ndarray:
    sides = np.atleast_1d(np.asarray(spacing, float))
    if sides.ndim != 1 or len(sides) > dimensions:
        raise DataError(
            f"spacing {spacing} does not fit a {dimensions}-D mask: give one number, "
            "(row, column), or for a volume (slice, row, column)"
        )
    if not np.all(sides > 0) or not np.all(np.isfinite(sides)):
        raise DataError(
            f"spacing {spacing} must be positive and known; leave it out for distances in pixels"
        )
    return np.repeat(sides, 2) if len(sides) == 1 else sides
