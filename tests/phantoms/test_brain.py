import cv2
import numpy as np
import pytest
from scipy import ndimage

from seglib.datasets import oasis
from seglib.errors import DataError
from seglib.phantoms import brain
from seglib.preprocessing.normalisation import training_statistics
from seglib.slices import PARTS, SliceSet

FLUID, GREY, WHITE = 1, 2, 3


@pytest.fixture(scope="module")
def brains() -> SliceSet:
    """Six simulated patients of five slices, 256x256."""
    return brain.make(patients=6, slices=5)


def part_of(slices: SliceSet, part: str) -> SliceSet:
    return slices.take(slices.table["part"].eq(part).to_numpy())


def test_shapes_and_table(brains):
    assert brains.name == "brain phantom"
    assert brains.images.shape == brains.masks.shape == (30, 256, 256, 1)
    assert brains.images.dtype == np.uint8
    assert brains.class_names == oasis.CLASS_NAMES
    assert brains.table["case"].unique().tolist() == [f"{k:03d}" for k in range(1, 7)]
    split = oasis.published_split(brains)
    assert [len(p) for p in (split.train, split.validation, split.test)] == [4, 1, 1]


def test_every_slice_holds_every_tissue(brains):
    for mask in brains.masks:
        shares = np.bincount(mask.ravel(), minlength=4) / mask.size
        assert shares[FLUID] > 0.02
        assert shares[GREY] > 0.05
        assert shares[WHITE] > 0.05


