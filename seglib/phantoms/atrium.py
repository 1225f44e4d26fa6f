"""Simulated 3-D volumes of a left atrium, for when the Decathlon's cannot be had.

Everything is drawn in millimetres, by distances to ellipsoids and tubes: lungs, spine,
aorta, the four chambers, and the veins that bring blood from the lungs to the left
atrium. All blood is about equally bright, so shape and place must tell the atrium from
its neighbours; where a vein ends and the atrium begins is a convention, as it is for experts.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import nibabel
import numpy as np
import pandas as pd

from seglib.datasets import msd_heart
from seglib.errors import DataError
from seglib.phantoms.folder import new_phantom_folder
from seglib.slices import SliceSet

FIELD_OF_VIEW = 240.0  # mm, of rows and columns
THICKNESS = 3.5  # mm, between slices

#: Where the second reader's outline departs from the first one's, at most about, in mm.
SECOND_READER = 3.0

#: Chambers besides the left atrium: centre and half axes along slices (left to right), rows
#: (head to foot) and columns (chest to back), thickness of the muscle; mm.
CHAMBERS = (
    ((-30, 42, -18), (22, 38, 23), 10.0),  # left ventricle
    ((12, 38, -42), (28, 30, 17), 4.0),  # right ventricle
    ((34, 8, -8), (17, 25, 20), 2.5),  # right atrium
)

#: Veins of the left atrium: where they leave it, as parts of its half axes, and their direction.
VEINS = (
    ((-0.75, -0.35, 0.35), (-1.0, -0.35, 0.25)),
    ((-0.75, 0.35, 0.4), (-1.0, 0.25, 0.35)),
    ((0.75, -0.35, 0.35), (1.0, -0.35, 0.2)),
    ((0.75, 0.35, 0.4), (1.0, 0.3, 0.3)),
)


def make(patients: int = 10, slices: int = 36, size: int = 96, seed: int = 0) -> SliceSet:
    """Draw a set of simulated subjects.

    Args:
        patients: Number of subjects. Subject k looks the same whatever this number is;
            the ninth is the third one's scan again, with the label of a second reader.
        slices: Slices of each volume, from the left to the right, 3.5 mm apart.
        size: Side of the square slices in pixels, at least 32; they always show 240 mm.
        seed: The same seed gives the same voxels.

    Returns:
        ``(patients * slices, size, size, 1)`` uint8 images and masks of the left atrium. The
        table is that of `seglib.datasets.msd_heart.load`.

    Raises:
        DataError: A number is too small, or there are more than 99 subjects.
    """
    if not 1 <= patients <= 99 or slices < 8 or size < 32:
        raise DataError(
            "the atrium phantom needs 1 to 99 subjects, at least 8 slices and size 32, found "
            f"patients={patients}, slices={slices}, size={size}"
        )
    images, masks, rows = [], [], []
    for k in range(patients):
        name = f"phantom-{k + 1:02d}"
        scan = msd_heart.SAME_SCAN.get(name, name)
        # One seed a scan, so that more subjects do not change the first ones.
        rng = np.random.default_rng(np.random.SeedSequence([seed, int(scan[-2:])]))
        image, distance, other = _draw(rng, slices, size)
        images.append(image)
        masks.append((distance if scan == name else other) < 0)
        rows += [
            {
                "case": name,
                "patient": name,
                "slice": number,
                "phase": "",
                "spacing": FIELD_OF_VIEW / size,
                "slice_spacing": THICKNESS,
                "pathology": "",
                "source": f"{name}.nii.gz",
                "group": scan,
            }
            for number in range(slices)
        ]
    return SliceSet(
        msd_heart.PHANTOM_NAME,
        np.concatenate(images)[..., None],
        np.concatenate(masks)[..., None].astype(np.uint8),
        pd.DataFrame(rows),
        msd_heart.CLASS_NAMES,
    )


def write(slices: SliceSet, folder: str | Path) -> None:
    """Write a set in the layout of the Decathlon, as `seglib.datasets.msd_heart` reads it.

    Args:
        slices: From `make`.
        folder: A new or empty folder; it will hold ``Task02_Heart/``.

    Raises:
        DataError: The set is not an atrium phantom, or the folder holds something or cannot
            be written to.
    """
    with new_phantom_folder(
        slices, msd_heart.PHANTOM_NAME, folder, __name__, msd_heart.FOLDER
    ) as root:
        for part in ("imagesTr", "labelsTr"):
            (root / part).mkdir()
        entries = []
        for subject, of in slices.table.groupby("case"):
            pixel, between = of[["spacing", "slice_spacing"]].iloc[0]
            affine = np.diag([pixel, pixel, between, 1.0])
            for part, stack in (("imagesTr", slices.images), ("labelsTr", slices.masks)):
                # As the Decathlon's headers have it: axes named right, front, head, which
                # the loader turns so that columns run to the left and rows to the back.
                stored = stack[of.index, ..., 0].transpose(2, 1, 0)[::-1, ::-1]
                nibabel.save(nibabel.Nifti1Image(stored, affine), root / part / f"{subject}.nii.gz")
            files = {"image": "imagesTr", "label": "labelsTr"}
            entries.append({key: f"./{part}/{subject}.nii.gz" for key, part in files.items()})
        labels = {str(index): name for index, name in enumerate(slices.class_names)}
        content = {"name": "LeftAtrium", "labels": labels, "training": entries}
        (root / "dataset.json").write_text(json.dumps(content, indent=1), encoding="utf-8")


def _draw(
    rng: np.random.Generator, slices: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One scan: ``(S, H, W)`` uint8, and two readers' distances to the atrium in mm."""
    pixel = FIELD_OF_VIEW / size
    axis = (np.arange(size) - (size - 1) / 2) * pixel
    s = ((np.arange(slices) - (slices - 1) / 2) * THICKNESS)[:, None, None]
    grid = s, axis[None, :, None], axis[None, None, :]  # left-right, head-foot, chest-back

    def smooth(grain: float) -> np.ndarray:
        """Random field of mean 0 and standard deviation 1, with grains of `grain` mm."""
        coarse = rng.standard_normal((3, 5, 5)) if grain > 30 else rng.standard_normal((9, 24, 24))
        depth = np.linspace(0, len(coarse) - 1, slices)
        below = np.minimum(depth.astype(int), len(coarse) - 2)
        share = (depth - below)[:, None, None]
        planes = [cv2.resize(p, (size, size), interpolation=cv2.INTER_CUBIC) for p in coarse]
        planes = np.stack(planes)
        field = planes[below] * (1 - share) + planes[below + 1] * share
        return (field - field.mean()) / field.std()

    def ellipsoid(centre, half_axes) -> np.ndarray:
        """Signed distance in mm, negative inside, near enough for soft edges."""
        scaled = [(g - c) / h for g, c, h in zip(grid, centre, half_axes, strict=True)]
        return (np.sqrt(sum(u**2 for u in scaled)) - 1) * min(half_axes)

    def tube(start, direction, length: float, radius: float) -> np.ndarray:
        """Signed distance to a round-ended tube, negative inside."""
        towards = np.asarray(direction) / np.linalg.norm(direction)
        away = [g - c for g, c in zip(grid, start, strict=True)]
        along = np.clip(sum(a * t for a, t in zip(away, towards, strict=True)), 0, length)
        rest = [a - along * t for a, t in zip(away, towards, strict=True)]
        return np.sqrt(sum(u**2 for u in rest)) - radius

    image = np.full((slices, size, size), 0.35) + 0.05 * smooth(10)

    def paint(distance: np.ndarray, value) -> None:
        """Lay a shape of grey `value` over the volume."""
        share = np.clip(0.5 - distance / (1.5 * pixel), 0, 1)
        image[...] = image * (1 - share) + value * share

    scale = rng.uniform(0.88, 1.14)
    heart = rng.uniform((-8, -10, -8), (8, 10, 8))
    blood = rng.uniform(0.68, 0.82)

    def place(point) -> np.ndarray:
        return heart + scale * (np.asarray(point) + rng.uniform(-3, 3, 3))

    lung = 0.07 + 0.03 * np.maximum(smooth(10), 0)
    for side in (-1, 1):
        paint(ellipsoid((side * 78, -10, 8), (50, 105, 78)), lung)
    paint(grid[2] + 92 + 0.1 * grid[1] + 0 * image, 0.75)  # the fat of the chest
    paint(ellipsoid((0, 92, -10), (90, 32, 75)), 0.5 + 0.06 * smooth(10))  # liver and belly
    spine = np.hypot(grid[0], grid[2] - 78) - 17 + 0 * image
    paint(spine, 0.42 + 0.12 * np.sign(np.sin(2 * np.pi * grid[1] / 28) + 0.7))
    paint(tube((-18, -150, 50), (0.0, 1.0, 0.03), 300, 10.5), blood * 0.95)  # descending aorta

    muscle = rng.uniform(0.25, 0.33)
    paint(ellipsoid(place((0, 22, -14)), scale * np.array((62, 62, 50))), 0.5)  # a bed of fat
    for centre, half_axes, wall in CHAMBERS:
        at, half = place(centre), scale * rng.uniform(0.92, 1.08, 3) * half_axes
        paint(ellipsoid(at, half + wall), muscle)
        paint(ellipsoid(at, half), blood * (1 + 0.04 * smooth(10)))
    paint(tube(place((6, 14, -16)), (0.1, -1.0, -0.05), 160, 12.5 * scale), blood)  # aorta
    paint(tube(place((-12, -22, -14)), (-0.2, -0.6, 0.8), 34, 10 * scale), blood * 0.93)

    at = place((-6, -4, 14))
    half = scale * rng.uniform(0.88, 1.12, 3) * (28, 23, 18)
    body = ellipsoid(at, half)
    lobe = ellipsoid(at + (-0.8, -0.2, -0.7) * half, scale * np.array((10, 9, 11)))  # appendage
    atrium = np.minimum(body, lobe)
    every_vein = np.full_like(image, np.inf)
    for start, direction in VEINS:
        begin, radius = at + np.asarray(start) * half, rng.uniform(5, 7) * scale
        towards = np.asarray(direction) + rng.uniform(-0.15, 0.15, 3)
        every_vein = np.minimum(every_vein, tube(begin, towards, 45, radius))
        atrium = np.minimum(atrium, tube(begin, towards, rng.uniform(8, 13) * scale, radius))
    paint(np.minimum(every_vein, atrium) - 2.0, muscle)
    paint(np.minimum(every_vein, atrium), blood * (1 + 0.04 * smooth(10)))

    # The coil on the chest sees what is near it best; magnitude images have Rician noise.
    image *= np.exp(-(grid[2] + 90) / rng.uniform(350, 600)) * (1 + 0.07 * smooth(60))
    real, imaginary = rng.uniform(0.015, 0.035) * rng.standard_normal((2, *image.shape))
    image = np.hypot(image + real, imaginary)
    second = atrium + 0.5 * SECOND_READER * smooth(60)
    # As the files at hand have it: the 99.9th percentile becomes 255.
    image = np.clip(255 * image / np.percentile(image, 99.9), 0, 255)
    return np.rint(image).astype(np.uint8), atrium, second
