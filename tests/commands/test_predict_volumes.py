"""`predict` on NIfTI volumes and DICOM frames: each mask by value."""

from pathlib import Path

import keras
import nibabel
import numpy as np
import pydicom
import pytest
from command_line import AFFINE, bright_model, contents, picture, predict, read, save_network
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from seglib import inference, models
from seglib.evaluation.scores import overlap_scores
from seglib.files import REPOSITORY
from seglib.inference.sliding_window import predict_volume
from seglib.phantoms import heart
from seglib.preprocessing.steps import Preprocessing


@pytest.fixture
def model(tmp_path):
    return bright_model(tmp_path / "bright.keras")


@pytest.mark.parametrize("name", ["heart.nii", "heart.nii.gz"])
def test_predict_volume(model, tmp_path, name):
    """Same name, shape, affine and header; the off-centre block comes back on its voxels."""
    values = np.zeros((20, 14, 5), np.uint8)
    values[15:19, 1:4, 3] = 250
    image = nibabel.Nifti1Image(values, AFFINE)
    image.header.set_xyzt_units("mm")
    image.set_qform(AFFINE, 1)
    (tmp_path / "in").mkdir()
    nibabel.save(image, tmp_path / "in" / name)
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    mask = nibabel.load(tmp_path / "out" / name)
    assert mask.get_data_dtype() == np.uint8
    np.testing.assert_allclose(mask.affine, AFFINE)
    assert mask.header.get_xyzt_units()[0] == "mm"
    assert mask.header["qform_code"] == 1
    np.testing.assert_array_equal(np.asarray(mask.dataobj), values > 100)


def test_predict_cine_volume_of_scaled_floats(tmp_path):
    """Four axes, a header with scaling, and a z-score per slice."""
    layer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    layer.build((None, None, None, 1))
    layer.set_weights([np.full((1, 1, 1, 1), 100.0), np.array([-100.0])])
    model = save_network(tmp_path / "z.keras", layer, normalisation="z-score")
    values = np.random.default_rng(0).normal(-300, 5, (9, 8, 3, 2)).astype(np.float32)
    values[6:8, 1, 2, 0] += 500
    image = nibabel.Nifti1Image(values, AFFINE)
    image.set_data_dtype(np.int16)
    nibabel.save(image, tmp_path / "cine.nii.gz")
    assert predict(tmp_path / "cine.nii.gz", tmp_path / "out", model) == 0
    mask = np.asarray(nibabel.load(tmp_path / "out" / "cine.nii.gz").dataobj)
    assert mask.shape == values.shape
    assert np.argwhere(mask[..., 2, 0]).tolist() == [[6, 1], [7, 1]]
    expected = values[..., 1, 1] > values[..., 1, 1].mean() + values[..., 1, 1].std()
    np.testing.assert_array_equal(mask[..., 1, 1], expected)


@pytest.mark.parametrize("factor", [1, 1e30])
def test_predict_volume_of_huge_intensities(tmp_path, factor):
    """Their squares are beyond float32, which the z-score has to bear."""
    layer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    layer.build((None, None, None, 1))
    layer.set_weights([np.full((1, 1, 1, 1), 100.0), np.array([-100.0])])
    model = save_network(tmp_path / "z.keras", layer, normalisation="z-score")
    values = np.zeros((9, 8, 3), np.float32)
    values[2:4, 5, :] = 900
    volume = nibabel.Nifti1Image(values * np.float32(factor), AFFINE)
    nibabel.save(volume, tmp_path / "huge.nii.gz")
    assert predict(tmp_path / "huge.nii.gz", tmp_path / "out", model) == 0
    mask = np.asarray(nibabel.load(tmp_path / "out" / "huge.nii.gz").dataobj)
    np.testing.assert_array_equal(mask, values > 0)


def uneven_model(path):
    """Its mask depends on how a volume is cut and turned: neighbours count, slice by slice."""
    layer = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")
    layer.build((None, None, None, 1))
    kernel = np.zeros((3, 3, 1, 1))
    kernel[0, 1], kernel[1, 2] = 30, 60  # the pixel above, and twice the one to the right
    layer.set_weights([kernel, np.array([-50.0])])
    return save_network(path, layer, normalisation="min-max")


def stored_as(path, codes):
    """A volume with its axes in another order and direction, e.g. ``"LPS"``."""
    image = nibabel.load(path)
    wanted = nibabel.orientations.axcodes2ornt(codes)
    stored = nibabel.orientations.io_orientation(image.affine)
    return image.as_reoriented(nibabel.orientations.ornt_transform(stored, wanted))


