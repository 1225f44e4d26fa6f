"""A simulated cardiac short-axis MR study, for when no real data can be had.

Everything is drawn in millimetres as soft-edged ellipses and discs, one over the other:
body, fat, lung, liver, right ventricle, wall and blood pool of the left ventricle,
papillary muscles. A surface coil's bias field and Rician noise follow.
"""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd

from seglib.errors import DataError
from seglib.slices import PARTS, SliceSet

FIELD_OF_VIEW = 340.0  # mm
COLUMNS = ["case", "patient", "slice", "phase", "pathology", "source", "part"]

#: Blood pool radius (mm), wall (mm) and the share of the radius left at end-systole.
PATHOLOGIES = {
    "N": (25.0, 9.0, 0.66),
    "HF-I": (31.0, 8.0, 0.87),
    "HF-NI": (30.0, 9.0, 0.84),
    "HYP": (23.0, 16.0, 0.58),
}


def make(patients: int = 12, slices: int = 6, size: int = 128, seed: int = 0) -> SliceSet:
    """Draw a set of simulated patients, each at end-diastole and end-systole.

    Args:
        patients: Number of patients. Patient k looks the same whatever this number is.
        slices: Slices of each phase, from base (0) to apex.
        size: Side of the square images in pixels, at least 32; they always show 340 mm.
        seed: The same seed gives the same pixels.

    Returns:
        ``(patients * 2 * slices, size, size, 1)`` uint8 images, each scaled to 0-255 by its
        own extremes, and masks of the left ventricle's blood pool, papillary muscles
        included as experts do. The table adds ``part``: ``"train"`` for the first third of
        the patients, then ``"validation"`` and ``"test"``, as Sunnybrook's are.

    Raises:
        DataError: A number is too small.
    """
    if patients < 1 or slices < 1 or size < 32:
        raise DataError(
            f"the phantom needs at least 1 patient, 1 slice and size 32, found patients={patients},"
            f" slices={slices}, size={size}"
        )
    drawn, rows = [], []
    for k in range(patients):
        # One seed a patient, so that more patients do not change the first ones.
        rng = np.random.default_rng(np.random.SeedSequence([seed, k]))
        pathology = list(PATHOLOGIES)[k % len(PATHOLOGIES)]
        heart = _heart(rng, pathology)
        name, part = f"phantom-{k + 1:02d}", PARTS[3 * k // patients]
        for phase in ("ED", "ES"):
            drawn.append(_draw(rng, heart, phase, slices, size))
            rows += [
                (f"{name} {phase}", name, z, phase, pathology, f"{name}-{phase}-{z:02d}", part)
                for z in range(slices)
            ]
    table = pd.DataFrame(rows, columns=COLUMNS).assign(spacing=FIELD_OF_VIEW / size)
    images, masks = (np.concatenate(stack)[..., None] for stack in zip(*drawn, strict=True))
    return SliceSet("phantom", images, masks, table)


def _heart(rng: np.random.Generator, pathology: str) -> dict:
    """What stays the same in all slices and phases of one patient; lengths in mm."""
    radius, wall, systole = PATHOLOGIES[pathology]
    return {
        "radius": radius * rng.uniform(0.9, 1.1),
        "wall": wall * rng.uniform(0.9, 1.15),
        "systole": systole * rng.uniform(0.95, 1.05),
        "centre": rng.uniform((-15, -22), (25, 8)),
        "drift": rng.uniform((-14, -4), (14, 14)),  # of the centre, from base to apex
        "septum": np.deg2rad(rng.uniform(165, 220)),  # direction of the right ventricle
        "wobble": rng.uniform(-0.05, 0.05, 4),
        "body": rng.uniform((20, 48, 180, 152), (50, 68, 210, 178)),  # x, y, half axes
        "tilt": np.deg2rad(rng.uniform(-45, -8)),
        "fat": rng.uniform(7, 22),
        "diaphragm": rng.uniform((24, -0.25), (42, 0.25)),  # below the centre, slope
        "organs": rng.uniform((-130, 55, 14, 14, 0.1), (130, 150, 38, 30, 0.75), (14, 5)),
        "blood": rng.uniform(0.62, 0.85),
        "muscle": rng.uniform(0.17, 0.28),
        "coil": rng.uniform((-90, -120), (40, -60)),
        "reach": rng.uniform(130, 220),
        "noise": rng.uniform(0.008, 0.024),
        "round_view": rng.random() < 0.4,
    }


def _draw(
    rng: np.random.Generator, heart: dict, phase: str, slices: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """All slices of one phase: images and masks, ``(slices, size, size)`` uint8."""
    pixel = FIELD_OF_VIEW / size
    axis = (np.arange(size) - (size - 1) / 2) * pixel
    y, x = axis[:, None], axis[None, :]  # broadcast to (H, W), y downwards
    z = (np.linspace(0, 1, slices) if slices > 1 else np.zeros(1))[:, None, None]  # (S, 1, 1)

    def soft(distance: np.ndarray) -> np.ndarray:
        """Signed distance in mm (negative inside) to a share of each pixel in [0, 1]."""
        return np.clip(0.5 - distance / (1.8 * pixel), 0, 1)

    def ellipse(cx, cy, a, b, tilt=0.0) -> np.ndarray:
        """Signed distance to an ellipse in mm, near enough for soft edges."""
        u = (x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt)
        v = (y - cy) * np.cos(tilt) - (x - cx) * np.sin(tilt)
        return (np.sqrt((u / a) ** 2 + (v / b) ** 2) - 1) * np.minimum(a, b)

    def texture(scale: float) -> np.ndarray:
        """Smooth random field, mean 0 and standard deviation 1, with grains of `scale` mm."""
        field = rng.standard_normal((size, size)).astype(np.float32)
        field = cv2.GaussianBlur(field, (0, 0), max(scale / pixel, 0.5))
        return (field - field.mean()) / field.std()

    def paint(distance: np.ndarray, value, within: np.ndarray | float = 1.0) -> None:
        """Lay a shape of grey `value` over all slices of the image."""
        share = soft(distance) * within
        image[...] = image * (1 - share) + value * share

    image = np.zeros((slices, size, size))
    # Radii along the long axis: widest below the base, a rounded tip at the apex.
    profile = np.sqrt(1 - (0.92 * z) ** 2) * (1 - 0.06 * (1 - z))
    pool = heart["radius"] * profile
    outer = pool + heart["wall"] * (1 - 0.25 * z)
    right = np.clip(1.05 - 0.95 * z, 0.1, 1)  # relative size of the right ventricle
    if phase == "ES":
        # Muscle keeps its area: a smaller pool has a thicker wall.
        muscle_area = outer**2 - pool**2
        pool = pool * heart["systole"] * (1 - 0.1 * z)
        outer = np.sqrt(pool**2 + muscle_area)
        right = right * (0.5 + 0.4 * heart["systole"])
    pool = np.maximum(pool, 1.2 * pixel)  # no mask is empty, however coarse the grid
    cx = heart["centre"][0] + heart["drift"][0] * z
    cy = heart["centre"][1] + heart["drift"][1] * z
    angle = np.arctan2(y - cy, x - cx)
    distance = np.hypot(x - cx, y - cy)
    waves = (
        1
        + heart["wobble"][0] * np.cos(2 * angle)
        + heart["wobble"][1] * np.sin(2 * angle)
        + heart["wobble"][2] / 2 * np.cos(3 * angle)
    )
    lv_pool = distance - pool * waves
    lv_outer = distance - outer * (1 + (waves - 1) / 2)

    # The body: skin, a rim of fat, the chest wall, and inside it lung or belly.
    (bx, by, a, b), tilt, fat = heart["body"], heart["tilt"], heart["fat"]
    paint(ellipse(bx, by, a, b, tilt), 0.85 + 0.06 * texture(12))
    bx, by, a, b = bx + 0.4 * fat, by + 0.4 * fat, a - fat, b - fat
    paint(ellipse(bx, by, a, b, tilt), 0.18)
    chest = ellipse(bx, by, a - 7, b - 7, tilt)
    paint(chest, 0.05 + 0.03 * np.maximum(texture(3), 0))
    depth, slope = heart["diaphragm"]
    dome = heart["centre"][1] + depth + slope * x + (x - heart["centre"][0]) ** 2 / 700
    dome = dome - 12 * z  # the belly reaches higher in slices near the apex
    inside = soft(chest)
    paint(dome - y, 0.5 + 0.12 * texture(9), inside)  # fat between the organs
    belly = inside * soft(dome + 3 - y)
    for ox, oy, oa, ob, grey in heart["organs"]:
        organ = ellipse(ox + 8 * z, oy, oa * (1 - 0.2 * z), ob, ox / 60)
        paint(organ - 2.5, 0.08, belly)  # the dark outline of fat against water
        paint(organ, grey * (1 + 0.1 * texture(6)), belly)
    paint(ellipse(-75, dome + 42, 85, 44, -0.15), 0.3 + 0.02 * texture(4), belly)  # the liver

    # The heart: a bed of fat, the right ventricle, then the left one over it.
    away = outer * 0.95
    rx, ry = cx + away * np.cos(heart["septum"]), cy + away * np.sin(heart["septum"])
    rv = ellipse(rx, ry, 42 * right, 29 * right, heart["septum"] + np.pi / 2)
    muscle, blood, fat_bed = heart["muscle"], heart["blood"], 0.45 + 0.2 * texture(6)
    present = right > 0.2  # there is no right ventricle near the apex
    paint(rv - 6, fat_bed, present)
    paint(lv_outer - 3 + 3 * np.cos(angle - heart["septum"] + 2), fat_bed)
    paint(rv - 3, muscle, present)
    paint(rv, blood * (0.92 + 0.05 * texture(5)), present)
    paint(lv_outer, muscle * (1 + 0.07 * texture(4)))
    paint(lv_pool, blood * (1 + 0.04 * texture(8)))

    # Papillary muscles: from the wall into the pool, in the middle slices only.
    thick = 0.21 * pool * np.clip(3.2 * np.sin(np.pi * np.clip(1.15 * z, 0, 1)) - 0.6, 0, 1)
    for direction in (heart["septum"] + np.pi - 0.75, heart["septum"] + np.pi + 0.85):
        px, py = cx + 0.68 * pool * np.cos(direction), cy + 0.68 * pool * np.sin(direction)
        papillary = ellipse(px, py, 1.3 * thick + 1e-3, thick + 1e-3, direction)
        paint(papillary, 1.25 * muscle, soft(lv_pool) * (thick > 0))

    # The coil on the chest sees what is near it best.
    coil = np.hypot(x - heart["coil"][0], y - heart["coil"][1])
    image *= 0.25 + 1.1 * np.exp(-coil / heart["reach"])
    if heart["round_view"]:
        image *= soft(np.hypot(x, y) - 0.49 * FIELD_OF_VIEW)
    # The magnitude of a complex signal with Gaussian noise in both parts is Rician.
    real, imaginary = heart["noise"] * rng.standard_normal((2, *image.shape))
    image = np.hypot(image + real, imaginary)
    low = image.min(axis=(1, 2), keepdims=True)
    image = (image - low) / (image.max(axis=(1, 2), keepdims=True) - low)
    return np.round(255 * image).astype(np.uint8), (lv_pool < 0).astype(np.uint8)
