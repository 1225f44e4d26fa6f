"""Reading one DICOM frame, and saying what is wrong with a bad one."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
from pydicom.encaps import parse_basic_offsets
from pydicom.filereader import read_file_meta_info
from pydicom.pixels import apply_modality_lut, get_decoder
from pydicom.pixels.decoders import gdcm, pylibjpeg
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGExtended12Bit

from seglib.errors import DataError

#: Most pixels that a header may claim, 8192x8192: far above any MR image. Without a limit, a
#: compressed file of a few hundred bytes can ask for gigabytes.
MOST_PIXELS = 2**26

#: Most bytes that a deflated file may unpack to: `MOST_PIXELS` of 32 bits, and a header.
MOST_BYTES = 2**28 + 2**24

#: Where the pixels can be: integers, or 32 or 64-bit floats.
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

CONVERT = "convert it (dcm2niix makes NIfTI files, DCMTK's dcm2img PNG files)"
REMEDY = f"replace the file by an intact copy, {CONVERT}, or leave it out"


def read_dicom(path: Path) -> tuple[pydicom.FileDataset, np.ndarray]:
    """Read one grey DICOM frame, bright where the tissue gives signal.

    Returns:
        The file with its header, and ``(H, W)`` float32 finite intensities: as stored,
        unless the header rescales or maps them; MONOCHROME1 is inverted after that.

    Raises:
        DataError: The file is missing, is no DICOM image, cannot be decoded, holds
            anything but one grey frame, or intensities that are not finite.
    """
    with explained(path):
        _refuse_bomb(path)
        frame = pydicom.dcmread(path)
        _require_one_grey_frame(frame, path)
        stored = _decode(frame, path)
        if stored.ndim != 2:
            raise DataError(_several_frames(path, len(stored)))
        pixels = _rescale(stored, frame, path)
        if frame.PhotometricInterpretation == "MONOCHROME1":
            with np.errstate(over="ignore"):
                pixels = pixels.max() - pixels
    if not np.isfinite(pixels).all():
        raise DataError(
            f"{path}: holds intensities that are not finite, or too large for 32-bit floats "
            "(3.4e38) once they are rescaled as its header says; replace them, e.g. by 0"
        )
    return frame, pixels


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn whatever pydicom raises on a file into a `DataError`.

    pydicom reads a header's values only when they are asked for, so this belongs around
    each use of a frame's header, too.
    """
    try:
        with warnings.catch_warnings():
            # They are long and quote the header; what matters ends in an error or an image.
            warnings.filterwarnings("ignore", module="pydicom")
            yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    # pydicom has no common error: bad bytes raise TypeError, struct.error, zlib.error, ...
    except Exception as error:
        raise DataError(
            f"{path}: not a readable DICOM image ({_brief(error)}); {REMEDY}"
        ) from error


