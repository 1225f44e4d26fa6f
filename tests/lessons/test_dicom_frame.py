import numpy as np
import pydicom
import pytest

from seglib.datasets import scd_dicom
from seglib.formats.contours import fill_contour, read_contour
from seglib.lessons import dicom_frame


def filled(path, mask):
    return fill_contour(read_contour(path), mask.shape, path)


@pytest.fixture(params=["phantom", "real"])
def example(request, tmp_path):
    if request.param == "phantom":
        return dicom_frame.write_example(tmp_path)
    for folder in ("scd_dicom_dir", "sunnybrook_dir"):
        request.getfixturevalue(folder)
    return dicom_frame.find_example(tmp_path)


def test_the_contour_fills_to_the_png_mask(example):
    np.testing.assert_array_equal(filled(example.endocardium, example.mask), example.mask)


def test_the_wall_encloses_the_blood_pool(example):
    heart = filled(example.epicardium, example.mask)
    assert (heart >= example.mask).all()
    assert heart.sum() > example.mask.sum() > 100


def test_the_png_is_the_frame_scaled_by_its_own_extremes(example):
    frame, spacing = scd_dicom.read_frame(example.dicom)
    scaled = 255 * (frame - frame.min()) / (frame.max() - frame.min())
    assert np.abs(scaled - example.image).max() < 1
    assert 1 < spacing < 2


def test_the_header_fields_of_the_lesson_are_there(example):
    header = pydicom.dcmread(example.dicom)
    for field in ("InstanceNumber", "PixelSpacing", "SliceThickness", "SliceLocation"):
        assert header.get(field) is not None, field


@pytest.mark.slow
def test_without_the_originals_the_phantom_is_used_and_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path))
    example = dicom_frame.find_example(tmp_path / "new")
    assert example.name == "phantom"
    assert "phantom" in capsys.readouterr().out
