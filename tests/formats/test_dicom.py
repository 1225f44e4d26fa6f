"""DICOM frames: intensities by value, and what is said of files that cannot be used."""

import tracemalloc
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder

from seglib.commands.reading import read_slices
from seglib.errors import DataError
from seglib.formats import dicom
from seglib.formats.dicom import read_dicom

PIXELS = np.arange(-3, 9, dtype="<i2").reshape(3, 4)
#: What a user can do; one of them stands in every message.
REMEDIES = ("intact copy", "pip install", "convert it", "replace them", "save each frame")


def write_dicom(path, pixels=PIXELS, syntax=uid.ExplicitVRLittleEndian, without=(), **header):
    """One 16-bit frame; `header` replaces elements, `without` names those that are left out."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = uid.MRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    frame = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    rows, columns = pixels.shape
    elements = {
        "SOPClassUID": uid.MRImageStorage,
        "SOPInstanceUID": "1.2.3",
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "PixelData": pixels.astype("<i2").tobytes(),
    }
    for name, value in {**elements, **header}.items():
        if name not in without:
            setattr(frame, name, value)
    if "PixelData" in frame:
        frame["PixelData"].VR = "OW"
        frame["PixelData"].is_undefined_length = syntax.is_encapsulated
    frame.save_as(path, enforce_file_format=True)
    return path


def start_of_elements(path):
    """Where the first part of a DICOM file ends."""
    return 144 + pydicom.filereader.read_file_meta_info(path).FileMetaInformationGroupLength


def example(name):
    """A file that pydicom brings along."""
    return Path(get_testdata_file(name, download=False))


def refusal(path):
    """The error of a file: one line, which names the file and says what to do."""
    with pytest.raises(DataError) as caught:
        read_dicom(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and len(message) < len(str(path)) + 500
    assert message.isprintable() and any(remedy in message for remedy in REMEDIES)
    return message


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, PIXELS),
        ({"RescaleSlope": 1, "RescaleIntercept": 0}, PIXELS),
        ({"RescaleSlope": None, "RescaleIntercept": None}, PIXELS),
        ({"RescaleSlope": -1, "RescaleIntercept": 0}, -PIXELS),
        ({"RescaleSlope": -0.5}, -0.5 * PIXELS),
        ({"RescaleSlope": 2, "RescaleIntercept": -1024}, 2.0 * PIXELS - 1024),
        ({"RescaleIntercept": 7}, PIXELS + 7),
        ({"PhotometricInterpretation": "MONOCHROME1"}, 8 - PIXELS),
        # Both turn the scale over: dark is dark again.
        ({"PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": -2}, 2.0 * (PIXELS + 3)),
    ],
)
def test_intensities_are_those_the_header_means(tmp_path, header, expected):
    _, pixels = read_dicom(write_dicom(tmp_path / "a.dcm", **header))
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, expected)


def test_the_rescale_of_an_enhanced_file(tmp_path):
    """It stands in the header's part on the frame."""
    group, transformation = Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = -1, 100
    group.PixelValueTransformationSequence = [transformation]
    path = write_dicom(tmp_path / "a.dcm", SharedFunctionalGroupsSequence=[group])
    np.testing.assert_array_equal(read_dicom(path)[1], 100.0 - PIXELS)


def test_a_table_of_intensities(tmp_path):
    """It begins at -3; what lies beyond its end gets its last entry."""
    table = Dataset()
    table.add_new("LUTDescriptor", "SS", [3, -3, 16])
    table.add_new("LUTData", "US", [500, 300, 100])
    path = write_dicom(tmp_path / "a.dcm", ModalityLUTSequence=[table])
    expected = np.full((3, 4), 100)
    expected[0, :2] = 500, 300
    np.testing.assert_array_equal(read_dicom(path)[1], expected)


def test_compressed_and_deflated_frames_are_read():
    frames = [
        read_dicom(example(name))[1]
        for name in ("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm")
    ]
    assert frames[0].shape == (64, 64) and frames[0].max() == 2145
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame, frames[0])
    deflated = read_dicom(example("image_dfl.dcm"))[1]
    assert deflated.shape == (512, 512) and deflated.max() == 255


LIBJPEG = "pip install pylibjpeg pylibjpeg-libjpeg"
OPENJPEG = "pip install pylibjpeg pylibjpeg-openjpeg"


@pytest.mark.parametrize(
    ("syntax", "package"),
    [
        (uid.JPEGExtended12Bit, f"{LIBJPEG},"),
        (uid.JPEGLossless, f"{LIBJPEG} (or python-gdcm)"),
        (uid.JPEGLosslessSV1, f"{LIBJPEG} (or python-gdcm)"),
        (uid.JPEGLSLossless, f"{LIBJPEG} (or python-gdcm)"),
        (uid.JPEGLSNearLossless, f"{LIBJPEG} (or python-gdcm)"),
        (uid.HTJ2KLossless, f"{OPENJPEG},"),
        (uid.HTJ2KLosslessRPCL, f"{OPENJPEG},"),
        (uid.HTJ2K, f"{OPENJPEG},"),
    ],
    ids=lambda value: getattr(value, "keyword", ""),
)
def test_a_missing_decoder_is_named(tmp_path, syntax, package):
    if {"gdcm", "pylibjpeg", "pyjpegls"} & set(get_decoder(syntax).available_plugins):
        pytest.skip(f"a decoder of {syntax.name} is installed here")
    pixels = encapsulate([b"\xff\xd8 whatever"])
    path = write_dicom(tmp_path / "a.dcm", syntax=syntax, BitsStored=12, PixelData=pixels)
    message = refusal(path)
    assert f"compressed as {syntax.name}, and its decoder is missing here" in message
    assert package in message and "broken" not in message


