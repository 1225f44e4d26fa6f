"""Simulated brains with tumours in three MR sequences, for when the real slices cannot be had.

The anatomy is that of `seglib.phantoms.brain_anatomy`, inside skull and scalp. Tumours are
irregular and bright on FLAIR, with a soft edge. What makes them hard to find is there too:
the scalp is as bright, small bright spots are no tumours, and some tumours are faint.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from seglib.datasets import lgg
from seglib.errors import DataError
from seglib.phantoms import brain_anatomy
from seglib.phantoms.folder import new_phantom_folder
from seglib.phantoms.scanner import bias_field, reduced, with_rician_noise
from seglib.slices import SliceSet

MARGIN = 16.0  # mm of air and scalp added on each side of the brain's field of view
FIELD_OF_VIEW = brain_anatomy.FIELD_OF_VIEW + 2 * MARGIN
LOWEST, HIGHEST = -16.0, 70.0  # mm, of the slices: from below the basal ganglia to the vertex

#: What lies around the brain, continuing the tissues of `brain_anatomy`.
BONE, MARROW, SCALP = 7, 8, 9

#: Brightness of each tissue in each of `lgg.SEQUENCES`, where white matter has about 1.
BRIGHTNESS = np.array(
    [
        # air, fluid, cortex, white, striatum, thalamus, pallidum, bone, marrow, scalp
        [0.0, 0.30, 0.70, 1.00, 0.76, 0.84, 0.90, 0.10, 0.80, 2.00],
        [0.0, 0.22, 1.00, 0.82, 0.95, 0.90, 0.80, 0.10, 0.60, 1.70],
        [0.0, 0.34, 0.76, 1.00, 0.80, 0.88, 0.92, 0.12, 0.85, 1.90],
    ],
    np.float32,
)

#: Half axes in mm, least and largest, of the tumours that patients have, in turn.
SIZES = {"large": (20, 26), "medium": (13, 18), "small": (6, 9)}
PATIENTS = (("large",), ("medium",), ("medium", "small"), ("medium",), ("small",), ("large",))

#: Of every twelve patients this one has no post-contrast sequence: FLAIR stands in its place.
WITHOUT_POST_CONTRAST = 3


def make(patients: int = 12, slices: int = 20, size: int = lgg.SIZE, seed: int = 0) -> SliceSet:
    """Draw a set of simulated patients.

    Args:
        patients: Number of patients. Patient k looks the same whatever this number is.
        slices: Slices of each patient, upwards, evenly spread over the brain.
        size: Side of the square images in pixels, at least 64; they always show 240 mm.
        seed: The same seed gives the same pixels.

    Returns:
        ``(patients * slices, size, size, 3)`` uint8 images with the channels
        `lgg.SEQUENCES`, and masks of the tumours; of 20 slices a patient about two thirds
        hold none. Every sixth patient has two tumours; the fourth has no post-contrast
        sequence. The table is that of `lgg.load`.

    Raises:
        DataError: A number is too small, or there are more than 999 patients.
    """
    if not 1 <= patients <= 999 or slices < 1 or size < 64:
        raise DataError(
            "the tumour phantom needs 1 to 999 patients, at least 1 slice and size 64, found "
            f"patients={patients}, slices={slices}, size={size}"
        )
    images = np.empty((patients * slices, size, size, len(lgg.SEQUENCES)), np.uint8)
    masks = np.empty((patients * slices, size, size, 1), np.uint8)
    rows = []
    for k in range(patients):
        # One seed a patient, so that more patients do not change the first ones.
        rng = np.random.default_rng(np.random.SeedSequence([seed, k]))
        head = _head(rng, PATIENTS[k % len(PATIENTS)])
        for z in np.linspace(LOWEST, HIGHEST, slices):
            image, mask = images[len(rows)], masks[len(rows), ..., 0]
            image[:], mask[:] = _draw(rng, head, float(z), size)
            if k % 12 == WITHOUT_POST_CONTRAST:
                image[..., 2] = image[..., 1]
            number = len(rows) % slices + 1
            rows.append((f"P{k + 1:03d}", "XX", number, f"{_folder(k)}_{number}.tif"))
    return SliceSet(lgg.PHANTOM_NAME, images, masks, lgg.as_table(rows, images), lgg.CLASS_NAMES)


def _folder(k: int) -> str:
    """Name of patient k's folder: of no institution, and of no day that anyone was scanned."""
    return f"TCGA_XX_{k + 1:04d}_19991231"


