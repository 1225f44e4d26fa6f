"""The tumour phantom: what it shows, what makes it hard, and that it passes for no patient."""

import numpy as np
import pytest
from scipy import ndimage

from seglib.datasets import lgg
from seglib.errors import DataError
from seglib.evaluation.lesions import lesion_detection
from seglib.phantoms import tumour
from seglib.preprocessing.steps import Preprocessing
from seglib.slices import SliceSet
from seglib.splits.leaks import find_leaks
from seglib.splits.patients import fold_split

PRE, FLAIR, POST = range(3)


@pytest.fixture(scope="module")
def tumours() -> SliceSet:
    """Twelve simulated patients of twenty slices, small."""
    return tumour.make(size=96)


def of_patient(slices: SliceSet, number: int) -> SliceSet:
    return slices.of_patients([f"P{number:03d}"])


@pytest.mark.slow
def test_shapes_and_table(tumours):
    assert tumours.name == "tumour phantom" and tumours.class_names == lgg.CLASS_NAMES
    assert tumours.images.shape == (240, 96, 96, 3) and tumours.images.dtype == np.uint8
    assert tumours.masks.shape == (240, 96, 96, 1)
    assert tumours.patients == tuple(f"P{k:03d}" for k in range(1, 13))
    first, last = tumours.table.iloc[0], tumours.table.iloc[-1]
    assert (first["slice"], first["source"]) == (1, "TCGA_XX_0001_19991231_1.tif")
    assert (last["slice"], last["source"]) == (20, "TCGA_XX_0012_19991231_20.tif")


def test_same_seed_same_pixels_other_seed_other_pixels():
    first, again, other = (tumour.make(1, 4, 64, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert (first.images != other.images).mean() > 0.2


def test_a_patient_does_not_depend_on_how_many_there_are():
    one, two = tumour.make(1, 5, 64), tumour.make(2, 5, 64)
    np.testing.assert_array_equal(of_patient(two, 1).images, one.images)
    assert of_patient(two, 1).table.equals(one.table)


@pytest.mark.slow
def test_about_two_thirds_of_the_slices_are_empty_and_every_patient_has_a_tumour(tumours):
    shown = tumours.masks.any(axis=(1, 2, 3))
    assert 0.6 < (~shown).mean() < 0.75
    assert set(tumours.table.loc[shown, "patient"]) == set(tumours.patients)
    assert (tumours.masks[shown].sum(axis=(1, 2, 3)) > 5).all()


@pytest.mark.slow
def test_some_patients_have_two_lesions_of_which_one_is_small(tumours):
    found = lesion_detection(tumours, tumours.masks)
    assert found.set_index("case")["lesions"].to_dict() == {
        f"P{k:03d}": 2 if k in (3, 9) else 1 for k in range(1, 13)
    }
    areas = tumours.masks.sum(axis=(1, 2, 3))
    largest = [areas[index].max() for _, index in tumours.table.groupby("patient").indices.items()]
    assert max(largest) > 10 * min(largest)


@pytest.mark.slow
def test_tumours_are_bright_on_flair_and_dark_before_contrast(tumours):
    for number in range(1, 13):
        patient = of_patient(tumours, number)
        inside = patient.masks[..., 0] == 1
        tissue = ndimage.binary_dilation(inside, np.ones((1, 9, 9))) & ~ndimage.binary_dilation(
            inside, np.ones((1, 5, 5))
        )
        tissue &= patient.images[..., FLAIR] > 20
        contrast = [
            patient.images[inside, c].mean() / patient.images[tissue, c].mean() for c in range(3)
        ]
        assert contrast[FLAIR] > 1.15
        assert contrast[PRE] < 0.95


@pytest.mark.slow
def test_the_edge_is_soft(tumours):
    """Just inside the outline a tumour is less bright than further in."""
    flair, inside = tumours.images[..., FLAIR], tumours.masks[..., 0] == 1
    deep = ndimage.binary_erosion(inside, np.ones((1, 7, 7)))
    rim = inside & ~ndimage.binary_erosion(inside, np.ones((1, 3, 3)))
    outside = ndimage.binary_dilation(inside, np.ones((1, 3, 3))) & ~inside
    levels = [flair[where].mean() for where in (deep, rim, outside)]
    assert levels[0] > levels[1] > levels[2]


@pytest.mark.slow
def test_grey_values_alone_do_not_solve_it(tumours):
    """The best threshold on FLAIR, chosen on these very slices, also takes in the scalp."""
    flair, truth = tumours.images[..., FLAIR], tumours.masks[..., 0] == 1
    best = max(
        2 * (truth & (flair > level)).sum() / (truth.sum() + (flair > level).sum())
        for level in range(20, 160, 5)
    )
    assert 0.05 < best < 0.6


@pytest.mark.slow
def test_one_patient_has_no_post_contrast_sequence(tumours):
    missing = tumours.table.groupby("patient")["missing"].first()
    assert missing[missing != ""].to_dict() == {"P004": "post-contrast"}
    images = of_patient(tumours, 4).images
    np.testing.assert_array_equal(images[..., POST], images[..., FLAIR])


@pytest.mark.slow
def test_no_two_patients_look_alike(tumours):
    for fold in range(5):
        assert find_leaks(fold_split(tumours, fold=fold).apply(tumours)).empty


def test_written_and_read_back_is_the_same_set(tmp_path):
    slices = tumour.make(patients=2, slices=3)
    tumour.write(slices, tmp_path / "new")
    for root in (tmp_path / "new", tmp_path / "new" / "kaggle_3m"):
        again = lgg.load(root)
        assert again.name == "tumour phantom"  # never taken for LGG
        np.testing.assert_array_equal(again.images, slices.images)
        np.testing.assert_array_equal(again.masks, slices.masks)
        assert again.table.equals(slices.table)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new"]
    names = {path.relative_to(tmp_path / "new").as_posix() for path in tmp_path.rglob("*.tif")}
    folder = "kaggle_3m/TCGA_XX_0002_19991231/TCGA_XX_0002_19991231"
    assert {f"{folder}_3.tif", f"{folder}_3_mask.tif"} <= names
    assert len(names) == 12


def test_a_mask_resized_for_the_network_comes_back_on_the_native_grid():
    slices = tumour.make(patients=1, slices=12)
    shown = slices.take(slices.masks.any(axis=(1, 2, 3)))
    preprocessing = Preprocessing(size=128, resize=128)
    small = preprocessing.masks(shown.masks).astype(np.float32)
    assert small.shape[1:] == (128, 128, 1)
    back = preprocessing.restore(small, (256, 256)) >= 0.5
    assert back.shape == shown.masks.shape
    overlap = 2 * (back & (shown.masks == 1)).sum() / (back.sum() + shown.masks.sum())
    assert overlap > 0.95


def test_what_is_not_written(tmp_path, phantom_set):
    slices = tumour.make(patients=1, slices=1, size=64)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="full: is not empty"):
        tumour.write(slices, tmp_path / "full")
    with pytest.raises(DataError, match="found a file"):
        tumour.write(slices, tmp_path / "full" / "notes.txt")
    with pytest.raises(DataError, match="only the tumour phantom is written, found.*phantom"):
        tumour.write(phantom_set, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "wrong", [{"patients": 0}, {"patients": 1000}, {"slices": 0}, {"size": 63}]
)
def test_numbers_out_of_range(wrong):
    with pytest.raises(DataError, match="1 to 999 patients, at least 1 slice and size 64"):
        tumour.make(**wrong)