@pytest.mark.parametrize(
    "syntax",
    [uid.JPEGBaseline8Bit, uid.JPEG2000, uid.JPEG2000Lossless, uid.RLELossless],
    ids=lambda syntax: syntax.keyword,
)
@pytest.mark.parametrize("stream", [b"whatever", b"\0" * 80, b"\xff\xd8\xff\xd9", b"\0\0"], ids=len)
def test_a_broken_stream_is_not_taken_for_a_missing_decoder(tmp_path, syntax, stream):
    path = write_dicom(tmp_path / "a.dcm", syntax=syntax, PixelData=encapsulate([stream]))
    message = refusal(path)
    assert f"pixel data are broken: they do not decode as {syntax.name}" in message
    assert "pip install" not in message and "object at" not in message


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "JPEG2000.dcm"])
def test_a_stream_that_is_cut(tmp_path, name):
    frame = pydicom.dcmread(example(name))
    stream = frame.PixelData[16:]
    frame.PixelData = encapsulate([stream[: len(stream) // 3]])
    frame.save_as(tmp_path / "a.dcm")
    assert "pixel data are broken" in refusal(tmp_path / "a.dcm")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"PixelData": b""}, "its pixel data are empty"),
        ({"PixelData": b"\1\0" * 11}, "(22 vs 24 bytes)"),
        ({"PixelData": b"\1\0" * 24}, "expected one grey frame, found 2;"),
        ({"NumberOfFrames": 3, "PixelData": b"\1\0" * 36}, "expected one grey frame, found 3;"),
        ({"without": ["PixelData"]}, "without pixel data, so not an image"),
        ({"without": ["Rows", "Columns"]}, "its header lacks Rows, Columns"),
        ({"without": ["PhotometricInterpretation"]}, "lacks PhotometricInterpretation"),
        ({"BitsAllocated": 12}, "'Bits Allocated' value of '12' is invalid"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "(PALETTE COLOR), not intensities"),
        ({"PhotometricInterpretation": "RGB"}, "expected a grey image"),
        ({"SamplesPerPixel": 3, "PlanarConfiguration": 0}, "found 'MONOCHROME2' with 3"),
        ({"RescaleSlope": "nan"}, "RescaleSlope nan and RescaleIntercept 0"),
        ({"RescaleSlope": 0}, "a slope other than 0"),
        ({"RescaleIntercept": "1e999"}, "RescaleIntercept inf"),
        ({"RescaleSlope": "1e300"}, "too large for 32-bit floats"),
        ({"RescaleSlope": [1, 2]}, "RescaleSlope is '[1.0, 2.0]', expected a number"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, on writing such a header
def test_a_frame_that_cannot_be_used(tmp_path, header, message):
    assert message in refusal(write_dicom(tmp_path / "a.dcm", **header))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"Rows": 65535, "Columns": 65535}, "claims 65535x65535 pixels"),
        ({"NumberOfFrames": 2**31 - 1}, "expected one grey frame, found 2147483647"),
        ({"Rows": 8192, "Columns": 8193, "BitsAllocated": 32}, "claims 8192x8193 pixels"),
    ],
)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEG2000])
def test_a_header_that_claims_too_much_takes_no_memory(tmp_path, header, message, syntax):
    header["PixelData"] = encapsulate([bytes(80)]) if syntax.is_encapsulated else bytes(80)
    path = write_dicom(tmp_path / "a.dcm", syntax=syntax, **header)
    tracemalloc.start()
    try:
        assert message in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_more_compressed_frames_than_the_header_says_are_not_decoded(tmp_path):
    pixels = encapsulate([bytes(80)] * 1000)
    path = write_dicom(tmp_path / "a.dcm", syntax=uid.RLELossless, PixelData=pixels)
    assert "expected one grey frame, found 1000" in refusal(path)


def test_a_deflated_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = write_dicom(tmp_path / "a.dcm", np.zeros((512, 512)), uid.DeflatedExplicitVRLittleEndian)
    assert path.stat().st_size < 2000
    assert read_dicom(path)[1].shape == (512, 512)
    monkeypatch.setattr(dicom, "MOST_BYTES", 500_000)
    monkeypatch.setattr(pydicom, "dcmread", None)  # it would unpack everything
    assert "unpacks to more than" in refusal(path)


def test_sequences_nested_too_deeply(tmp_path):
    path = write_dicom(tmp_path / "a.dcm")
    level = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    data, start = path.read_bytes(), start_of_elements(path)
    path.write_bytes(data[:start] + level * 5000 + data[start:])
    assert "not a readable DICOM image (maximum recursion depth exceeded" in refusal(path)


def test_only_the_first_sentence_of_pydicom_is_shown(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(b"no DICOM")
    assert "or the 'DICM' prefix is missing from the header);" in refusal(path)
    write_dicom(path, PixelData=b"\1\0")
    assert "less than expected (2 vs 24 bytes));" in refusal(path)


def test_an_unknown_transfer_syntax(tmp_path):
    path = write_dicom(tmp_path / "a.dcm")
    known = uid.ExplicitVRLittleEndian.encode()
    path.write_bytes(path.read_bytes().replace(known, known[:-1] + b"7"))
    assert "'1.2.840.10008.1.2.7' is not supported" in refusal(path)


def test_every_hostile_file_is_read_or_refused_in_words(hostile_dicom_dir):
    """A public collection of malformed files: nothing but a `DataError` comes out."""
    files = sorted(path for path in hostile_dicom_dir.rglob("*.dcm"))
    assert len(files) > 350
    read = 0
    for path in files:
        try:
            slices = read_slices(path, "dicom")
        except DataError:
            refusal(path)
        else:
            read += 1
            assert slices.shape == (1, 64, 64, 1) and np.isfinite(slices).all(), path
    assert read > 200