def write(slices: SliceSet, folder: str | Path) -> None:
    """Write a set in the layout of the LGG slices, as `seglib.datasets.lgg` reads it.

    The file ``PHANTOM.txt`` beside the patients' folders says that no patient is shown, and
    keeps the set's name from becoming LGG.

    Args:
        slices: From `make`.
        folder: A new or empty folder; it will hold ``kaggle_3m/``.

    Raises:
        DataError: The set is not a tumour phantom, or the folder holds something or cannot
            be written to.
    """
    with new_phantom_folder(slices, lgg.PHANTOM_NAME, folder, __name__, lgg.FOLDER) as root:
        for source, image, mask in zip(
            slices.table["source"], slices.images, slices.masks[..., 0], strict=True
        ):
            name = source.removesuffix(".tif")
            patient = root / name.rpartition("_")[0]
            patient.mkdir(exist_ok=True)
            Image.fromarray(image).save(patient / source)
            Image.fromarray(mask * np.uint8(255)).save(patient / f"{name}_mask.tif")


def _head(rng: np.random.Generator, tumours: tuple[str, ...]) -> dict:
    """What stays the same in all slices of one patient; lengths in mm."""
    sequences = len(lgg.SEQUENCES)
    side = rng.choice([-1, 1])
    return {
        "brain": brain_anatomy.grow(rng),
        # Thickness of the fluid, bone, marrow, bone and scalp around the brain.
        "layers": rng.uniform((1, 1, 1.5, 1, 4), (3, 1.5, 3.5, 1.5, 8)),
        "gain": rng.uniform(42, 70, sequences),  # grey value of brightness 1
        "contrast": rng.uniform(0.93, 1.07, BRIGHTNESS.shape).astype(np.float32),
        "bias": rng.standard_normal((2, 4, 4)).astype(np.float32),
        "uneven": rng.uniform(0.04, 0.10),
        "blur": rng.uniform(0.6, 1.1),
        "noise": rng.uniform(0.02, 0.05),
        "spots": [_spot(rng) for _ in range(rng.integers(0, 7))],
        "tumours": [_tumour(rng, kind, side * (-1) ** i) for i, kind in enumerate(tumours)],
    }


def _spot(rng: np.random.Generator) -> dict:
    """A small bright spot on FLAIR in white matter, as ageing leaves: no tumour."""
    radius = rng.uniform(1.2, 2.5)
    return {
        "centre": rng.uniform((-35, -45, 5), (35, 45, 50)),
        "radius": radius,
        "spread": np.float32(2 * radius**2),
        "gain": np.float32(rng.uniform(0.3, 0.8)),
    }


def _tumour(rng: np.random.Generator, kind: str, side: int) -> dict:
    axes = rng.uniform(*SIZES[kind]) * rng.uniform((0.8, 0.8, 0.7), (1.25, 1.25, 0.9))
    grain = 0.7 * axes.mean()  # mm, of the irregular surface
    points = round(FIELD_OF_VIEW / grain)
    return {
        "centre": np.array([side, 1, 1]) * rng.uniform((20, -42, 12), (36, 42, 42)),
        "axes": axes,
        "turn": rng.uniform(0, np.pi),
        "surface": rng.standard_normal((2, points, points)).astype(np.float32),
        "grain": grain,
        "soft": rng.uniform(0.6, 1.6),  # mm over which it fades into the brain
        "flair": rng.uniform(0.35, 0.95),
        "dark": rng.uniform(0.15, 0.45),  # share of the brightness lost before contrast
        "cyst": rng.uniform(0, 0.6) if rng.random() < 0.4 else 0.0,  # fluid in its middle
        "rim": rng.uniform(0.4, 0.9) if rng.random() < 0.4 else 0.0,  # takes up contrast
    }


