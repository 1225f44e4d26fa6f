"""A student's folder as it may come: images, masks from five programs, and four faults in it.

The hearts are the phantom's, so nothing in the folder shows a patient.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import nibabel
import numpy as np
from PIL import Image

from seglib.files import atomic_write
from seglib.formats.annotations.coco import encode_rle
from seglib.formats.annotations.labelme import labelme_text
from seglib.phantoms import heart
from seglib.phantoms.folder import new_phantom_folder
from seglib.slices import SliceSet

#: The label in all files.
LABEL = "heart"

#: Patients of three of the faults, counted from 0; the fourth is the last image in the COCO file.
_OTHER_SIZE, _TWICE, _BESIDE = 0, 2, 7

#: An outline is drawn on a grid so much finer, so that it encloses each pixel's centre.
_FINE = 4


def write(
    folder: str | Path, patients: int = 12, slices: int = 4, size: int = 96, seed: int = 0
) -> dict[str, str]:
    """Write ``images/PATIENT/NUMBER.png`` and ``annotations``, with planted faults.

    One patient's masks are LabelMe files, the next one's stand in a COCO file, then ImageJ,
    NIfTI, pictures, and again from the start.

    Args:
        folder: A new or empty folder.
        patients: At least 8.
        slices: Slices of each of a patient's two phases.
        size: Side of the images in pixels.
        seed: Of the phantom.

    Returns:
        What was planted: the place of each fault, and what is wrong there.

    Raises:
        DataError: The folder holds something or cannot be written to, or a number is too small.
    """
    drawn = heart.make(patients, slices, size, seed)
    with new_phantom_folder(drawn, "phantom", folder, __name__) as root:
        coco: dict[str, list] = {"images": [], "annotations": [], "categories": []}
        coco["categories"].append({"id": 1, "name": LABEL})
        for number, key, image, mask in _pictures(drawn):
            _write_image(root, key, image)
            if number == _BESIDE:
                mask = np.roll(mask, (size // 16, size // 12), axis=(0, 1))
            _write_mask(root, key, mask, number, coco)
            if number == _TWICE:
                again = f"phantom-{patients + 1:02d}/{key.split('/')[1]}"
                _write_image(root, again, (image * 0.9).astype(np.uint8))
                atomic_write(root / "annotations" / f"{again}.png", _png(mask * np.uint8(255)))
        forgotten = coco["images"].pop()
        coco["annotations"] = [
            one for one in coco["annotations"] if one["image_id"] != forgotten["id"]
        ]
        other = f"{drawn.patients[_OTHER_SIZE]}/00"
        _, _, _, mask = next(_pictures(drawn))
        half = (size // 2, size // 2)
        text = labelme_text("00.png", half, [(LABEL, points / 2) for points in outlines(mask)])
        atomic_write(root / "annotations" / f"{other}.json", text)
        atomic_write(root / "annotations" / "export.json", json.dumps(coco))
    return {
        other: "was drawn on the image at half its size",
        forgotten["file_name"].removesuffix(".png"): "was forgotten: nobody has drawn on it",
        again.split("/")[0]: f"is {drawn.patients[_TWICE]} once more, a little darker",
        drawn.patients[_BESIDE]: "has all masks beside the heart",
    }


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Polygons that enclose the centres of a mask's pixels, and of no others.

    Args:
        mask: ``(H, W)`` uint8, 0 or 1, without holes.

    Returns:
        For each part ``(points, 2)``: x and y in pixels, counted from the corner of the image.
    """
    fine = np.kron(mask, np.ones((_FINE, _FINE), np.uint8))
    found, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [(contour[:, 0] + 0.5) / _FINE for contour in found]


def _pictures(drawn: SliceSet) -> Iterator[tuple[int, str, np.ndarray, np.ndarray]]:
    """Number of the patient, key ``PATIENT/NUMBER``, image and mask ``(H, W)``."""
    for number, patient in enumerate(drawn.patients):
        rows = np.flatnonzero(drawn.table["patient"] == patient)
        for place, row in enumerate(rows):
            yield (
                number,
                f"{patient}/{place:02d}",
                drawn.images[row, ..., 0],
                drawn.masks[row, ..., 0],
            )


def _write_image(root: Path, key: str, image: np.ndarray) -> None:
    atomic_write(root / "images" / f"{key}.png", _png(image))


def _write_mask(root: Path, key: str, mask: np.ndarray, number: int, coco: dict[str, list]) -> None:
    """One mask in the format of the patient's turn."""
    beside = root / "annotations" / key
    parts = outlines(mask)
    turn = number % 5
    if turn == 0:
        text = labelme_text(f"{beside.name}.png", mask.shape, [(LABEL, part) for part in parts])
        atomic_write(beside.with_suffix(".json"), text)
    elif turn == 1:
        _add_to(coco, key, mask, parts)
    elif turn == 2 and len(parts) == 1:
        atomic_write(beside.with_suffix(".roi"), _roi(parts[0]))
    elif turn == 3:  # as ITK-SNAP saves it: columns run to the left, rows to the back
        volume = nibabel.Nifti1Image(mask.T[..., None], np.diag([-1.0, -1.0, 1.0, 1.0]))
        atomic_write(beside.with_suffix(".nii"), volume.to_bytes())
    else:
        atomic_write(beside.with_suffix(".png"), _png(mask * np.uint8(255)))


def _add_to(coco: dict[str, list], key: str, mask: np.ndarray, parts: list[np.ndarray]) -> None:
    """An image of a COCO file: polygons and run lengths in turn."""
    number = len(coco["images"])
    height, width = mask.shape
    coco["images"].append(
        {"id": number, "file_name": f"{key}.png", "height": height, "width": width}
    )
    if not parts:
        return
    outline: list | dict = [part.ravel().tolist() for part in parts]
    if number % 2:
        outline = {"size": [height, width], "counts": encode_rle(mask)}
    coco["annotations"].append(
        {"id": number, "image_id": number, "category_id": 1, "segmentation": outline}
    )


def _roi(points: np.ndarray) -> bytes:
    """A polygon with exact coordinates, as ImageJ saves it."""
    count = len(points)
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    head = struct.pack(">4shBx4hH", b"Iout", 227, 0, top, left, bottom, right, count)
    head = head.ljust(50, b"\0") + struct.pack(">h", 128)
    whole = (np.round(points) - (left, top)).astype(">i2").T.tobytes()
    return head.ljust(64, b"\0") + whole + points.astype(">f4").T.tobytes()


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="png")
    return stream.getvalue()
