"""A simulated brain for four-tissue segmentation, for when no real slices can be had.

Axial T1-like slices, stripped of the skull as the OASIS slices are. The anatomy is that
of `seglib.phantoms.brain_anatomy`; here it becomes an image: the brightness of each
tissue, shares of several tissues in one pixel, a bias field, blur, Rician noise, and the
traces that a program leaves which cuts the skull away.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from seglib.datasets import oasis
from seglib.errors import DataError
from seglib.phantoms import brain_anatomy
from seglib.phantoms.folder import new_phantom_folder
from seglib.phantoms.scanner import bias_field, reduced, with_rician_noise
from seglib.slices import PARTS, SliceSet

#: Class of each tissue of `seglib.phantoms.brain_anatomy`: deep nuclei are grey matter.
CLASS_OF = np.array([0, 1, 2, 3, 2, 2, 2], np.uint8)

#: Brightness of each tissue where white matter has 1. The nuclei are mixed with fibres,
#: the pallidum most, so grey alone does not tell them from white matter.
BRIGHTNESS = np.array([0.0, 0.24, 0.68, 1.0, 0.74, 0.82, 0.88], np.float32)


def make(patients: int = 24, slices: int = 8, size: int = 256, seed: int = 0) -> SliceSet:
    """Draw a set of simulated patients.

    Args:
        patients: Number of patients. Patient k looks the same whatever this number is.
        slices: Slices of each patient, from the basal ganglia upwards, evenly spread.
        size: Side of the square images in pixels, at least 64; they always show 208 mm.
        seed: The same seed gives the same pixels.

    Returns:
        ``(patients * slices, size, size, 1)`` uint8 images and masks with the classes of
        `seglib.datasets.oasis`. The table is that of `oasis.load`, so ``spacing`` is NaN;
        ``part`` is ``"test"`` for the last sixth of the patients (at least one, if there
        are three), ``"validation"`` for as many before them, else ``"train"``.

    Raises:
        DataError: A number is too small, or there are more than 999 patients.
    """
    if not 1 <= patients <= 999 or slices < 1 or size < 64:
        raise DataError(
            "the brain phantom needs 1 to 999 patients, at least 1 slice and size 64, found "
            f"patients={patients}, slices={slices}, size={size}"
        )
    held_out = max(round(patients / 6), int(patients >= 3))
    heights = np.linspace(brain_anatomy.LOWEST, brain_anatomy.HIGHEST, slices)
    images, masks, rows = [], [], []
    for k in range(patients):
        # One seed a patient, so that more patients do not change the first ones.
        rng = np.random.default_rng(np.random.SeedSequence([seed, k]))
        brain, scanner = brain_anatomy.grow(rng), _scanner(rng)
        later = (patients - 1 - k) // held_out if held_out else 2
        part = PARTS[2 - min(later, 2)]
        for i, z in enumerate(heights):
            tissue = brain_anatomy.slice_tissues(brain, z, size)
            masks.append(_mask(tissue, size))
            images.append(_image(rng, scanner, tissue, z, size))
            rows.append((f"{k + 1:03d}", i, part))
    stacks = (np.stack(stack)[..., None] for stack in (images, masks))
    return SliceSet(oasis.PHANTOM_NAME, *stacks, oasis.as_table(rows), oasis.CLASS_NAMES)


def write(slices: SliceSet, folder: str | Path) -> None:
    """Write a set in the layout and under the file names of the OASIS slices.

    `seglib.datasets.oasis.load` reads the same set back. The file ``PHANTOM.txt`` beside the
    six folders says that no patient is shown, and keeps the set's name from becoming OASIS.

    Args:
        slices: From `make`, at least one patient in each part.
        folder: A new or empty folder.

    Raises:
        DataError: The set is not a brain phantom or lacks a part, or the folder holds
            something or cannot be written to.
    """
    values = np.array(list(oasis.LABELS), np.uint8)
    with new_phantom_folder(slices, oasis.PHANTOM_NAME, folder, __name__) as root:
        missing = [part for part in PARTS if not slices.table["part"].eq(part).any()]
        if missing:
            raise DataError(
                f"no slices of the part(s) {', '.join(missing)}; make at least 3 patients"
            )
        for part in PARTS:
            for name in oasis.folders(part):
                (root / name).mkdir()
        for row, image, mask in zip(
            slices.table.itertuples(), slices.images[..., 0], slices.masks[..., 0], strict=True
        ):
            image_folder, mask_folder = oasis.folders(row.part)
            mask_name = row.source.replace("case_", "seg_")
            Image.fromarray(image).save(root / image_folder / row.source)
            Image.fromarray(values[mask]).save(root / mask_folder / mask_name)


def _scanner(rng: np.random.Generator) -> dict:
    """What stays the same in all slices of one patient."""
    return {
        "gain": rng.uniform(110, 142),  # grey value of white matter
        "contrast": rng.uniform(-0.03, 0.03, len(BRIGHTNESS)) * (BRIGHTNESS > 0),
        "bias": rng.standard_normal((2, 5, 5)).astype(np.float32),
        "uneven": rng.uniform(0.06, 0.12),  # strength of the bias field
        "blur": rng.uniform(0.5, 0.8),  # mm
        "noise": rng.uniform(0.03, 0.055),
        "strip": rng.standard_normal((12, 12)).astype(np.float32),
    }


def _mask(tissue: np.ndarray, size: int) -> np.ndarray:
    """The class that holds the largest share of each pixel, ``(size, size)`` uint8."""
    classes = CLASS_OF[tissue]
    shares = [reduced((classes == k).astype(np.float32), size) for k in range(4)]
    return np.argmax(shares, axis=0).astype(np.uint8)


def _image(
    rng: np.random.Generator, scanner: dict, tissue: np.ndarray, z: float, size: int
) -> np.ndarray:
    """One slice as the scanner sees it and the skull-stripping leaves it, uint8."""
    pixel = brain_anatomy.FIELD_OF_VIEW / size
    brightness = (BRIGHTNESS + scanner["contrast"])[tissue]
    # Where too little was cut away, a rim of the membranes around the brain is left.
    inside = (tissue != brain_anatomy.OUTSIDE).astype(np.uint8)
    away = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) * pixel * size / len(tissue)
    left = cv2.resize(scanner["strip"], tissue.shape, interpolation=cv2.INTER_CUBIC)
    stripped = away > 2.5 * np.clip(left, 0, 1)
    brightness[(inside == 0) & ~stripped] = 0.4
    image = reduced(brightness, size)
    image = cv2.GaussianBlur(image, (0, 0), scanner["blur"] / pixel)
    texture = cv2.GaussianBlur(rng.standard_normal((size, size)), (0, 0), 2.5 / pixel)
    image = image * (1 + 0.03 * texture / texture.std())
    image = image * bias_field(scanner["bias"], z, scanner["uneven"], size)
    image = with_rician_noise(image, scanner["noise"], rng)
    image = image * (reduced((~stripped).astype(np.float32), size) >= 0.5)
    return np.clip(np.rint(scanner["gain"] * image), 0, 255).astype(np.uint8)
