"""Reading one DICOM frame, and saying what is wrong with a bad one."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.filereader import read_file_meta_info
from pydicom.pixels import apply_modality_lut, get_decoder
from pydicom.uid import DeflatedExplicitVRLittleEndian

from seglib.errors import DataError

#: Pixels of the largest frame that is decoded: 8192 x 8192, four times a large radiograph.
#: A few bytes of a header can claim four thousand million.
LARGEST = 2**26

_REMEDY = "replace it by an intact copy, write it anew with dcmconv of DCMTK, or leave it out"


def read_dicom(path: Path) -> tuple[pydicom.FileDataset, np.ndarray]:
    """Read one grey DICOM frame.

    Args:
        path: A file, whatever its ending.

    Returns:
        The file with its header, and ``(H, W)`` float32 intensities, rescaled as the header
        says. (Between a slope of 1 and an intercept of 0 these are the stored numbers.)

    Raises:
        DataError: The file is missing, is no DICOM image or a damaged one, its compression has
            no decoder here, it holds colour, a palette or more than one frame, more than
            `LARGEST` pixels, or is rescaled by something that is no number.
    """
    frame = _opened(path)
    try:
        _check_header(frame, path)
        compression = frame.file_meta.TransferSyntaxUID
        if compression.is_compressed:
            _require_decoder(compression, path)
        with warnings.catch_warnings():  # what matters of them is checked here
            warnings.simplefilter("ignore")
            stored = frame.pixel_array
    except DataError:
        raise
    except Exception as error:  # whatever the parsers and decoders below meet in a bad file
        raise DataError(
            f"{path}: not a readable DICOM image ({brief(error)}); {_REMEDY}"
        ) from error
    if stored.ndim != 2:
        raise DataError(
            f"{path}: expected one grey frame, found an array of shape {stored.shape}; save each "
            "frame as a file of its own"
        )
    return frame, _rescaled(stored, frame, path)


def brief(error: Exception) -> str:
    """The first sentence of an error, on one line and without unprintable characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text.split(". ")[0])
    return text if len(text) <= 160 else text[:157] + "..."


def _opened(path: Path) -> pydicom.FileDataset:
    """The file's header; its pixels are not decoded yet."""
    if not path.exists():
        raise DataError(f"{path}: no such DICOM file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Reading such a file unpacks all of it at once, however much that is.
            meta = read_file_meta_info(path)
            if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
                raise DataError(
                    f"{path}: the whole file is deflated, which is not read; write it anew with "
                    "dcmconv of DCMTK"
                )
            return pydicom.dcmread(path)
    except DataError:
        raise
    except Exception as error:  # hostile headers make pydicom raise almost anything
        raise DataError(
            f"{path}: not a readable DICOM image ({brief(error)}); {_REMEDY}"
        ) from error


def _check_header(frame: pydicom.FileDataset, path: Path) -> None:
    """Refuse what is no grey frame of a sensible size, before anything is decoded."""
    kind = str(frame.get("PhotometricInterpretation", ""))
    if kind == "PALETTE COLOR":
        raise DataError(
            f"{path}: its numbers are places in a palette of colours, not brightness; save it as a "
            "PNG picture"
        )
    if int(frame.get("SamplesPerPixel") or 1) != 1:
        raise DataError(
            f"{path}: expected one grey frame, found colour ({kind}); save it as a PNG picture"
        )
    frames = int(frame.get("NumberOfFrames") or 1)
    if frames != 1:
        raise DataError(
            f"{path}: expected one grey frame, found {frames}; save each frame as a file of its own"
        )
    rows, columns = int(frame.get("Rows") or 0), int(frame.get("Columns") or 0)
    if rows * columns > LARGEST:
        raise DataError(
            f"{path}: claims {rows}x{columns} pixels, more than the {LARGEST} that are read; "
            f"{_REMEDY}"
        )


def _require_decoder(compression: pydicom.uid.UID, path: Path) -> None:
    """Refuse a compression that no installed package decodes, and name one that does."""
    decoder = get_decoder(compression)
    if decoder.is_available:
        return
    # Such as "pylibjpeg - requires pylibjpeg>=2.0 and pylibjpeg-libjpeg>=2.1".
    lines = [line for line in decoder.missing_dependencies if line.startswith("pylibjpeg - ")]
    words = " ".join(lines).partition("requires ")[2].split(" and ")
    packages = " ".join(word.partition(">=")[0].strip() for word in words if word)
    raise DataError(
        f"{path}: is compressed as {compression.name}, whose decoder is not installed; "
        f"run: pip install {packages or 'python-gdcm'}, or write the file anew, uncompressed"
    )


def _rescaled(stored: np.ndarray, frame: pydicom.FileDataset, path: Path) -> np.ndarray:
    """Stored numbers to intensities, ``(H, W)`` float32."""
    try:
        slope, intercept = (
            default if frame.get(key) is None else float(frame.get(key))
            for key, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
        )
        if not (np.isfinite([slope, intercept]).all() and slope):
            raise DataError(
                f"{path}: is rescaled by {slope:g} and {intercept:g}, which makes no intensities; "
                f"{_REMEDY}"
            )
        if frame.get("ModalityLUTSequence"):
            return apply_modality_lut(stored, frame).astype(np.float32)
    except DataError:
        raise
    except Exception as error:  # a broken number, or a broken table
        raise DataError(f"{path}: cannot be rescaled ({brief(error)}); {_REMEDY}") from error
    if (slope, intercept) == (1.0, 0.0):
        return stored.astype(np.float32)
    return (stored * slope + intercept).astype(np.float32)
