"""One DICOM frame with its contour files, its PNG image and its PNG mask, to look at closely."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from seglib.datasets.locations import find_folder
from seglib.files import atomic_write
from seglib.formats.pictures import read_pair
from seglib.phantoms.heart import make as make_hearts

#: A frame of the first patient at end-diastole, where both contours were drawn.
FRAME = 99
PAIR = "Data/Train/{}/Sunnybrook_Part1/SC-HF-I-01-IM-0001-{:04d}.dcm.png"

WALL_MM = 7.5  # of the phantom's epicardial contour, around its blood pool
GREY_STEP = 4  # scanner units to one grey value of the phantom


@dataclass(frozen=True)
class DicomExample:
    """Where one frame's files are, and what its PNG pair holds.

    Attributes:
        name: Data set's name as figures print it.
        dicom: The frame's DICOM file.
        endocardium: Its inner contour file, around the blood pool.
        epicardium: Its outer contour file, around blood pool and wall.
        image: ``(H, W)`` uint8, the frame as a PNG.
        mask: ``(H, W)`` uint8, 1 in the blood pool, as a PNG.
    """

    name: str
    dicom: Path
    endocardium: Path
    epicardium: Path
    image: np.ndarray
    mask: np.ndarray


def find_example(folder: str | Path) -> DicomExample:
    """A Sunnybrook frame, or, where the originals are absent, a phantom in the same form.

    The originals are looked for in ``$SEGLIB_DATA_DIR`` and ``data/raw``: ``scd_dicom`` and
    ``sunnybrook`` must both be there. If they are not, that is said on the console.

    Args:
        folder: Where the phantom's files are written, if they are needed.

    Raises:
        DataError: The originals are there but broken, or `folder` cannot be written.
    """
    originals, pngs = find_folder("scd_dicom"), find_folder("sunnybrook")
    if originals is None or pngs is None:
        print("The original DICOM files are not here: a phantom frame in the same form is shown.")
        return write_example(folder)
    contours = originals / "contourfiles" / "SC-HF-I-1"
    paths = (pngs / PAIR.format(kind, FRAME) for kind in ("Images", "Labels"))
    image, mask = read_pair(*paths)
    return DicomExample(
        name="Sunnybrook",
        dicom=originals / "dicoms" / "SCD0000101" / f"{FRAME}.dcm",
        endocardium=contours / "i-contours" / f"IM-0001-{FRAME:04d}-icontour-manual.txt",
        epicardium=contours / "o-contours" / f"IM-0001-{FRAME:04d}-ocontour-manual.txt",
        image=image.reshape(*mask.shape, -1)[..., 0],
        mask=mask,
    )


def write_example(folder: str | Path) -> DicomExample:
    """Write one phantom frame as a DICOM file with two contour files.

    Args:
        folder: Made if missing; files of an earlier call are replaced.

    Raises:
        DataError: The folder cannot be written.
    """
    folder = Path(folder)
    drawn = make_hearts(patients=1, slices=5, size=256).take([2])
    image, mask = drawn.images[0, ..., 0], drawn.masks[0, ..., 0]
    spacing = float(drawn.table["spacing"].iloc[0])
    side = 2 * round(WALL_MM / spacing) + 1
    heart = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return DicomExample(
        name=drawn.name,
        dicom=atomic_write(folder / "41.dcm", _dicom_bytes(image, spacing)),
        endocardium=atomic_write(folder / "IM-0001-0041-icontour-manual.txt", _outline(mask)),
        epicardium=atomic_write(folder / "IM-0001-0041-ocontour-manual.txt", _outline(heart)),
        image=image,
        mask=mask,
    )


def _outline(mask: np.ndarray) -> str:
    """The border pixels of a mask in one piece, one ``x y`` a line."""
    (contour,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return "".join(f"{x:.2f} {y:.2f}\n" for x, y in contour[:, 0])


def _dicom_bytes(image: np.ndarray, spacing: float) -> bytes:
    """A minimal MR image file: `image` ``(H, W)`` uint8, `spacing` in mm."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    frame = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    frame.SOPClassUID, frame.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    frame.PatientID, frame.Modality, frame.InstanceNumber = "phantom-01", "MR", 41
    frame.Rows, frame.Columns = image.shape
    frame.PixelSpacing = [round(spacing, 6)] * 2
    frame.SliceThickness, frame.SpacingBetweenSlices, frame.SliceLocation = 8, 10, 20
    frame.ImagePositionPatient, frame.TriggerTime = [0, 0, 20], 0
    frame.SamplesPerPixel, frame.PhotometricInterpretation = 1, "MONOCHROME2"
    frame.BitsAllocated = frame.BitsStored = 16
    frame.HighBit, frame.PixelRepresentation = 15, 1
    frame.PixelData = (image.astype("<i2") * GREY_STEP).tobytes()
    stream = io.BytesIO()
    frame.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
