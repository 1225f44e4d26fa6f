"""Inference: masks on the input's own grid, and model files that explain themselves."""

import zipfile

import numpy as np
import pytest

from seglib import inference
from seglib.errors import DataError, ModelFileError
from seglib.models import build_model
from seglib.preprocessing import Preprocessing

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model():
    return build_model("unet", (None, None, 1), filters=4, depth=2)


@pytest.mark.parametrize("size", [(64, 64), (50, 70), (33, 20)])
@pytest.mark.parametrize("crop", [32, None])
def test_probabilities_have_the_size_of_the_input(model, size, crop):
    images = rng.integers(0, 255, (3, *size, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=crop, multiple=4)
    output = inference.predict(model, images, preprocessing)
    assert output.shape == (3, *size, 1)
    assert output.min() >= 0 and output.max() <= 1


def test_outside_the_crop_is_background(model):
    images = rng.integers(0, 255, (2, 64, 64, 1)).astype(np.uint8)
    output = inference.predict(model, images, Preprocessing(size=32, multiple=4))
    inside = output[:, 16:48, 16:48]
    assert (inside > 0).all()
    assert output.sum() == pytest.approx(inside.sum())


@pytest.mark.parametrize("rotations", [False, True])
def test_the_batch_size_does_not_change_the_result(model, rotations):
    images = rng.integers(0, 255, (5, 32, 32, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=32, multiple=4)
    expected = inference.predict(model, images, preprocessing, rotations=rotations)
    for size in (1, 2, 3, 16):  # 2 and 3 leave a last batch that is filled up
        found = inference.predict(
            model, images, preprocessing, batch_size=size, rotations=rotations
        )
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_with_rotations_a_turned_image_gives_the_turned_mask(model):
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=32, multiple=4)

    def mean(x):
        return inference.predict(model, np.ascontiguousarray(x), preprocessing, rotations=True)

    turned = np.rot90(images, axes=(1, 2))
    np.testing.assert_allclose(mean(turned), np.rot90(mean(images), axes=(1, 2)), atol=1e-5)
    flipped = images[:, :, ::-1]
    np.testing.assert_allclose(mean(flipped), mean(images)[:, :, ::-1], atol=1e-5)


@pytest.mark.parametrize(
    ("normalisation", "value"), [("z-score", np.nan), ("min-max", np.inf), ("255", 1e300)]
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_an_image_that_is_not_finite_once_prepared_is_named(model, normalisation, value):
    images = rng.integers(0, 255, (3, 32, 32, 1)).astype(np.float64)
    images[1, 16, 16] = value
    preprocessing = Preprocessing(size=32, multiple=4, normalisation=normalisation)
    with pytest.raises(DataError, match="^image 1: .*not finite once prepared.*e.g. 0 to 4095"):
        inference.predict(model, images, preprocessing)


def test_the_size_of_the_intensities_does_not_change_the_result(model):
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.float32)
    preprocessing = Preprocessing(size=32, multiple=4)
    expected = inference.predict(model, images, preprocessing)
    found = inference.predict(model, images * np.float32(1e30), preprocessing)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hard_masks():
    one = np.array([0.2, 0.5, 0.9]).reshape(1, 1, 3, 1)
    assert inference.to_mask(one).ravel().tolist() == [0, 1, 1]
    three = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]).reshape(1, 1, 2, 3)
    assert inference.to_mask(three).ravel().tolist() == [0, 2]


def test_the_largest_piece_stays():
    masks = np.zeros((2, 8, 8, 1), np.uint8)
    masks[0, 1:4, 1:4] = 1
    masks[0, 4, 4] = 1  # touches at a corner: the same piece
    masks[0, 7, 7] = 1
    cleaned = inference.largest_component(masks)
    assert cleaned[0].sum() == 10
    assert cleaned[0, 7, 7] == 0
    assert cleaned[1].sum() == 0


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("attention_unet", (2, 32, 32, 1)),
        ("spatial_attention_unet", (2, 32, 32, 1)),
        ("channel_attention_unet", (2, 4)),
    ],
)
def test_attention_maps(architecture, shape):
    network = build_model(architecture, (32, 32, 1), filters=4, depth=2)
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    maps = inference.attention_maps(network, images, Preprocessing(size=32, multiple=4))
    assert list(maps) == ["skip1", "skip2"]
    assert maps["skip1"].shape == shape
    assert all(m.min() >= 0 and m.max() <= 1 for m in maps.values())


def test_a_network_without_attention_has_no_maps(model):
    images = np.zeros((1, 32, 32, 1), np.uint8)
    assert inference.attention_maps(model, images, Preprocessing(size=32, multiple=4)) == {}


def test_a_saved_model_comes_back_with_all_it_needs(model, tmp_path):
    path = tmp_path / "model.keras"
    preprocessing = Preprocessing(size=32, multiple=4, normalisation="min-max")
    inference.save_model(model, path, preprocessing, {"data": "phantom"})
    loaded, its_preprocessing, card = inference.load_model(path)
    images = rng.integers(0, 255, (2, 48, 48, 1)).astype(np.uint8)
    assert its_preprocessing == preprocessing
    assert card == {"data": "phantom"}
    np.testing.assert_allclose(
        inference.predict(loaded, images, its_preprocessing),
        inference.predict(model, images, preprocessing),
        atol=1e-6,
    )
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


def test_model_files_that_cannot_be_used(model, tmp_path):
    with pytest.raises(ModelFileError, match="no model file"):
        inference.load_model(tmp_path / "absent.keras")
    (tmp_path / "text.keras").write_text("not a zip")
    with pytest.raises(ModelFileError, match="not a readable"):
        inference.load_model(tmp_path / "text.keras")
    model.save(tmp_path / "plain.keras")
    with pytest.raises(ModelFileError, match="seglib.json"):
        inference.load_model(tmp_path / "plain.keras")
    good = tmp_path / "good.keras"
    inference.save_model(model, good, Preprocessing(size=32, multiple=4), {})
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(tmp_path / "cut.keras", "w") as cut:
        for entry in archive.namelist():
            if not entry.endswith(".h5"):
                cut.writestr(entry, archive.read(entry))
    with pytest.raises(ModelFileError):
        inference.load_model(tmp_path / "cut.keras")
