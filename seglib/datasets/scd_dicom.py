"""The original form of the Sunnybrook data: DICOM frames and expert contour files.

Layout: ``dicoms/SCD0000101/48.dcm`` (the number is the frame),
``contourfiles/SC-HF-I-1/{i,o}-contours/IM-0001-0048-{i,o}contour-manual.txt`` (one
point a line, x then y, in pixels), and ``link.csv``, which says whose DICOM is whose.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.locations import require_folder
from seglib.datasets.sunnybrook import FRAMES_PER_SLICE, name_phases
from seglib.errors import DataError
from seglib.formats.contours import fill_contour, read_contour
from seglib.formats.dicom import explained, read_dicom
from seglib.slices import SliceSet

#: Patients whose epicardial contours are wrong in this copy of the data, and why.
WRONG_EPICARDIUM = {
    "SC-HF-I-06": "its nine epicardial files are copies of those of SC-HF-I-01, another heart: "
    "they do not even enclose its endocardial contours",
}

#: Which files hold a contour, and what its inside is.
CONTOURS = {
    "endocardium": ("i", "left ventricle"),
    "epicardium": ("o", "left ventricle with its wall"),
}


def load(
    root: str | Path | None = None,
    *,
    contour: str = "endocardium",
    exclude_wrong: bool = True,
) -> SliceSet:
    """Read every frame that has an expert contour, and fill the contour to a mask.

    Patients get the names of the PNG set: ``SC-HF-I-1`` here is ``SC-HF-I-01`` there.

    Args:
        root: The folder that holds ``dicoms/``, ``contourfiles/`` and ``link.csv``. Default:
            ``$SEGLIB_DATA_DIR/scd_dicom``, else ``data/raw/scd_dicom``.
        contour: ``"endocardium"`` (the blood pool, at end-diastole and end-systole) or
            ``"epicardium"`` (blood pool and wall, which experts drew at end-diastole only).
        exclude_wrong: Leave out the epicardial contours of `WRONG_EPICARDIUM`.

    Returns:
        ``(N, H, W, 1)`` float32 images in the scanner's own intensities and their masks,
        sorted by patient, phase and slice. ``spacing`` is the pixel side in mm. The table
        adds ``frame`` (0-19 in the heart cycle).

    Raises:
        DataError: A folder, ``link.csv`` or a DICOM file is missing or unreadable, a contour
            is empty, has an unreadable line or leaves its image, or image sizes differ.

    Source: Radau et al. 2009, Evaluation framework for algorithms segmenting short axis
        cardiac MRI (CC0 1.0).
    """
    if contour not in CONTOURS:
        raise DataError(f"unknown contour {contour!r}; choose from {', '.join(CONTOURS)}")
    root = require_folder("scd_dicom", root)
    letter, class_name = CONTOURS[contour]
    contour_files = sorted(root.glob(f"contourfiles/*/{letter}-contours/*.txt"))
    if not contour_files:
        raise DataError(
            f"{root}: no contours found; expected contourfiles/*/{letter}-contours/*.txt"
        )
    folders = _dicom_folders(root / "link.csv")
    images, masks, rows = [], [], []
    for path in contour_files:
        original_id = path.parents[1].name
        patient = pad_patient(original_id)
        if contour == "epicardium" and exclude_wrong and patient in WRONG_EPICARDIUM:
            continue
        if original_id not in folders:
            raise DataError(f"{path}: {original_id} is not in the column original_id of link.csv")
        number = _frame_number(path)
        dicom_path = root / "dicoms" / folders[original_id] / f"{number}.dcm"
        image, spacing = read_frame(dicom_path)
        if images and image.shape != images[0].shape:
            raise DataError(
                f"{dicom_path}: the frame is {image.shape} (height, width), the first one "
                f"{images[0].shape}; all frames must have the same size"
            )
        images.append(image)
        masks.append(fill_contour(read_contour(path), image.shape, path))
        slice_, frame = divmod(number - 1, FRAMES_PER_SLICE)
        rows.append(
            {
                "patient": patient,
                "slice": slice_,
                "frame": frame,
                "spacing": spacing,
                "pathology": re.sub(r"^SC-|-\d+$", "", patient),
                "source": dicom_path.name,
            }
        )
    if not rows:
        raise DataError(f"{root}: every patient with an {contour} contour is excluded as wrong")
    table = pd.DataFrame(rows)
    masks = np.stack(masks)[..., None]
    table["phase"] = name_phases(table, masks.sum(axis=(1, 2, 3)))
    table["case"] = table["patient"] + " " + table["phase"]
    slices = SliceSet(
        "Sunnybrook DICOM", np.stack(images)[..., None], masks, table, ("background", class_name)
    )
    return slices.take(table.sort_values(["patient", "phase", "slice"]).index.to_numpy())


def load_stacks(root: str | Path | None = None) -> SliceSet:
    """Read the whole stacks at end-diastole and end-systole, frames without a contour too.

    Experts drew from the base to the apex. The frames above and below have an empty mask here: to
    ask what a network draws where there is nothing to draw.

    Args:
        root: As `load`.

    Returns:
        As `load`, with the blood pool's contours, for the patients that have contours.

    Raises:
        DataError: As `load`; or a frame of a stack is missing, for a part of it says nothing
            about the whole.
    """
    drawn = load(root)
    root = require_folder("scd_dicom", root)
    folders = {
        pad_patient(name): folder for name, folder in _dicom_folders(root / "link.csv").items()
    }
    images, masks, rows = [], [], []
    for index in drawn.cases():
        at = {drawn.table.loc[row, "slice"]: row for row in index}
        first = drawn.table.loc[index[0]]
        folder = root / "dicoms" / folders[first["patient"]]
        last = max(int(path.stem) for path in folder.glob("*.dcm"))
        for slice_ in range(-(-last // FRAMES_PER_SLICE)):
            path = folder / f"{slice_ * FRAMES_PER_SLICE + first['frame'] + 1}.dcm"
            if slice_ in at:
                image, mask = drawn.images[at[slice_], ..., 0], drawn.masks[at[slice_], ..., 0]
                spacing = drawn.table.loc[at[slice_], "spacing"]
            elif path.is_file():
                image, spacing = read_frame(path)
                mask = np.zeros(image.shape, np.uint8)
            else:
                raise DataError(
                    f"{path}: no such file; a whole stack has {FRAMES_PER_SLICE} frames of each "
                    f"slice, and the last frame of {first['patient']} here is {last}"
                )
            images.append(image)
            masks.append(mask)
            rows.append({**first, "slice": slice_, "spacing": spacing, "source": path.name})
    return SliceSet(
        "Sunnybrook DICOM, whole stacks",
        np.stack(images)[..., None],
        np.stack(masks)[..., None],
        pd.DataFrame(rows),
        drawn.class_names,
    )


def pad_patient(original_id: str) -> str:
    """``SC-HF-I-1`` to ``SC-HF-I-01``: the name the patient has in the PNG set."""
    return re.sub(r"\d+$", lambda number: number[0].zfill(2), original_id)


def _dicom_folders(path: Path) -> dict[str, str]:
    """Read ``link.csv``: original id to DICOM folder."""
    try:
        link = pd.read_csv(path, dtype=str).dropna(subset=["patient_id", "original_id"])
        return dict(zip(link["original_id"], link["patient_id"], strict=True))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; it says whose DICOM folder is whose") from None
    except (KeyError, ValueError, OSError) as error:
        raise DataError(
            f"{path}: expected a table with patient_id,original_id ({error})"
        ) from error


def _frame_number(path: Path) -> int:
    name = re.match(r"IM-\d+-(\d+)-", path.name)
    if name is None or not int(name[1]):
        raise DataError(
            f"{path}: no frame number in the name; expected IM-0001-0048-icontour-manual.txt"
        )
    return int(name[1])


def read_frame(path: Path) -> tuple[np.ndarray, float]:
    """Read one DICOM frame.

    Returns:
        ``(H, W)`` float32 intensities of `read_dicom`, and the side of a (square) pixel in mm.

    Raises:
        DataError: The file is missing, is no DICOM image, or has no square pixels.
    """
    if not path.exists():
        raise DataError(f"{path}: no such DICOM file, but a contour was drawn on it")
    frame, pixels = read_dicom(path)
    with explained(path):
        sides = np.asarray(frame.get("PixelSpacing") or [], float)
    spacing = np.atleast_1d(sides).tolist()
    if len(spacing) != 2 or not (0 < min(spacing) < np.inf and np.isclose(*spacing)):
        raise DataError(
            f"{path}: expected square pixels, found pixel spacing {spacing} mm; "
            "correct its header, or leave out the contours drawn on it"
        )
    return pixels, spacing[0]
