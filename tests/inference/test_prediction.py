"""Inference: masks on the input's own grid, and model files that explain themselves."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import predict_with_models
import pytest

from seglib import inference
from seglib.errors import DataError, ModelFileError
from seglib.files import REPOSITORY
from seglib.inference import forward
from seglib.models.networks import ARCHITECTURES, build_model
from seglib.preprocessing.steps import Preprocessing
from study.shipped import SHIPPED

#: The versions of Keras that requirements.txt allows, such as ``>=3.13.2,<3.16``.
ALLOWED = re.search(
    r"^keras(>=([\d.]+),\S+)", (REPOSITORY / "requirements.txt").read_text(encoding="utf-8"), re.M
)


@pytest.fixture(scope="module")
def model():
    return build_model("unet", (None, None, 1), filters=4, depth=2)


@pytest.mark.parametrize("size", [(64, 64), (50, 70), (33, 20)])
@pytest.mark.parametrize("crop", [32, None])
def test_probabilities_have_the_size_of_the_input(model, size, crop, rng):
    images = rng.integers(0, 255, (3, *size, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=crop, multiple=4)
    output = inference.predict(model, images, preprocessing)
    assert output.shape == (3, *size, 1)
    assert output.min() >= 0 and output.max() <= 1


def test_outside_the_crop_is_background(model, rng):
    images = rng.integers(0, 255, (2, 64, 64, 1)).astype(np.uint8)
    output = inference.predict(model, images, Preprocessing(size=32, multiple=4))
    inside = output[:, 16:48, 16:48]
    assert (inside > 0).all()
    assert output.sum() == pytest.approx(inside.sum())


@pytest.mark.parametrize("rotations", [False, True])
def test_the_batch_size_does_not_change_the_result(model, rotations, rng):
    images = rng.integers(0, 255, (5, 32, 32, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=32, multiple=4)
    expected = inference.predict(model, images, preprocessing, rotations=rotations)
    for size in (1, 2, 3, 16):  # 2 and 3 leave a last batch that is filled up
        found = inference.predict(
            model, images, preprocessing, batch_size=size, rotations=rotations
        )
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_large_images_are_prepared_and_restored_a_few_at_a_time(model, monkeypatch, rng):
    """The network sees 16x16 pixels of 64x64: its own memory would allow all of them."""
    images = rng.integers(0, 255, (7, 64, 64, 1)).astype(np.uint8)
    preprocessing = Preprocessing(size=16, multiple=4)
    expected = inference.predict(model, images, preprocessing)
    restored, restore = [], Preprocessing.restore

    def counted(self, outputs, size):
        restored.append(len(outputs))
        return restore(self, outputs, size)

    monkeypatch.setattr(Preprocessing, "restore", counted)
    monkeypatch.setattr(forward, "MEMORY", 3 * forward.bytes_beside(images, 1))
    np.testing.assert_allclose(inference.predict(model, images, preprocessing), expected, atol=1e-6)
    assert restored == [3, 3, 1]


def test_with_rotations_a_turned_image_gives_the_turned_mask(model, rng):
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
def test_an_image_that_is_not_finite_once_prepared_is_named(model, normalisation, value, rng):
    images = rng.integers(0, 255, (3, 32, 32, 1)).astype(np.float64)
    images[1, 16, 16] = value
    preprocessing = Preprocessing(size=32, multiple=4, normalisation=normalisation)
    with pytest.raises(DataError, match="^image 1: .*not finite once prepared.*e.g. 0 to 4095"):
        inference.predict(model, images, preprocessing)


def test_the_size_of_the_intensities_does_not_change_the_result(model, rng):
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


def test_more_classes_than_a_mask_can_number_are_refused():
    last = np.zeros((1, 1, 1, 256))
    last[..., 255] = 1
    assert inference.to_mask(last).item() == 255
    with pytest.raises(DataError, match="257 classes apart, but a mask numbers 256"):
        inference.to_mask(np.zeros((1, 1, 1, 257)))


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
def test_attention_maps(architecture, shape, rng):
    network = build_model(architecture, (32, 32, 1), filters=4, depth=2)
    images = rng.integers(0, 255, (2, 32, 32, 1)).astype(np.uint8)
    maps = inference.attention_maps(network, images, Preprocessing(size=32, multiple=4))
    assert list(maps) == ["skip1", "skip2"]
    assert maps["skip1"].shape == shape
    assert all(m.min() >= 0 and m.max() <= 1 for m in maps.values())


def test_a_network_without_attention_has_no_maps(model):
    images = np.zeros((1, 32, 32, 1), np.uint8)
    assert inference.attention_maps(model, images, Preprocessing(size=32, multiple=4)) == {}


def test_a_saved_model_comes_back_with_all_it_needs(model, tmp_path, rng):
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


def rewrite(path, **entries):
    """Write a model file anew; an entry (with _ for the dot) given as a function is changed."""
    with zipfile.ZipFile(path) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            change = entries.get(name.replace(".", "_"))
            archive.writestr(name, data if change is None else change(data))


def replaced(*path, by):
    """A change of an entry for `rewrite`: the value at `path` in its JSON becomes `by`."""

    def change(data):
        values = node = json.loads(data)
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = by
        return json.dumps(values)

    return change


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


def test_a_file_of_a_newer_keras_that_is_not_understood_says_so(good):
    rewrite(
        good,
        metadata_json=replaced("keras_version", by="3.99.1"),
        config_json=replaced("config", "layers", 1, "config", "invented", by=1),
    )
    with pytest.raises(ModelFileError) as caught:
        inference.load_model(good)
    message = str(caught.value)
    assert "written by Keras 3.99.1" in message
    assert f"installed here is Keras {keras.__version__}" in message
    assert "pip install keras==3.99.1" in message
    assert "'invented'" in message and len(message) < 1000


@pytest.mark.parametrize(
    "metadata", [b"", b"[]", b'{"keras_version": 3}', b'{"keras_version": "x"}']
)
def test_a_file_that_is_not_understood_and_names_no_version_is_refused_plainly(good, metadata):
    rewrite(
        good,
        metadata_json=lambda _: metadata,
        config_json=replaced("config", "layers", 1, "config", "invented", by=1),
    )
    with pytest.raises(ModelFileError, match="not a readable .keras model file"):
        inference.load_model(good)


def entry(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


#: What a Keras of today adds to a network's configuration and the oldest allowed does not know.
YOUNG = ("input_axes", "output_axes", "renorm")


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_a_shipped_model_holds_nothing_that_only_younger_versions_of_keras_know(shipped):
    assert not [word for word in YOUNG if word in entry(shipped.path, "config.json").decode()]


def test_a_saved_model_holds_nothing_that_only_younger_versions_of_keras_know(good):
    config = entry(good, "config.json").decode()
    assert '"HeNormal"' in config and '"BatchNormalization"' in config
    assert not [word for word in YOUNG if word in config]


def test_what_a_younger_version_of_keras_was_told_to_do_is_kept(tmp_path):
    image = keras.Input((8, 8, 1))
    norm = keras.layers.BatchNormalization(name="norm")
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(norm(image)))
    settings = norm.get_config()
    if "renorm" not in settings:
        pytest.skip(f"Keras {keras.__version__} has no batch renormalisation yet")
    norm.renorm, norm.renorm_clipping, norm.renorm_momentum = True, None, 0.5
    path = tmp_path / "m.keras"
    inference.save_model(network, path, Preprocessing(None, multiple=1), {})
    layers = json.loads(entry(path, "config.json"))["config"]["layers"]
    (saved,) = [layer["config"] for layer in layers if layer["name"] == "norm"]
    assert saved["renorm"] is True and saved["renorm_momentum"] == 0.5


@pytest.fixture(scope="module")
def every_network(tmp_path_factory):
    """Model files, and what the installed Keras predicts with each.

    The shipped ones, one of every architecture and normalisation, and some as they were
    before `save_model` left anything out.
    """
    folder = tmp_path_factory.mktemp("networks")
    files = {shipped.path: predict_with_models.probabilities(shipped.path) for shipped in SHIPPED}
    kinds = [(name, "batch") for name in ARCHITECTURES]
    kinds += [("unet", norm) for norm in ("group", "instance", "none")]
    for architecture, norm in kinds:
        network = build_model(architecture, (32, 32, 1), filters=4, depth=2, norm=norm)
        path = folder / f"{architecture}-{norm}.keras"
        inference.save_model(network, path, Preprocessing(size=32, multiple=4), {})
        files[path] = predict_with_models.probabilities(path)
        if architecture == "unet":
            old = folder / f"old-{path.name}"
            network.save(old)
            with zipfile.ZipFile(old, "a") as archive:
                archive.writestr("seglib.json", entry(path, "seglib.json"))
            files[old] = files[path]
    return files


@pytest.fixture(scope="module", params=[f"=={ALLOWED[2]}", ALLOWED[1]], ids=["oldest", "newest"])
def other_keras(request, tmp_path_factory):
    """A folder with another version of Keras alone, for the front of the path."""
    folder = tmp_path_factory.mktemp("keras")
    options = "--no-deps --quiet --disable-pip-version-check --retries 1 --timeout 20".split()
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder)]
    done = subprocess.run([*command, f"keras{request.param}"], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        pytest.skip(f"pip cannot fetch keras{request.param}: {reason}")
    return folder


@pytest.mark.slow
def test_every_allowed_version_of_keras_reads_the_files_and_predicts_the_same(
    other_keras, every_network, tmp_path
):
    (found,) = other_keras.glob("keras-*.dist-info")
    version = found.name.removeprefix("keras-").removesuffix(".dist-info")
    first = os.pathsep.join([str(other_keras), str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [
            sys.executable,
            predict_with_models.__file__,
            str(tmp_path / "out.npz"),
            *map(str, every_network),
        ],
        env={**os.environ, "PYTHONPATH": first, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    used, where = done.stdout.strip().splitlines()[-1].split(" ", 1)
    assert used == version and Path(where).is_relative_to(other_keras)
    there = np.load(tmp_path / "out.npz")
    for path, here in every_network.items():
        masks = inference.to_mask(here)
        np.testing.assert_allclose(there[path.stem], here, atol=1e-5, err_msg=path.stem)
        np.testing.assert_array_equal(inference.to_mask(there[path.stem]), masks, path.stem)
    assert inference.to_mask(there["sunnybrook"]).any()
