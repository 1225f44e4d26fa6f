"""`predict` on bad input: a clear message, exit code 1, nothing half-written."""

import shutil

import keras
import nibabel
import numpy as np
import pytest
from command_line import bright_model, contents, picture, predict
from pydicom.data import get_testdata_file
from pydicom.pixels import get_decoder
from pydicom.uid import JPEGLSLossless

from seglib import inference
from seglib.preprocessing import Preprocessing
from seglib.staging import staged_folder


@pytest.fixture
def model(tmp_path):
    return bright_model(tmp_path / "bright.keras")


def corrupt_picture(folder):
    picture(folder / "z.png", slice(5), slice(5))
    data = (folder / "z.png").read_bytes()
    (folder / "z.png").write_bytes(data[: len(data) // 2])


def two_kinds(folder):
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3), np.uint8), None), folder / "v.nii")


def damaged_volume(folder):
    (folder / "a.png").unlink()
    values = np.random.default_rng(0).integers(0, 255, (30, 30, 9), np.uint8)
    nibabel.save(nibabel.Nifti1Image(values, None), folder / "v.nii.gz")
    data = (folder / "v.nii.gz").read_bytes()
    (folder / "v.nii.gz").write_bytes(data[: len(data) // 2])


def not_finite(folder):
    (folder / "a.png").unlink()
    values = np.full((4, 4, 2), np.nan, np.float32)
    nibabel.save(nibabel.Nifti1Image(values, None), folder / "v.nii")


def broken_dicom(folder):
    (folder / "a.png").unlink()
    (folder / "48.dcm").write_bytes(b"no DICOM")


def compressed_dicom(folder):
    (folder / "a.png").unlink()
    source = get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)
    shutil.copy(source, folder / "48.dcm")


def palette_dicom(folder):
    (folder / "a.png").unlink()
    shutil.copy(get_testdata_file("examples_palette.dcm", download=False), folder / "48.dcm")


FAULTS = {
    "corrupt": (corrupt_picture, "z.png: not a readable picture"),
    "empty folder": (lambda folder: (folder / "a.png").unlink(), "no images in this folder"),
    "missing folder": (shutil.rmtree, "no such file or folder"),
    "same stem": (lambda f: picture(f / "a.jpg", 1, 1), "differ only in their ending"),
    "two kinds": (two_kinds, "NIfTI (v.nii)"),
    "damaged volume": (damaged_volume, "v.nii.gz: the NIfTI file is damaged"),
    "NaN": (not_finite, "not finite"),
    "broken DICOM": (broken_dicom, "48.dcm: not a readable DICOM image"),
    "compressed DICOM": (compressed_dicom, "48.dcm: is compressed as JPEG-LS Lossless"),
    "palette DICOM": (palette_dicom, "palette (PALETTE COLOR), not intensities; convert it"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("output_exists", [True, False])
def test_predict_leaves_nothing_half_written(fault, output_exists, model, tmp_path, capsys):
    if fault == "compressed DICOM" and get_decoder(JPEGLSLossless).is_available:
        pytest.skip("a decoder of JPEG-LS is installed here")
    images, output = tmp_path / "images", tmp_path / "out" / "masks"
    # More good images than a batch, so that some have been predicted before the fault.
    picture(images / "a.png", slice(5), slice(5))
    plant, message = FAULTS[fault]
    if fault == "corrupt":
        for k in range(17):
            picture(images / f"b{k}.png", slice(5), slice(5))
    plant(images)
    if output_exists:
        picture(output / "a.png", slice(9), slice(9))
        before = contents(output)
    assert predict(images, output, model) == 1
    error = capsys.readouterr().err
    assert "seglib: error: " in error and message in error
    if output_exists:
        assert contents(output) == before
        assert [path.name for path in output.iterdir()] == ["a.png"]
    else:
        assert not output.parent.exists()
    assert not list(tmp_path.rglob("*.part"))


def test_predict_never_writes_among_the_images(model, tmp_path, capsys):
    picture(tmp_path / "in" / "a.png", slice(5), slice(5))
    before = contents(tmp_path)
    for source, output in (("in", "in"), ("in", "in/masks"), ("in/a.png", "in")):
        assert predict(tmp_path / source, tmp_path / output, model) == 1
        assert "where the images are" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_predict_into_a_file(model, tmp_path, capsys):
    picture(tmp_path / "in" / "a.png", slice(5), slice(5))
    (tmp_path / "out").write_text("a note")
    assert predict(tmp_path / "in", tmp_path / "out", model) == 1
    assert "name a folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "a note"


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (lambda path: None, "no model file"),
        (lambda path: path.write_bytes(b"PK but no zip"), "not a readable .keras model file"),
        (
            lambda path: keras.Sequential([keras.Input((8, 8, 1)), keras.layers.ReLU()]).save(path),
            "save_model",
        ),
        (lambda path: bright_model(path, channels=2), "the model takes 2"),
    ],
    ids=["missing", "unreadable", "plain Keras", "two channels"],
)
def test_predict_with_a_bad_model_file(plant, message, tmp_path, capsys):
    picture(tmp_path / "in" / "a.png", slice(5), slice(5))
    plant(tmp_path / "m.keras")
    assert predict(tmp_path / "in", tmp_path / "out", tmp_path / "m.keras") == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_predict_with_a_model_of_one_size(tmp_path, capsys):
    """A network bound to 16x16 without a crop can only take 16x16 images."""
    image = keras.Input((16, 16, 1))
    network = keras.Model(image, keras.layers.Conv2D(1, 1, activation="sigmoid")(image))
    inference.save_model(network, tmp_path / "m.keras", Preprocessing(None, "255", 1), {})
    picture(tmp_path / "in" / "a.png", slice(5), slice(5))
    assert predict(tmp_path / "in", tmp_path / "out", tmp_path / "m.keras") == 1
    assert "32x48 pixels" in (error := capsys.readouterr().err) and "only 16x16" in error


def test_predict_names_the_image_that_is_not_finite_once_prepared(tmp_path, capsys):
    """Here by the model's own constants; the first image is all 0, and stays so."""
    normalisation = f"fixed 0 0.{'0' * 40}1"
    model = bright_model(tmp_path / "m.keras", normalisation=normalisation)
    picture(tmp_path / "in" / "a.png", slice(5), slice(5), value=0)
    picture(tmp_path / "in" / "b.png", slice(5), slice(5))
    with np.errstate(over="ignore"):
        assert predict(tmp_path / "in", tmp_path / "out", model) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / 'in' / 'b.png'}: its intensities (0 to 200) are not finite" in error
    assert not (tmp_path / "out").exists()


def test_staged_folder_survives_an_interruption(tmp_path):
    (tmp_path / "out").mkdir()
    for output in (tmp_path / "out", tmp_path / "new"):
        with pytest.raises(KeyboardInterrupt), staged_folder(output) as folder:
            (folder / "a.txt").write_text("half")
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not list((tmp_path / "out").iterdir())
