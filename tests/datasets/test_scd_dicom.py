from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from seglib.datasets import scd_dicom
from seglib.errors import DataError

SQUARE = "10.5 8.9\n20.2 8.9\n20.2 18.1\n10.5 18.1\n"


def write_dicom(path: Path, pixels: np.ndarray, **header: object) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    frame = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    frame.Rows, frame.Columns = pixels.shape
    frame.SamplesPerPixel = 1
    frame.PhotometricInterpretation = "MONOCHROME2"
    frame.BitsAllocated = frame.BitsStored = 16
    frame.HighBit = 15
    frame.PixelRepresentation = 1
    frame.PixelSpacing = [1.5, 1.5]
    frame.PixelData = pixels.astype("<i2").tobytes()
    for name, value in header.items():
        setattr(frame, name, list(value) if isinstance(value, tuple) else value)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.save_as(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One patient, one slice, two frames of 40x32 pixels (height x width)."""
    (tmp_path / "link.csv").write_text("patient_id,original_id\nSCD0000801,SC-HF-NI-7\n")
    contours = tmp_path / "contourfiles" / "SC-HF-NI-7" / "i-contours"
    contours.mkdir(parents=True)
    small = "12 10\n15 10\n15 13\n12 13\n"
    for number, text in ((8, small), (20, SQUARE)):
        (contours / f"IM-0001-{number:04d}-icontour-manual.txt").write_text(text)
        pixels = np.full((40, 32), number - 10)
        write_dicom(tmp_path / "dicoms" / "SCD0000801" / f"{number}.dcm", pixels)
    return tmp_path


def contour_file(root: Path) -> Path:
    return root / "contourfiles/SC-HF-NI-7/i-contours/IM-0001-0020-icontour-manual.txt"


def test_contour_is_cut_to_whole_pixels_and_filled_with_its_border(root):
    slices = scd_dicom.load(root)
    assert slices.images.shape == (2, 40, 32, 1)
    assert slices.images.dtype == np.float32
    columns = ["case", "patient", "slice", "frame", "spacing", "pathology", "source"]
    assert slices.table[columns].values.tolist() == [
        ["SC-HF-NI-07 ED", "SC-HF-NI-07", 0, 19, 1.5, "HF-NI", "20.dcm"],
        ["SC-HF-NI-07 ES", "SC-HF-NI-07", 0, 7, 1.5, "HF-NI", "8.dcm"],
    ]
    expected = np.zeros((40, 32), np.uint8)
    expected[8:19, 10:21] = 1  # rows are y, columns are x
    np.testing.assert_array_equal(slices.masks[0, ..., 0], expected)
    assert slices.images[:, 0, 0, 0].tolist() == [10, -2]  # signed intensities survive


@pytest.mark.parametrize("text", ["", "1 1\nx y\n", SQUARE + "32 5"])
def test_a_contour_that_cannot_be_filled_is_named(root, text):
    contour_file(root).write_text(text)
    with pytest.raises(DataError, match="IM-0001-0020-icontour"):
        scd_dicom.load(root)


def test_missing_dicom(root):
    (root / "dicoms" / "SCD0000801" / "20.dcm").unlink()
    with pytest.raises(DataError, match=r"20\.dcm: no such DICOM file"):
        scd_dicom.load(root)


@pytest.mark.parametrize("length", [0, 60, 400])
def test_damaged_dicom(root, length):
    path = root / "dicoms" / "SCD0000801" / "20.dcm"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DataError, match=r"20\.dcm: not a readable DICOM image"):
        scd_dicom.load(root)


@pytest.mark.parametrize("spacing", [(1.5, 1.2), ("inf", "inf"), (0, 0), (-1.5, -1.5), 1.5, []])
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, on writing infinity
def test_pixels_that_are_not_square(root, spacing):
    path = root / "dicoms" / "SCD0000801" / "20.dcm"
    write_dicom(path, np.zeros((40, 32)), PixelSpacing=spacing)
    with pytest.raises(DataError, match=r"20\.dcm: expected square pixels.*correct its header"):
        scd_dicom.load(root)


def test_a_spacing_that_is_no_number(root):
    path = root / "dicoms" / "SCD0000801" / "20.dcm"
    path.write_bytes(path.read_bytes().replace(b"1.5\\1.5", b"1.5\\x.5"))
    with pytest.raises(DataError, match=r"20\.dcm: not a readable DICOM image.*intact copy"):
        scd_dicom.load(root)


def test_intensities_are_rescaled_and_turned_over_as_the_header_says(root):
    path = root / "dicoms" / "SCD0000801" / "20.dcm"
    ramp = np.arange(40 * 32).reshape(40, 32) - 100
    write_dicom(path, ramp, RescaleSlope=-2, RescaleIntercept=5)
    np.testing.assert_array_equal(scd_dicom.read_frame(path)[0], 5 - 2 * ramp)
    write_dicom(path, ramp, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(scd_dicom.read_frame(path)[0], ramp.max() - ramp)


def test_frames_of_different_sizes(root):
    write_dicom(root / "dicoms" / "SCD0000801" / "20.dcm", np.zeros((40, 40)))
    with pytest.raises(DataError, match=r"20\.dcm.*same size"):
        scd_dicom.load(root)


@pytest.mark.parametrize("row", ["SCD0000101,SC-HF-I-1", ",SC-HF-NI-7"])
def test_patient_missing_in_the_link_table(root, row):
    (root / "link.csv").write_text(f"patient_id,original_id\n{row}\n")
    with pytest.raises(DataError, match=r"SC-HF-NI-7 is not in the column original_id"):
        scd_dicom.load(root)


@pytest.mark.parametrize("text", [None, "", "a,b\n1,2\n", "\0", "patient_id,original_id\n\xff"])
def test_bad_link_table(root, text):
    (root / "link.csv").unlink()
    if text is not None:
        (root / "link.csv").write_text(text)
    with pytest.raises(DataError, match=r"link\.csv"):
        scd_dicom.load(root)


def test_a_folder_in_place_of_the_link_table(root):
    (root / "link.csv").unlink()
    (root / "link.csv").mkdir()
    with pytest.raises(DataError, match=r"link\.csv: expected a table"):
        scd_dicom.load(root)


def test_no_contours_and_unknown_contour(root):
    with pytest.raises(DataError, match="no contours found; expected"):
        scd_dicom.load(root, contour="epicardium")
    with pytest.raises(DataError, match="choose from endocardium, epicardium"):
        scd_dicom.load(root, contour="myocardium")


@pytest.mark.slow
def test_real_contours_give_exactly_the_masks_of_the_png_set(scd_dicom_dir, sunnybrook):
    slices = scd_dicom.load(scd_dicom_dir)
    assert len(slices) == 58
    keys = ["case", "patient", "slice", "frame", "phase", "pathology"]
    png_rows = sunnybrook.table[keys].reset_index().merge(slices.table[keys], on=keys)["index"]
    assert len(png_rows) == 58  # both sets are sorted alike
    np.testing.assert_array_equal(slices.masks, sunnybrook.masks[png_rows])
    for dicom, png in zip(slices.images, sunnybrook.images[png_rows], strict=True):
        assert np.corrcoef(dicom.ravel(), png.ravel())[0, 1] > 0.999
    assert slices.table["spacing"].round(2).unique().tolist() == [1.37]


def test_real_epicardium_encloses_the_blood_pool_but_for_the_wrong_patient(scd_dicom_dir):
    pools = scd_dicom.load(scd_dicom_dir)
    rows = pools.table.reset_index().set_index(["case", "slice"])["index"]
    everything = scd_dicom.load(scd_dicom_dir, contour="epicardium", exclude_wrong=False)
    assert len(everything) == 27
    assert set(everything.table["phase"]) == {"ED"}
    outside = []
    for row, mask in zip(everything.table.itertuples(), everything.masks, strict=True):
        pool = pools.masks[rows[row.case, row.slice]]
        outside.append((pool > mask).sum() / pool.sum())
    worst = everything.table.assign(outside=outside).groupby("patient")["outside"].min()
    assert worst["SC-HF-I-06"] > 0.15
    assert worst.drop("SC-HF-I-06").max() < 0.01
    kept = scd_dicom.load(scd_dicom_dir, contour="epicardium")
    assert kept.patients == ("SC-HF-I-01", "SC-HF-I-02")
    assert set(everything.patients) - set(kept.patients) == set(scd_dicom.WRONG_EPICARDIUM)
    masks = {p: everything.of_patients([p]).masks for p in ("SC-HF-I-01", "SC-HF-I-06")}
    np.testing.assert_array_equal(masks["SC-HF-I-01"], masks["SC-HF-I-06"])  # copied files


def whole_stack(root, slices=3):
    """The one patient with frames of three slices; the contours are on the middle one."""
    for path in contour_file(root).parent.glob("*.txt"):
        number = int(path.name[8:12])
        path.rename(path.with_name(path.name.replace(f"{number:04d}", f"{number + 20:04d}")))
    for number in range(1, 20 * slices + 1):
        path = root / "dicoms" / "SCD0000801" / f"{number}.dcm"
        write_dicom(path, np.full((40, 32), number))
    return root


def test_a_whole_stack_has_empty_masks_where_nothing_was_drawn(root):
    stacks = scd_dicom.load_stacks(whole_stack(root))
    assert stacks.table["phase"].tolist() == ["ED"] * 3 + ["ES"] * 3
    assert stacks.table["slice"].tolist() == [0, 1, 2] * 2
    assert stacks.masks.any(axis=(1, 2, 3)).tolist() == [False, True, False] * 2
    # Frame 20 of each slice is ED, frame 8 is ES.
    assert stacks.images[:, 0, 0, 0].tolist() == [20, 40, 60, 8, 28, 48]
    assert stacks.table["source"].tolist()[:3] == ["20.dcm", "40.dcm", "60.dcm"]
    drawn = scd_dicom.load(root)
    np.testing.assert_array_equal(stacks.masks[[1, 4]], drawn.masks)


def test_a_stack_with_a_missing_frame_is_refused(root):
    (whole_stack(root) / "dicoms" / "SCD0000801" / "8.dcm").unlink()
    with pytest.raises(DataError, match=r"8\.dcm: no such file; a whole stack has 20 frames"):
        scd_dicom.load_stacks(root)
