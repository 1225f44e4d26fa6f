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
from seglib.commands import segmenter
from seglib.errors import DataError
from seglib.formats.pictures import read_image
from seglib.preprocessing.steps import Preprocessing


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


def one_huge_value(folder):
    (folder / "a.png").unlink()
    values = np.random.default_rng(0).random((16, 16, 2)).astype(np.float32)
    values[3, 3, 0] = 1e20
    nibabel.save(nibabel.Nifti1Image(values, None), folder / "v.nii")


def broken_dicom(folder):
    (folder / "a.png").unlink()
    (folder / "48.dcm").write_bytes(b"no DICOM")


def name_at_the_limit(folder):
    """A DICOM file without ending, whose mask would need one."""
    name = "n" * 250 + "é"
    (folder / "a.png").unlink()
    (folder / name).write_bytes(bytes(128) + b"DICM")


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
    "huge value": (one_huge_value, "v.nii: holds the value 1e+20, beside which"),
    "GIF": (lambda folder: (folder / "z.png").write_bytes(b"GIF89a"), "z.png: is GIF"),
    "broken link": (lambda f: (f / "z.png").symlink_to(f / "gone"), "a link that leads nowhere"),
    "name too long": (name_at_the_limit, "has 256 bytes, but a file name has 255"),
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


def test_a_name_that_is_too_long_is_refused_before_the_model_is_read(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").touch()
    name_at_the_limit(tmp_path / "in")
    assert predict(tmp_path / "in", tmp_path / "out", tmp_path / "no_model.keras") == 1
    assert "has 256 bytes, but a file name has 255" in capsys.readouterr().err
    assert predict(tmp_path / ("x" * 300), tmp_path / "out", tmp_path / "no_model.keras") == 1
    assert "no such file or folder" in capsys.readouterr().err


def test_a_file_that_may_be_an_image_but_cannot_be_read(tmp_path, capsys, monkeypatch):
    """As the system does where a file has no permission: a superuser may read all."""
    picture(tmp_path / "in" / "a.png", slice(5), slice(5))
    (tmp_path / "in" / "48").write_bytes(b"")

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("pydicom.misc.is_dicom", refuse)
    assert predict(tmp_path / "in", tmp_path / "out", tmp_path / "no_model.keras") == 1
    assert "48: cannot be read (Permission denied), so it may be" in capsys.readouterr().err


def test_predict_on_all_hostile_pictures(model, data_dir, tmp_path, capfd):
    """The folder as it is, then what can be read, under two endings: masks, and nothing else."""
    hostile = data_dir / "hostile" / "pictures"
    if not hostile.is_dir():
        pytest.skip("real files absent: SEGLIB_DATA_DIR has no folder hostile/pictures")
    assert predict(hostile, tmp_path / "out", model) == 1
    *bar, error = filter(None, capfd.readouterr().err.splitlines())
    assert error.startswith("seglib: error: ") and all("predict: " in line for line in bar)
    for ending in (".png", ".tif"):
        good = tmp_path / ending
        good.mkdir()
        for number, path in enumerate(sorted(hostile.iterdir())):
            link = good / f"{number}{ending}"
            link.symlink_to(path)
            try:
                read_image(link)
            except DataError:
                link.unlink()
        capfd.readouterr()
        assert predict(good, tmp_path / f"out{ending}", model) == 0
        assert len(contents(tmp_path / f"out{ending}")) == len(list(good.iterdir())) > 10
        printed = capfd.readouterr()
        assert "arning" not in printed.out + printed.err


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
    assert "expected a folder, found a file" in capsys.readouterr().err
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


def file_for_a_folder(images, output):
    output.mkdir()
    (output / "d").write_text("mine")


def folder_for_a_file(images, output):
    (output / "c.png").mkdir(parents=True)


def folder_for_a_file_among_the_images(images, output):
    """Masks c.png and c.png/e.png."""
    picture(images / "c.png" / "e.jpg", slice(5), slice(5))


def link_to_nothing(images, output):
    output.mkdir()
    (output / "d").symlink_to(output / "none")


CONFLICTS = {
    "file for a folder": (file_for_a_folder, "d: is a file, and a folder of results"),
    "folder for a file": (folder_for_a_file, "c.png: is the name of a folder, and of a file"),
    "among the images": (folder_for_a_file_among_the_images, "c.png: is the name of a folder"),
    "link to nothing": (link_to_nothing, "d: is a file, and a folder of results"),
    "output is a file": (lambda i, o: o.write_text("mine"), "out: expected a folder, found a file"),
    "above is a file": (
        lambda i, o: o.parent.joinpath("x").write_text("mine"),
        "x: expected a folder, found a file",
    ),
}


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_predict_refuses_names_that_are_taken_before_the_work(
    conflict, tmp_path, monkeypatch, capsys
):
    """The masks are a.png, c.png and d/b.png."""
    monkeypatch.setattr(segmenter, "load", lambda *arguments: pytest.fail("has begun"))
    images, output = tmp_path / "images", tmp_path / "out"
    for name in ("a.png", "c.jpg", "d/b.png"):
        picture(images / name, slice(5), slice(5))
    plant, message = CONFLICTS[conflict]
    plant(images, output)
    before, found = contents(tmp_path), sorted(tmp_path.rglob("*"))
    target = tmp_path / "x" / "out" if conflict == "above is a file" else output
    assert predict(images, target, tmp_path / "m.keras") == 1
    assert f"{tmp_path}" in (error := capsys.readouterr().err) and message in error
    assert contents(tmp_path) == before and sorted(tmp_path.rglob("*")) == found


def test_predict_refuses_an_image_that_is_not_finite_once_prepared(tmp_path, capsys):
    """Here by the model's own constants; the first image is all 0, and stays so."""
    normalisation = f"fixed 0 0.{'0' * 40}1"
    model = bright_model(tmp_path / "m.keras", normalisation=normalisation)
    picture(tmp_path / "in" / "a.png", slice(5), slice(5), value=0)
    picture(tmp_path / "in" / "b.png", slice(5), slice(5))
    with np.errstate(over="ignore"):
        assert predict(tmp_path / "in", tmp_path / "out", model) == 1
    error = capsys.readouterr().err
    assert "image 1: its intensities (0 to 200) are not finite" in error
    assert not (tmp_path / "out").exists()
