"""Every network: its shape, its range, its settings, its file, and its published size."""

import keras
import numpy as np
import pytest

from seglib.models.networks import ARCHITECTURES, VOLUMETRIC, build_model

STUDY_NETWORKS = sorted(name for name in ARCHITECTURES if not name.startswith("published"))
SMALL = {"filters": 2, "depth": 2}


def pictures(size=16, channels=1):
    return np.random.default_rng(0).normal(size=(2, size, size, channels)).astype("float32")


def output_of(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_output_is_a_probability_for_every_pixel(name):
    output = output_of(build_model(name, (16, 16, 1), **SMALL), pictures())
    assert output.shape == (2, 16, 16, 1)
    assert output.dtype == np.float32
    assert 0 <= output.min() < output.max() <= 1


@pytest.mark.parametrize("name", STUDY_NETWORKS)
def test_several_classes_share_one(name):
    model = build_model(name, (16, 16, 3), num_classes=4, **SMALL)
    output = output_of(model, pictures(channels=3))
    assert output.shape == (2, 16, 16, 4)
    np.testing.assert_allclose(output.sum(axis=-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("norm", ["batch", "group", "instance", "none"])
@pytest.mark.parametrize("name", STUDY_NETWORKS)
def test_any_normalisation(name, norm):
    output = output_of(build_model(name, (8, 8, 1), filters=3, depth=1, norm=norm), pictures(8))
    assert output.shape == (2, 8, 8, 1)
    assert np.isfinite(output).all()


@pytest.mark.slow  # so many networks
@pytest.mark.parametrize(("filters", "depth"), [(1, 1), (3, 3), (5, 2)])
@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_any_depth_and_number_of_filters(name, filters, depth):
    model = build_model(name, (16, 16, 1), filters=filters, depth=depth)
    assert model.output_shape == (None, 16, 16, 1)
    pooled = [layer for layer in model.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert len(pooled) == depth


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_a_saved_network_gives_the_same_masks(name, tmp_path):
    model = build_model(name, (16, 16, 1), **SMALL)
    model.save(tmp_path / "network.keras")
    reloaded = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(output_of(model, pictures()), output_of(reloaded, pictures()))


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDY_NETWORKS)
def test_a_network_without_a_fixed_size_takes_any_multiple(name):
    model = build_model(name, (None, None, 1), **SMALL)
    assert output_of(model, pictures(16)).shape == (2, 16, 16, 1)
    assert output_of(model, pictures(24)).shape == (2, 24, 24, 1)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_a_size_that_the_poolings_cannot_halve_is_refused(name):
    with pytest.raises(ValueError, match=r"multiples of 8.*\(20, 16\)"):
        build_model(name, (20, 16, 1), filters=2, depth=3)


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="no network 'vnet'.*attention_unet"):
        build_model("vnet", (16, 16, 1))


@pytest.mark.slow
def test_the_baseline_has_no_skip_and_the_others_have_one_a_level():
    for name in STUDY_NETWORKS:
        model = build_model(name, (16, 16, 1), **SMALL)
        joins = [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
        assert len(joins) == (0 if name == "encoder_decoder" else 2), name


def test_the_unet_has_the_parameters_that_a_count_by_hand_gives():
    def block(inputs, filters):  # two 3x3 convolutions without bias, two normalisations
        return 9 * inputs * filters + 9 * filters**2 + 2 * 4 * filters

    def up(inputs, filters):
        return 4 * inputs * filters + filters

    expected = block(1, 4) + block(4, 8) + up(8, 4) + block(8, 4) + (4 + 1)
    assert build_model("unet", (16, 16, 1), filters=4, depth=1).count_params() == expected


def test_the_published_gates_leave_the_finest_skip_alone():
    model = build_model("attention_unet_oktay", (16, 16, 1), filters=2, depth=3)
    gated = [layer.name for layer in model.layers if layer.name.endswith("_multiply")]
    assert sorted(gated) == ["skip2_multiply", "skip3_multiply"]
    joined = {f"decoder{k}": model.get_layer(f"decoder{k}_join").input[0] for k in (1, 2, 3)}
    assert joined["decoder1"] is model.get_layer("encoder1_relu2").output
    assert joined["decoder2"] is model.get_layer("skip2_norm").output
    steered_by = {k: model.get_layer(f"skip{k}_phi").input for k in (2, 3)}
    assert steered_by[3] is model.get_layer("bottleneck_relu2").output
    assert steered_by[2] is model.get_layer("decoder3_relu2").output


def test_the_published_gates_have_the_parameters_that_a_count_by_hand_gives():
    def gate(skip, gating):
        inner = skip // 2
        theta, phi, psi = 4 * skip * inner, gating * inner + inner, inner + 1
        return theta + phi + psi + skip**2 + 4 * skip  # then 1x1 without bias, normalisation

    plain = build_model("unet", (16, 16, 1), filters=4, depth=3).count_params()
    gated = build_model("attention_unet_oktay", (16, 16, 1), filters=4, depth=3).count_params()
    assert gated - plain == gate(8, 16) + gate(16, 32)


def test_without_a_coarser_skip_the_published_gates_are_gone():
    plain, gated = (
        build_model(name, (16, 16, 1), filters=2, depth=1)
        for name in ("unet", "attention_unet_oktay")
    )
    assert [layer.name for layer in plain.layers] == [layer.name for layer in gated.layers]


@pytest.mark.parametrize("architecture", VOLUMETRIC)
def test_a_network_of_volumes_has_the_layers_of_its_two_dimensional_twin(architecture):
    flat = build_model(architecture, (16, 16, 1), **SMALL)
    deep = build_model(architecture, (8, 16, 16, 1), **SMALL, num_classes=3)
    assert [layer.name for layer in flat.layers] == [layer.name for layer in deep.layers]
    volume = np.random.default_rng(0).normal(size=(1, 8, 16, 16, 1)).astype("float32")
    probabilities = keras.ops.convert_to_numpy(deep(volume))
    assert probabilities.shape == (1, 8, 16, 16, 3)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


def test_a_network_of_images_refuses_volumes():
    with pytest.raises(ValueError, match="images, not volumes"):
        build_model("attention_unet", (8, 16, 16, 1), **SMALL)
    with pytest.raises(ValueError, match="multiples of 4"):
        build_model("unet", (6, 16, 16, 1), **SMALL)