def same_mask_in_every_orientation(scan, model, folder, every=("LPS", "ASR", "SPL", "ILA")):
    """Predict a volume as stored and stored otherwise; returns the first mask."""
    (folder / "in").mkdir()
    for codes in every:
        nibabel.save(stored_as(scan, codes), folder / "in" / f"{codes}.nii.gz")
    assert predict(scan, folder / "out", model) == 0
    assert predict(folder / "in", folder / "out", model) == 0
    first = nibabel.load(folder / "out" / scan.name)
    scan = nibabel.load(scan)
    np.testing.assert_array_equal(first.affine, scan.affine)
    for codes in every:
        mask = nibabel.load(folder / "out" / f"{codes}.nii.gz")
        source = nibabel.load(folder / "in" / f"{codes}.nii.gz")
        assert "".join(nibabel.aff2axcodes(mask.affine)) == codes
        assert mask.shape == source.shape
        np.testing.assert_array_equal(mask.affine, source.affine)
        own = stored_as(folder / "out" / first.get_filename(), codes)
        np.testing.assert_array_equal(mask.dataobj, own.dataobj, err_msg=codes)
    return np.asarray(first.dataobj)


@pytest.mark.parametrize("sides", [(1.25, 1.25, 1.37), (1.4, 1.4, 8), (9, 1, 1)])
def test_predict_a_volume_stored_another_way(tmp_path, sides):
    values = np.random.default_rng(0).integers(0, 256, (12, 14, 16), np.uint8)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([*sides, 1])), tmp_path / "scan.nii.gz")
    model = uneven_model(tmp_path / "uneven.keras")
    mask = same_mask_in_every_orientation(tmp_path / "scan.nii.gz", model, tmp_path)
    assert 0.2 < mask.mean() < 0.8


@pytest.mark.slow
def test_predict_a_stack_with_the_committed_network(tmp_path):
    """A simulated short-axis stack, oblique as they are, and the network of the study."""
    hearts = heart.make(patients=1, slices=5, size=160)
    # As nifti.Grid shows it again: columns to the left, rows to the back, slices to the head.
    values = hearts.images[:5, ::-1, ::-1, 0].transpose(2, 1, 0)
    c, s = np.cos(0.4), np.sin(0.4)
    turn = np.array([[c, -s, 0, 5], [s, c, 0, -60], [0, 0, 1, 30], [0, 0, 0, 1]])
    affine = turn @ np.diag([2.125, 2.125, 9, 1])
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "stack.nii.gz")
    mask = same_mask_in_every_orientation(
        tmp_path / "stack.nii.gz",
        REPOSITORY / "reports/models/sunnybrook.keras",
        tmp_path,
        ["LPS", "SAR"],
    )
    truth = hearts.masks[:5, ::-1, ::-1, 0].transpose(2, 1, 0)
    assert overlap_scores(truth, mask)["dice"] > 0.7


@pytest.mark.slow
def test_predict_real_volume_stored_another_way(msd_heart_dir, tmp_path):
    scan = msd_heart_dir / "Task02_Heart" / "imagesTr" / "la_021.nii.gz"
    model = uneven_model(tmp_path / "uneven.keras")
    mask = same_mask_in_every_orientation(scan, model, tmp_path, ["LPS", "PSL"])
    assert mask.shape == (256, 256, 100) and mask.any()


def write_dicom(path, pixels, photometric="MONOCHROME2", slope=None):
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    frame = pydicom.Dataset()
    frame.file_meta = meta
    frame.SOPClassUID, frame.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    frame.Rows, frame.Columns = pixels.shape
    frame.SamplesPerPixel, frame.PhotometricInterpretation = 1, photometric
    frame.BitsAllocated = frame.BitsStored = 16
    frame.HighBit, frame.PixelRepresentation = 15, 1
    if slope is not None:
        frame.RescaleSlope, frame.RescaleIntercept = slope, 0
    frame.PixelData = pixels.astype("<i2").tobytes()
    path.parent.mkdir(exist_ok=True)
    frame.save_as(path, enforce_file_format=True)


