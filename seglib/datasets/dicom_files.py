"""Reading one DICOM frame, and saying what is wrong with a bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError

from seglib.errors import DataError


def read_dicom(path: Path) -> tuple[pydicom.FileDataset, np.ndarray]:
    """Read one grey DICOM frame.

    Returns:
        The file with its header, and ``(H, W)`` float32 stored intensities.

    Raises:
        DataError: The file is missing, is no DICOM image, or holds more than one grey frame.
    """
    try:
        frame = pydicom.dcmread(path)
        pixels = frame.pixel_array.astype(np.float32)
    # NotImplementedError: pydicom knows the compression, but lacks its decoder.
    except (InvalidDicomError, AttributeError, ValueError, OSError, NotImplementedError) as error:
        raise DataError(f"{path}: not a readable DICOM image ({error})") from error
    if pixels.ndim != 2:
        raise DataError(f"{path}: expected one grey frame, found an array of shape {pixels.shape}")
    return frame, pixels
