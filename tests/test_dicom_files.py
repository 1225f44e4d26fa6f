"""DICOM frames: read, rescaled, or refused with a way out."""

import resource
import sys

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    HTJ2KLossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from seglib.commands.reading import read_slices
from seglib.datasets.dicom_files import LARGEST, read_dicom
from seglib.errors import DataError

PIXELS = np.arange(16, dtype="<i2").reshape(4, 4)


@pytest.fixture
def frame():
    """A header that fits `PIXELS`."""
    made = pydicom.Dataset()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = pydicom.uid.MRImageStorage, generate_uid()
    made.Rows, made.Columns = PIXELS.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.PixelData = PIXELS.tobytes()
    return made


@pytest.fixture
def written(frame, tmp_path):
    """Writes the frame with other values in its header."""

    def write(**changes):
        for name, value in changes.items():
            setattr(frame, name, value)
        path = tmp_path / "48.dcm"
        frame.save_as(path, enforce_file_format=True)
        return path

    return write


def test_stored_numbers_come_back_as_they_are(written):
    for changes in ({}, {"RescaleSlope": 1, "RescaleIntercept": 0}):
        _, pixels = read_dicom(written(**changes))
        assert pixels.dtype == np.float32
        np.testing.assert_array_equal(pixels, PIXELS)


def test_a_slope_and_an_intercept_are_applied(written):
    _, pixels = read_dicom(written(RescaleSlope="0.5", RescaleIntercept="-3"))
    np.testing.assert_array_equal(pixels, PIXELS * 0.5 - 3)


@pytest.mark.parametrize(
    "slope, kind, brightest",
    [
        (1, "MONOCHROME2", 15),
        (-1, "MONOCHROME2", 0),
        (1, "MONOCHROME1", 0),
        (-1, "MONOCHROME1", 15),
    ],
)
def test_a_negative_slope_and_an_inverted_scale_each_turn_the_brightness(
    written, slope, kind, brightest
):
    path = written(RescaleSlope=slope, RescaleIntercept=0, PhotometricInterpretation=kind)
    assert read_slices(path, "dicom").argmax() == brightest


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"RescaleSlope": "0"}, "rescaled by 0"),
        ({"RescaleSlope": "1e400"}, "rescaled by inf"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "palette"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "found colour (RGB)"),
        ({"NumberOfFrames": 3}, "expected one grey frame, found 3"),
        ({"Rows": 65535, "Columns": 65535}, f"more than the {LARGEST}"),
        ({"PixelData": b""}, "not a readable DICOM image"),
        ({"PixelData": PIXELS.tobytes()[:6]}, "less than expected"),
        ({"Rows": None}, "not a readable DICOM image"),
    ],
)
def test_what_is_no_grey_frame_is_refused_with_a_way_out(written, changes, part):
    with pytest.raises(DataError) as error:
        read_dicom(written(**changes))
    assert part in str(error.value)
    assert any(word in str(error.value) for word in ("save ", "replace it"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such DICOM file"):
        read_dicom(tmp_path / "48.dcm")


@pytest.mark.parametrize(
    "compression, packages",
    [
        (JPEGLosslessSV1, "pylibjpeg pylibjpeg-libjpeg"),
        (JPEGLSLossless, "pylibjpeg pylibjpeg-libjpeg"),
        (HTJ2KLossless, "pylibjpeg pylibjpeg-openjpeg"),
    ],
)
def test_a_missing_decoder_is_named(frame, written, compression, packages):
    if pydicom.pixels.get_decoder(compression).is_available:
        pytest.skip(f"a decoder of {compression.name} is installed")
    frame.file_meta.TransferSyntaxUID = compression
    with pytest.raises(DataError, match=f"pip install {packages},"):
        read_dicom(written(PixelData=pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])))


@pytest.mark.parametrize("compression", [RLELossless, JPEGExtended12Bit])
def test_a_broken_stream_is_a_damaged_file(frame, written, compression):
    frame.file_meta.TransferSyntaxUID = compression
    with pytest.raises(DataError, match="not a readable DICOM image .*intact copy"):
        read_dicom(written(PixelData=pydicom.encaps.encapsulate([b"\xff\xd8no stream\xff\xd9"])))


def test_a_deflated_file_is_not_unpacked(frame, written):
    frame.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    with pytest.raises(DataError, match="deflated"):
        read_dicom(written())


def test_hostile_files_are_read_or_refused(data_dir):
    folder = data_dir / "hostile" / "dicom"
    if not folder.is_dir():
        pytest.skip("real files absent: SEGLIB_DATA_DIR has no folder hostile/dicom")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".dcm", "")]
    files = [path for path in files if path.is_file() and path.name != "LICENSE"]
    read, refused = 0, 0
    for path in files:
        try:
            assert np.isfinite(read_slices(path, "dicom")).all()
            read += 1
        except DataError as error:
            assert str(error).startswith(str(path))
            assert "\n" not in str(error) and len(str(error)) < 600
            refused += 1
    assert read + refused == len(files) > 300 and read > 200
    if sys.platform == "linux":  # there ru_maxrss is in KiB
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 8 * 2**20