def _draw(
    rng: np.random.Generator, head: dict, z: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """One slice: ``(size, size, 3)`` uint8 and its mask ``(size, size)`` uint8."""
    tissue = _tissue(head, z, size)
    axis = (np.arange(len(tissue), dtype=np.float32) + 0.5) * (FIELD_OF_VIEW / len(tissue))
    x, y = (axis - FIELD_OF_VIEW / 2)[None, :], (axis - FIELD_OF_VIEW / 2)[:, None]
    brain = (tissue >= brain_anatomy.FLUID) & (tissue < BONE)
    fine = (BRIGHTNESS * head["contrast"])[:, tissue]  # (3, side, side)

    for spot in head["spots"]:
        dx, dy, dz = (a - np.float32(c) for a, c in zip((x, y, z), spot["centre"], strict=True))
        if abs(dz) < 4 * spot["radius"]:
            bright = spot["gain"] * np.exp((dx**2 + dy**2 + dz**2) / -spot["spread"])
            fine[1] += bright * (tissue == brain_anatomy.WHITE)

    inside = np.zeros_like(brain)
    for tumour in head["tumours"]:
        depth = _depth(tumour, x, y, z)
        if depth.max() > 1:  # mm; less would leave a tumour of a pixel or two
            inside |= brain & (depth > 0)
            _paint(fine, np.where(brain, depth, np.float32(-99)), tumour)
    mask = reduced(inside.astype(np.float32), size) >= 0.5

    image = np.stack([_scan(rng, head, plane, z, size) for plane in fine], axis=-1)
    return np.clip(np.rint(image * head["gain"]), 0, 255).astype(np.uint8), mask


def _tissue(head: dict, z: float, size: int) -> np.ndarray:
    """Which tissue each point of a slice is, on a grid finer than the image's."""
    tissue = brain_anatomy.slice_tissues(head["brain"], z, size)
    pixel = brain_anatomy.FIELD_OF_VIEW / len(tissue)
    tissue = np.pad(tissue, round(MARGIN / pixel), constant_values=brain_anatomy.OUTSIDE)
    outside = (tissue == brain_anatomy.OUTSIDE).astype(np.uint8)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5) * pixel
    # Near the vertex the layers are cut obliquely, and look thicker.
    upright = np.sqrt(max(0.12, 1 - (z / head["brain"]["top"]) ** 2))
    layer = np.digitize(away, np.cumsum(head["layers"]) / upright, right=True)
    around = np.array([brain_anatomy.FLUID, BONE, MARROW, BONE, SCALP, brain_anatomy.OUTSIDE])
    return np.where(outside > 0, around[layer], tissue)


def _depth(tumour: dict, x: np.ndarray, y: np.ndarray, z: float) -> np.ndarray:
    """How far inside its surface each point lies, in mm; negative outside. ``(side, side)``."""
    # Python's numbers, unlike NumPy's, leave the arrays float32.
    cos, sin = float(np.cos(tumour["turn"])), float(np.sin(tumour["turn"]))
    dx, dy, dz = (a - c for a, c in zip((x, y, z), tumour["centre"].tolist(), strict=True))
    a, b, c = tumour["axes"].tolist()
    u, v = (cos * dx + sin * dy) / a, (cos * dy - sin * dx) / b
    phase = dz / (1.5 * tumour["grain"])
    one, other = tumour["surface"]
    rough = float(np.cos(phase)) * one + float(np.sin(phase)) * other
    rough = cv2.resize(rough, (len(y), len(y)), interpolation=cv2.INTER_CUBIC)
    radius = np.sqrt(u**2 + v**2 + (dz / c) ** 2)
    return (1 + 0.16 * rough - radius) * (a + b + c) / 3


def _paint(fine: np.ndarray, depth: np.ndarray, tumour: dict) -> None:
    """Change the brightness of the three sequences where the tumour is."""
    share = 1 / (1 + np.exp(-np.clip(depth / tumour["soft"], -30, 30)))
    core = np.clip(depth / tumour["axes"].mean() - 0.4, 0, 0.4) / 0.4
    rim = tumour["rim"] * np.exp(-(((depth - 3) / 1.5) ** 2))
    levels = (
        0.85 - tumour["dark"] * (1 + 0.5 * core * (tumour["cyst"] > 0)),
        1 + tumour["flair"] * (1 - tumour["cyst"] * core),
        0.88 - tumour["dark"] + rim,
    )
    for plane, level in zip(fine, levels, strict=True):
        plane += share * (level - plane)


def _scan(
    rng: np.random.Generator, head: dict, plane: np.ndarray, z: float, size: int
) -> np.ndarray:
    """One sequence of one slice as the scanner sees it, ``(size, size)``, brightness about 1."""
    pixel = FIELD_OF_VIEW / size
    image = cv2.GaussianBlur(reduced(plane, size), (0, 0), head["blur"] / pixel)
    coarse = rng.standard_normal((64, 64)).astype(np.float32)
    texture = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    image = image * (1 + 0.04 * texture) * bias_field(head["bias"], z, head["uneven"], size)
    return with_rician_noise(image, head["noise"], rng)