def test_predict_dicom(model, tmp_path, capsys):
    """With and without the ending .dcm, 12-bit values, and a grey scale inverted by any means."""
    pixels = np.zeros((16, 24))
    pixels[2:5, 20:23] = 1800
    write_dicom(tmp_path / "in" / "48.dcm", pixels)
    write_dicom(tmp_path / "in" / "IM-0001", 1800 - pixels, "MONOCHROME1")
    write_dicom(tmp_path / "in" / "negative.dcm", 1800 - pixels, slope=-1)
    write_dicom(tmp_path / "in" / "twice.dcm", pixels, "MONOCHROME1", slope=-2.5)
    names = ("48", "IM-0001", "negative", "twice")
    assert predict(tmp_path / "in", tmp_path / "out", model) == 0
    assert set(contents(tmp_path / "out")) == {Path(f"{n}.png") for n in names}
    for name in (f"{n}.png" for n in names):
        np.testing.assert_array_equal(read(tmp_path / "out" / name), (pixels > 0) * 255)
    assert "and 3 more: scaled to 0-255" in capsys.readouterr().out


def test_predict_real_dicom_like_its_png(scd_dicom_dir, sunnybrook_dir, tmp_path):
    """The PNG set was made from these frames, so both must give nearly the same mask."""
    model = bright_model(tmp_path / "z.keras", normalisation="min-max")
    (png,) = sunnybrook_dir.glob("Data/*/Images/*/SC-HF-I-01-IM-0001-0048.dcm.png")
    assert predict(png, tmp_path / "out", model) == 0
    assert predict(scd_dicom_dir / "dicoms/SCD0000101/48.dcm", tmp_path / "out", model) == 0
    from_png, from_dicom = read(tmp_path / "out" / png.name), read(tmp_path / "out" / "48.png")
    assert np.count_nonzero(from_png) > 500
    assert np.mean(from_png == from_dicom) > 0.99


@pytest.fixture
def scan(tmp_path):
    """A volume that the header calls right, front, head."""
    values = np.random.default_rng(0).integers(0, 256, (20, 16, 12), np.uint8)
    path = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.25, 1.25, 1.37, 1])), path)
    return path


@pytest.fixture
def volume_model(tmp_path):
    network = models.build_model("unet", (8, 16, 16, 1), 1, filters=2, depth=2, norm="instance")
    inference.save_model(network, tmp_path / "3d.keras", Preprocessing(size=16), {})
    return tmp_path / "3d.keras"


@pytest.mark.slow
def test_a_model_of_volumes_predicts_each_file_as_a_whole(scan, volume_model, tmp_path):
    assert predict(scan, tmp_path / "out", volume_model) == 0
    network, preprocessing, _ = inference.load_model(volume_model)
    # As nifti.Grid cuts it: columns to the left, rows to the back, slices to the head.
    slices = np.asarray(nibabel.load(scan).dataobj)[::-1, ::-1].transpose(2, 1, 0)[..., None]
    expected = inference.to_mask(predict_volume(network, slices, preprocessing, (8, 16, 16)))
    written = np.asarray(nibabel.load(tmp_path / "out" / "scan.nii.gz").dataobj)
    np.testing.assert_array_equal(written, expected[..., 0].transpose(2, 1, 0)[::-1, ::-1])
    assert 0 < written.mean() < 1


@pytest.mark.parametrize(
    ("option", "message"),
    [(None, "takes whole volumes; give NIfTI"), ("--rotations", "for models of slices")],
)
def test_a_model_of_volumes_says_what_it_cannot_do(option, message, volume_model, tmp_path, capsys):
    picture(tmp_path / "in" / "a.png", slice(4), slice(4))
    assert predict(tmp_path / "in", tmp_path / "out", volume_model, *filter(None, [option])) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_without_normalisation_gets_whole_volumes_from_0_to_1(tmp_path, capsys):
    """System 3's kind. One slice is dark: by itself it would be stretched to bright."""
    values = np.full((10, 8, 4), 20, np.uint8)
    values[2:5, 3:6, 1] = 240
    values[2:5, 3:6, 2] = 60
    nibabel.save(nibabel.Nifti1Image(values, AFFINE), tmp_path / "scan.nii")
    model = bright_model(tmp_path / "m.keras", normalisation="none")
    network, preprocessing, card = inference.load_model(model)
    kernel = np.full((1, 1, 1, 1), 100.0)
    network.layers[-1].set_weights([kernel, np.array([-50.0])])  # above half of the range
    inference.save_model(network, model, preprocessing, card)
    assert predict(tmp_path / "scan.nii", tmp_path / "out", model) == 0
    written = np.asarray(nibabel.load(tmp_path / "out" / "scan.nii").dataobj)
    np.testing.assert_array_equal(written, values == 240)
    picture(tmp_path / "in" / "a.png", slice(4), slice(4))
    assert predict(tmp_path / "in", tmp_path / "out", model) == 1
    assert "takes whole volumes" in capsys.readouterr().err
