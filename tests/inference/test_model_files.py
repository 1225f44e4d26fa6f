"""Model files: written whole, read with care."""

import zipfile

import numpy as np
import pytest
from spoilt import replaced, rewrite

from seglib import inference
from seglib.errors import ModelFileError
from seglib.models.networks import build_model
from seglib.preprocessing.steps import Preprocessing

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model():
    return build_model("unet", (None, None, 1), filters=4, depth=2)


@pytest.mark.slow
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


@pytest.fixture
def good(model, tmp_path):
    """A model file that can be used, to be spoilt."""
    path = tmp_path / "good.keras"
    inference.save_model(model, path, Preprocessing(size=32, multiple=4), {"data": "phantom"})
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: b"{", "is not JSON"),
        (lambda _: b"[" * 100_000, "is not JSON"),
        (lambda _: b"[]", "found list"),
        (lambda _: b'{"card": {}}', "lacks preprocessing"),
        (lambda _: b'{"preprocessing": {}}', "lacks card"),
        (lambda _: b" " * (2**20 + 1), "more than 1 MiB"),
        (replaced("card", by=[]), "card: expected a dict, found list"),
        (replaced("card", "class_names", by=3), "class_names: expected a list of names, found 3"),
        (replaced("preprocessing", by=7), "preprocessing: expected a dict, found int"),
        (replaced("preprocessing", "size", by="32"), "size: expected int or None, found '32'"),
        (replaced("preprocessing", "size", by=-32), "size: expected 1 or more, found -32"),
        (replaced("preprocessing", "size", by=33), "33 is not a multiple of 4"),
        (replaced("preprocessing", "multiple", by=0), "multiple: expected 1 or more, found 0"),
        (replaced("preprocessing", "multiple", by=True), "multiple: expected int, found True"),
        (replaced("preprocessing", "normalisation", by=None), "expected str, found None"),
        (replaced("preprocessing", "normalisation", by="odd"), "unknown normalisation 'odd'"),
        (replaced("preprocessing", "field", by=64), "but resize is None"),
        (replaced("preprocessing", "margin", by=8), "margin', which .* newer seglib"),
        (replaced("threshold", by=0.3), "threshold', which .* newer seglib"),
    ],
)
def test_a_model_file_that_says_nothing_usable_about_images_is_refused(good, change, says):
    rewrite(good, seglib_json=change)
    with pytest.raises(ModelFileError, match=says) as caught:
        inference.load_model(good)
    assert "good.keras" in str(caught.value) and "seglib.json" in str(caught.value)


def test_an_entry_that_states_a_smaller_size_than_it_has_is_refused(good):
    rewrite(good, seglib_json=lambda _: b" " * 2**24)
    data = good.read_bytes()
    real, stated = (2**24).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert data.count(real) == 2  # in front of the entry, and in the list at the file's end
    good.write_bytes(data.replace(real, stated))
    with pytest.raises(ModelFileError, match="not a readable"):
        inference.load_model(good)


@pytest.mark.parametrize(
    ("name", "says"),
    [("config.json", "config.json takes more than 16 MiB"), ("metadata.json", "not a readable")],
)
def test_a_huge_entry_is_not_read(good, name, says):
    changes = {
        "metadata_json": replaced("keras_version", by="3.0.0"),
        "config_json": replaced("config", "layers", by=1),
        name.replace(".", "_"): lambda _: b" " * (2**24 + 1),
    }
    rewrite(good, **changes)
    with pytest.raises(ModelFileError, match=says):
        inference.load_model(good)


def test_a_card_too_large_to_be_read_is_not_written(model, tmp_path):
    with pytest.raises(ModelFileError, match="the card .* 1 MiB"):
        inference.save_model(
            model, tmp_path / "m.keras", Preprocessing(size=32, multiple=4), {"x": "y" * 2**20}
        )
    assert list(tmp_path.iterdir()) == []


def entry(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)