def test_same_seed_same_pixels_other_seed_other_pixels():
    first, again, other = (brain.make(2, 2, 64, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert (first.masks != other.masks).mean() > 0.05


def test_a_patient_does_not_depend_on_how_many_there_are(brains):
    few = brain.make(patients=2, slices=5)
    same = brains.of_patients(few.patients)
    np.testing.assert_array_equal(few.images, same.images)
    np.testing.assert_array_equal(few.masks, same.masks)


def test_patients_and_heights_differ(brains):
    masks = brains.masks.reshape(6, 5, -1)

    def overlap(a, b):
        return 2 * np.sum((a == GREY) & (b == GREY)) / (np.sum(a == GREY) + np.sum(b == GREY))

    for k in range(1, 6):
        assert overlap(masks[0, 2], masks[k, 2]) < 0.7
    # Neighbouring slices of one brain are more alike than slices of two brains.
    assert overlap(masks[0, 0], masks[0, 1]) > overlap(masks[0, 0], masks[1, 0])


def test_the_brain_narrows_upwards_and_has_ventricles_below_alone(brains):
    for case in brains.masks.reshape(6, 5, 256, 256):
        areas = (case > 0).sum(axis=(1, 2))
        assert areas[0] > areas[3] > areas[4]
        middle = case[:, 78:178, 78:178]
        assert (middle[2] == FLUID).mean() > (middle[4] == FLUID).mean()


def test_the_cortex_lies_between_fluid_and_white_matter(brains):
    top = brains.take(brains.table["slice"].eq(4).to_numpy())  # above the deep nuclei
    for mask in top.masks[..., 0]:
        near_fluid = ndimage.binary_dilation(mask <= FLUID, iterations=7)
        assert near_fluid[mask == GREY].mean() > 0.95
        beside_white = ndimage.binary_dilation(mask == WHITE)
        assert (beside_white & (mask <= FLUID)).sum() < 0.02 * (mask == WHITE).sum()


def test_tissues_brighten_from_fluid_to_white_matter(brains):
    for image, mask in zip(brains.images, brains.masks, strict=True):
        means = [image[mask == k].mean() for k in range(4)]
        assert means == sorted(means)


def test_the_skull_is_cut_away_not_quite_cleanly(brains):
    outside = brains.masks == 0
    assert (brains.images[outside] == 0).mean() > 0.97
    assert (brains.images[outside] > 20).sum() > 1000  # what the cutting left
    far = ndimage.binary_dilation(~outside[..., 0], np.ones((1, 13, 13)))
    assert brains.images[..., 0][~far].max() == 0


def test_noise_and_bias_field_are_there():
    slices = brain.make(patients=4, slices=1)
    for image, mask in zip(slices.images[..., 0], slices.masks[..., 0], strict=True):
        inside = ndimage.binary_erosion(mask == WHITE, iterations=2)
        smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 3)
        level = image[inside].mean()
        assert 0.01 < (image - smooth)[inside].std() / level < 0.1
        assert smooth[inside].std() / level > 0.02


@pytest.mark.slow
def test_thresholds_alone_do_not_solve_it():
    slices = brain.make(patients=12, slices=4)
    histogram = grey_values(part_of(slices, "train"))
    levels = [20, 65, 105]
    for _ in range(4):  # each threshold in turn, until none gets better
        for i in range(3):
            low, high = ([0, *levels, 256][k] for k in (i, i + 2))
            levels[i] = max(
                range(low + 1, high),
                key=lambda v: dice(histogram, [*levels[:i], v, *levels[i + 1 :]]).mean(),  # noqa: B023
            )
    background, *tissues = dice(grey_values(part_of(slices, "test")), levels)
    assert background > 0.98
    assert min(tissues) < 0.88
    assert min(tissues) > 0.6  # and grey values do say much


def grey_values(slices: SliceSet) -> np.ndarray:
    """Pixels of each class with each grey value, ``(4, 256)``."""
    return np.stack(
        [np.bincount(slices.images[slices.masks == k], minlength=256) for k in range(4)]
    )


def dice(histogram: np.ndarray, levels: list[int]) -> np.ndarray:
    """Dice of each class when class k is all between the k-th and the next level."""
    edges = [0, *levels, 256]
    counts = np.stack(
        [histogram[:, a:b].sum(axis=1) for a, b in zip(edges, edges[1:], strict=False)]
    )
    return 2 * np.diag(counts) / (counts.sum(axis=0) + counts.sum(axis=1))


def test_brightness_is_near_that_of_the_published_slices(brains):
    mean, deviation = training_statistics(brains)
    assert mean == pytest.approx(oasis.PUBLISHED_MEAN, abs=0.02)
    assert deviation == pytest.approx(oasis.PUBLISHED_DEVIATION, abs=0.02)


@pytest.mark.parametrize("size", [64, 100])
def test_other_sizes_show_the_same_brain(size):
    small, full = (brain.make(1, 1, side).masks[0, ..., 0] for side in (size, 256))
    shares = [np.bincount(mask.ravel(), minlength=4) / mask.size for mask in (small, full)]
    np.testing.assert_allclose(*shares, atol=0.03)


def test_written_and_read_back_is_the_same_set(tmp_path):
    slices = brain.make(patients=4, slices=2, size=64)
    brain.write(slices, tmp_path / "new")
    again = oasis.load(tmp_path / "new", size=64)
    assert again.name == "brain phantom"  # never taken for OASIS
    np.testing.assert_array_equal(again.images, slices.images)
    np.testing.assert_array_equal(again.masks, slices.masks)
    assert again.table.equals(slices.table)
    assert again.class_names == slices.class_names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new"]
    names = {path.relative_to(tmp_path / "new").as_posix() for path in tmp_path.rglob("*.png")}
    assert "keras_png_slices_train/case_001_slice_0.nii.png" in names
    assert "keras_png_slices_seg_test/seg_004_slice_1.nii.png" in names
    assert len(names) == 16


def test_what_is_not_written(tmp_path, phantom_set):
    slices = brain.make(patients=3, slices=1, size=64)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="full: is not empty"):
        brain.write(slices, tmp_path / "full")
    with pytest.raises(DataError, match="found a file"):
        brain.write(slices, tmp_path / "full" / "notes.txt")
    with pytest.raises(DataError, match="only the brain phantom is written, found.*phantom"):
        brain.write(phantom_set, tmp_path / "new")
    with pytest.raises(DataError, match=r"part\(s\) validation, test; make at least 3 patients"):
        brain.write(slices.of_patients(["001"]), tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
@pytest.mark.parametrize("patients", [1, 2, 3, 7, 24])
def test_parts_of_any_number_of_patients(patients):
    table = brain.make(patients, 1, 64).table
    counts = table.groupby("part")["patient"].nunique().to_dict()
    held_out = max(round(patients / 6), int(patients >= 3))
    expected = {"train": patients - 2 * held_out, "validation": held_out, "test": held_out}
    assert counts == {part: count for part, count in expected.items() if count}
    assert table["part"].map(PARTS.index).is_monotonic_increasing


@pytest.mark.parametrize(
    "wrong", [{"patients": 0}, {"patients": 1000}, {"slices": 0}, {"size": 63}]
)
def test_numbers_out_of_range(wrong):
    with pytest.raises(DataError, match="1 to 999 patients, at least 1 slice and size 64"):
        brain.make(**wrong)
