"""A network in an ONNX file answers as in Keras, and knows its preprocessing."""

import keras
import numpy as np
import pytest
from command_line import bright_model, picture, read, run

from seglib import inference
from seglib.commands.main import main
from seglib.errors import ModelFileError
from seglib.inference.model_files import load_model
from seglib.inference.onnx_export import export_onnx
from seglib.inference.onnx_network import OnnxNetwork
from seglib.inference.prediction import predict
from seglib.inference.sliding_window import patch_of, predict_volume
from seglib.models.networks import build_model
from seglib.preprocessing.steps import Preprocessing

REASON = "the packages of pyproject.toml's group onnx are optional"
onnx = pytest.importorskip("onnx", reason=REASON)
pytest.importorskip("tf2onnx", reason=REASON)


def export(model, output):
    return main(["export", "--model", str(model), "--output", str(output)])


def unsteady(*arguments, **options):
    """A network whose normalisations do something: theirs are no longer 0 and 1."""
    keras.utils.set_random_seed(0)
    network = build_model(*arguments, **options)
    rng = np.random.default_rng(0)
    network.set_weights([w + rng.normal(0, 0.05, w.shape) for w in network.get_weights()])
    return network


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """One small U-Net as it is, and read back from its ONNX file."""
    folder = tmp_path_factory.mktemp("onnx")
    network = unsteady("unet", (32, 32, 1), 1, filters=4, depth=2)
    inference.save_model(network, folder / "net.keras", Preprocessing(32), {"run": "none"})
    assert export(folder / "net.keras", folder / "net.onnx") == 0
    assert sorted(path.name for path in folder.iterdir()) == ["net.keras", "net.onnx"]
    return load_model(folder / "net.keras"), load_model(folder / "net.onnx")


@pytest.mark.parametrize("rotations", [False, True])
def test_probabilities_preprocessing_and_card_are_the_same(both, rotations, rng):
    (network, preprocessing, card), (other, other_preprocessing, other_card) = both
    assert (preprocessing, card) == (other_preprocessing, other_card)
    assert other.input_shape == network.input_shape
    assert other.output_shape == network.output_shape
    images = rng.integers(0, 256, (3, 48, 40, 1)).astype(np.uint8)
    expected, found = (
        predict(one, images, preprocessing, batch_size=2, rotations=rotations)
        for one in (network, other)
    )
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "norm"),
    [
        ("unet", "group"),
        ("attention_unet", "batch"),
        ("attention_unet_oktay", "batch"),
        ("channel_attention_unet", "batch"),
        ("spatial_attention_unet", "batch"),
    ],
)
def test_attention_and_several_classes(architecture, norm, tmp_path, rng):
    network = unsteady(architecture, (16, 24, 2), 3, filters=4, depth=2, norm=norm)
    export_onnx(network, tmp_path / "net.onnx", Preprocessing(None), {})
    other = OnnxNetwork(tmp_path / "net.onnx")
    assert (other.input_shape, other.output_shape) == (network.input_shape, network.output_shape)
    batch = rng.random((3, 16, 24, 2), np.float32)
    expected = network.predict_on_batch(batch)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(other.predict_on_batch(batch), expected, atol=1e-5)


@pytest.mark.slow
def test_a_network_of_volumes(tmp_path, rng):
    network = unsteady("unet", (4, 16, 16, 1), 3, filters=4, depth=2, norm="instance")
    preprocessing = Preprocessing(24, multiple=4)
    export_onnx(network, tmp_path / "net.onnx", preprocessing, {})
    other, *_ = load_model(tmp_path / "net.onnx")
    assert patch_of(other) == (4, 16, 16)
    images = rng.integers(0, 256, (7, 30, 28, 1)).astype(np.uint8)
    expected, found = (
        predict_volume(one, images, preprocessing, (4, 16, 16)) for one in (network, other)
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
def test_predict_takes_an_onnx_file_and_needs_no_keras(tmp_path):
    bright_model(tmp_path / "bright.keras", size=16)
    images = tmp_path / "images"
    for name, shape in (("a", (32, 48)), ("b", (16, 64))):
        picture(images / f"{name}.png", slice(4, 13), slice(9, 29), shape)
    assert export(tmp_path / "bright.keras", tmp_path / "bright.onnx") == 0
    options = ["--model", f"{tmp_path}/bright.keras", "--output", f"{tmp_path}/masks"]
    assert main(["predict", "--input", str(images), *options]) == 0
    code = (
        "import sys; from seglib.commands.main import main\n"
        f"main(['predict', '--model', {str(tmp_path / 'bright.onnx')!r}, "
        f"'--input', {str(images)!r}, '--output', {str(tmp_path / 'alone')!r}])\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    result = run("-c", code)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
    for name in ("a.png", "b.png"):
        mask = read(tmp_path / "masks" / name)
        assert set(np.unique(mask)) == {0, 255}
        np.testing.assert_array_equal(read(tmp_path / "alone" / name), mask)


def test_each_slice_is_predicted_by_itself_whatever_stands_beside_it(both, rng):
    """Slices are shared out among the cores: none may be lost, or change places."""
    _, (network, _, _) = both
    batch = rng.random((7, 32, 32, 1), np.float32)
    together = network.predict_on_batch(batch)
    alone = [network.predict_on_batch(batch[row : row + 1]) for row in range(len(batch))]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    assert np.ptp(together, axis=0).max() > 0  # or nothing could change places


def test_a_foreign_onnx_file_is_refused(tmp_path):
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    x, y = (onnx.helper.make_tensor_value_info(name, 1, [1]) for name in "xy")
    graph = onnx.helper.make_graph([node], "g", [x], [y])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, tmp_path / "foreign.onnx")
    with pytest.raises(ModelFileError, match="does not say how images must be prepared"):
        load_model(tmp_path / "foreign.onnx")
    for entry, says in (
        ("{", "seglib is not JSON"),
        ("[]", "expected a dict, found list"),
        ('{"card": {}, "values_per_pixel": 1}', "lacks preprocessing"),
        ('{"card": {}, "preprocessing": {}, "values_per_pixel": "1"}', "a number above 0"),
        (
            '{"card": {}, "preprocessing": {"margin": 1}, "values_per_pixel": 1}',
            "margin', which .* newer seglib",
        ),
    ):
        onnx.helper.set_model_props(model, {"seglib": entry})
        onnx.save(model, tmp_path / "foreign.onnx")
        with pytest.raises(ModelFileError, match=says):
            load_model(tmp_path / "foreign.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(ModelFileError, match="not a readable"):
        load_model(tmp_path / "broken.onnx")