def _brief(error: Exception) -> str:
    """The first sentence of an error, at most 160 printable characters."""
    lines = str(error).splitlines() or [type(error).__name__]
    # After this line pydicom says in one line for each decoder why it failed.
    of_decoder = lines[0].startswith("Unable to decode as exceptions") and len(lines) > 1
    text = re.sub(r" <_io.*?>", "", lines[1 if of_decoder else 0].strip())
    text = re.split(r"\. | - |, pass ", text)[0].rstrip(".")
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _refuse_bomb(path: Path) -> None:
    """Refuse a deflated file that unpacks to more than `MOST_BYTES`: pydicom unpacks it whole."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    # The packed part comes after the preamble, "DICM", and the length of the header's first part.
    start = 128 + 4 + 12 + int(_number(meta, "FileMetaInformationGroupLength", path))
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    with path.open("rb") as file:
        file.seek(start)
        unpacked = 0
        while packed := inflate.unconsumed_tail or file.read(2**16):
            unpacked += len(inflate.decompress(packed, 2**20))
            if unpacked > MOST_BYTES:
                raise DataError(
                    f"{path}: unpacks to more than {MOST_BYTES / 2**20:.0f} MiB, far more than one "
                    f"MR image takes, so it is damaged or made to fill the memory; {REMEDY}"
                )


def _require_one_grey_frame(frame: pydicom.FileDataset, path: Path) -> None:
    """Check what the header says about the pixels, before anything is decoded."""
    keyword = next((keyword for keyword in PIXELS if keyword in frame), None)
    if keyword is None:
        raise DataError(
            f"{path}: a DICOM file without pixel data, so not an image; leave it out, or replace "
            "it by an intact copy"
        )
    if not frame[keyword].value:
        raise DataError(f"{path}: its pixel data are empty; {REMEDY}")
    needed = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "PhotometricInterpretation")
    if missing := [name for name in needed if frame.get(name) in (None, "")]:
        raise DataError(f"{path}: its header lacks {', '.join(missing)}; {REMEDY}")
    colours = str(frame.PhotometricInterpretation)
    if colours == "PALETTE COLOR":
        raise DataError(
            f"{path}: its pixels are numbers of colours in a palette (PALETTE COLOR), not "
            "intensities; convert it to grey, e.g. to a PNG file with DCMTK's dcm2img"
        )
    if not colours.startswith("MONOCHROME") or _number(frame, "SamplesPerPixel", path) != 1:
        raise DataError(
            f"{path}: expected a grey image (MONOCHROME1 or MONOCHROME2, 1 sample a pixel), found "
            f"{colours[:40]!r} with {frame.SamplesPerPixel}; convert it to a PNG or TIFF file, "
            "e.g. with DCMTK's dcm2img"
        )
    frames = _number(frame, "NumberOfFrames", path, default=1)
    if frames > 1:
        raise DataError(_several_frames(path, frames))
    rows, columns = (_number(frame, name, path) for name in ("Rows", "Columns"))
    if rows * columns > MOST_PIXELS:
        raise DataError(
            f"{path}: its header claims {rows:.0f}x{columns:.0f} pixels (height x width), but "
            f"seglib reads at most {MOST_PIXELS / 2**20:.0f} million; crop or resize the image, or "
            "replace the file by an intact copy"
        )


def _several_frames(path: Path, frames: float) -> str:
    return (
        f"{path}: expected one grey frame, found {frames:.0f}; convert it to a NIfTI volume with "
        "dcm2niix, or save each frame as a file of its own"
    )


def _number(
    frame: pydicom.Dataset, keyword: str, path: Path, default: float | None = None
) -> float:
    """A number of the header; `default` where it is absent or empty."""
    value = frame.get(keyword)
    if value in (None, "") and default is not None:
        return default
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(
            f"{path}: its header's {keyword} is {str(value)[:40]!r}, expected a number; {REMEDY}"
        ) from None


def _decode(frame: pydicom.FileDataset, path: Path) -> np.ndarray:
    """The pixels as they are stored, of the number type they have there."""
    syntax = frame.file_meta.get("TransferSyntaxUID")
    # `get_decoder` knows all the syntaxes; of others `pixel_array` says that it does not.
    if syntax is None or not syntax.is_transfer_syntax or not syntax.is_encapsulated:
        return frame.pixel_array
    decoder = get_decoder(syntax)
    found = decoder.available_plugins
    # Pillow, which Keras brings along, stops at 8 bits here, and GDCM does, too.
    deep = syntax == JPEGExtended12Bit and _number(frame, "BitsStored", path) != 8
    if not found or (deep and "pylibjpeg" not in found):
        needed = (re.split("[<>=]", name)[0] for name in pylibjpeg.DECODER_DEPENDENCIES[syntax])
        other = syntax in gdcm.DECODER_DEPENDENCIES and not deep
        raise DataError(
            f"{path}: is compressed as {syntax.name}, and its decoder is missing here; "
            f"pip install {' '.join(needed)}{' (or python-gdcm)' if other else ''}, or {CONVERT}"
        )
    try:
        if (frames := len(parse_basic_offsets(frame.PixelData))) > 1:
            raise DataError(_several_frames(path, frames))
        return frame.pixel_array
    except DataError:
        raise
    except Exception as error:  # as in `explained`
        raise DataError(
            f"{path}: its compressed pixel data are broken: they do not decode as {syntax.name} "
            f"({_brief(error)}); {REMEDY}"
        ) from error


def _rescale(stored: np.ndarray, frame: pydicom.Dataset, path: Path) -> np.ndarray:
    """The intensities that the stored numbers stand for, float32."""
    if frame.get("ModalityLUTSequence"):
        # 64 bits with a sign: pydicom subtracts the table's start, which may be negative.
        return apply_modality_lut(stored.astype(np.int64), frame).astype(np.float32)
    header = _transformation(frame)
    slope = _number(header, "RescaleSlope", path, default=1)
    intercept = _number(header, "RescaleIntercept", path, default=0)
    if not (np.isfinite([slope, intercept]).all() and slope):
        raise DataError(
            f"{path}: its header rescales intensities by RescaleSlope {slope:g} and "
            f"RescaleIntercept {intercept:g}, expected finite numbers and a slope other than 0; "
            f"{REMEDY}"
        )
    with np.errstate(over="ignore"):
        if slope != 1 or intercept != 0:
            stored = stored.astype(np.float64) * slope + intercept
        return stored.astype(np.float32)


def _transformation(frame: pydicom.Dataset) -> pydicom.Dataset:
    """The part of the header that may hold a slope and an intercept."""
    # The enhanced formats keep them per frame, or in common for all frames.
    for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in frame.get(groups) or ():
            for item in group.get("PixelValueTransformationSequence") or ():
                return item
    return frame
