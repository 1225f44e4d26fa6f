import subprocess
import sys

import numpy as np
import pytest

from seglib.errors import DataError
from seglib.phantoms import heart


def test_shapes_and_table(phantom_set):
    assert phantom_set.images.shape == (36, 64, 64, 1)
    assert phantom_set.images.dtype == np.uint8
    assert set(np.unique(phantom_set.masks)) == {0, 1}
    assert phantom_set.table["case"].nunique() == 12
    assert set(phantom_set.table["pathology"]) == {"N", "HF-I", "HF-NI", "HYP"}
    assert phantom_set.table.groupby("part")["patient"].nunique().tolist() == [2, 2, 2]
    assert phantom_set.table["source"].is_unique


def test_same_seed_same_pixels_other_seed_other_pixels():
    first, again, other = (heart.make(2, 2, 64, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert (first.images != other.images).mean() > 0.5


def test_a_patient_does_not_depend_on_how_many_there_are(phantom_set):
    few = heart.make(patients=2, slices=3, size=64)
    same = phantom_set.of_patients(few.patients)
    np.testing.assert_array_equal(few.images, same.images)
    np.testing.assert_array_equal(few.masks, same.masks)


def test_patients_differ(phantom_set):
    middle = phantom_set.take(
        (phantom_set.table["slice"].eq(1) & phantom_set.table["phase"].eq("ED")).to_numpy()
    )
    flat = middle.images.reshape(len(middle), -1).astype(float)
    assert np.corrcoef(flat)[~np.eye(len(flat), dtype=bool)].max() < 0.97


@pytest.mark.slow
def test_the_heart_contracts_and_tapers():
    slices = heart.make(patients=8, slices=5)
    areas = slices.table.assign(area=slices.masks.sum(axis=(1, 2, 3)))
    volumes = areas.pivot_table("area", ["pathology", "patient"], "phase", aggfunc="sum")
    ejection = 1 - volumes["ES"] / volumes["ED"]
    assert (ejection > 0).all()
    assert ejection["N"].min() > ejection["HF-I"].max()  # heart failure pumps less
    for _, case in areas.groupby("case"):
        assert case["area"].is_monotonic_decreasing  # base first, apex last
        assert case["area"].min() > 0


def test_blood_is_brighter_than_the_wall_around_it():
    slices = heart.make(patients=4, slices=3)
    for image, mask in zip(slices.images[..., 0], slices.masks[..., 0], strict=True):
        rows, columns = np.nonzero(mask)
        y, x = np.indices(mask.shape)
        distance = np.hypot(y - rows.mean(), x - columns.mean())
        radius = np.sqrt(mask.sum() / np.pi)
        ring = (distance > radius + 1) & (distance < radius + 2.5)
        assert np.median(image[mask > 0]) > 1.5 * np.median(image[ring])


def test_noise_is_rician():
    # In air the magnitude of pure noise is Rayleigh: mean / SD = sqrt(pi / (4 - pi)) = 1.91.
    corner = heart.make(patients=3, slices=1, size=256).images[:, :40, :40, 0].astype(float)
    ratio = corner.mean(axis=(1, 2)) / corner.std(axis=(1, 2))
    np.testing.assert_allclose(ratio, 1.91, atol=0.12)


def test_masks_are_not_empty_on_a_coarse_grid():
    assert heart.make(patients=4, slices=6, size=32).masks.any(axis=(1, 2, 3)).all()


def test_one_slice_and_one_patient():
    assert len(heart.make(patients=1, slices=1, size=32)) == 2


@pytest.mark.parametrize("wrong", [{"patients": 0}, {"slices": 0}, {"size": 16}])
def test_too_small_numbers(wrong):
    with pytest.raises(DataError, match="at least 1 patient, 1 slice and size 32"):
        heart.make(**wrong)


@pytest.mark.slow
def test_importing_the_data_sets_loads_no_backend():
    code = (
        "import sys, seglib.datasets, seglib.splits.leaks, seglib.datasets.folder\n"
        "print({'keras', 'tensorflow', 'torch', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
