import cv2
import numpy as np
import pytest

from seglib.errors import LeakError
from seglib.lessons.mistakes import random_slice_split
from seglib.slices import SliceSet
from seglib.splits.leaks import (
    check_no_leaks,
    correlations,
    find_leaks,
    hamming_distances,
    make_thumbnails,
    perceptual_hash,
)
from seglib.splits.patients import literature_split, patient_folds


def renamed(slices: SliceSet, images: np.ndarray | None = None) -> SliceSet:
    """The same pictures under other patients' names and file names."""
    table = slices.table.assign(
        patient="x" + slices.table["patient"], source="x" + slices.table["source"]
    )
    images = slices.images if images is None else images
    return SliceSet(slices.name, images, slices.masks, table, slices.class_names)


def random_split(slices: SliceSet) -> dict[str, SliceSet]:
    train, test = random_slice_split(len(slices))
    return {"train": slices.take(train), "test": slices.take(test)}


def test_clean_split(phantom_set):
    parts = literature_split(phantom_set, validation_patients=1).apply(phantom_set)
    assert find_leaks(parts).empty
    check_no_leaks(parts)


def test_columns_even_when_clean(phantom_set):
    leaks = find_leaks({"train": phantom_set})
    assert leaks.columns.tolist() == ["kind", "part_a", "part_b", "item_a", "item_b"]


def test_one_patient_on_two_sides(phantom_set):
    rows = np.arange(len(phantom_set))
    leaks = find_leaks({"train": phantom_set.take(rows[:8]), "test": phantom_set.take(rows[11:])})
    assert leaks[leaks["kind"] == "patient"].values.tolist() == [
        ["patient", "train", "test", "phantom-02", "phantom-02"]
    ]
    assert "source" not in set(leaks["kind"])


def test_flipped_and_rotated_copies_keep_their_source(phantom_set):
    copies = phantom_set.take([4])
    turned = SliceSet(
        "copies", np.rot90(copies.images[:, ::-1], 1, (1, 2)), copies.masks, copies.table
    )
    leaks = find_leaks({"train": phantom_set.take([3, 4]), "test": turned})
    assert {"patient", "source"} == set(leaks["kind"])
    with pytest.raises(LeakError, match=r"source: 1, e\.g\. phantom-01/phantom-01-ES-01 in train"):
        check_no_leaks({"train": phantom_set.take([3, 4]), "test": turned})


def test_equal_file_names_of_different_patients_are_no_leak(phantom_set):
    first, second = phantom_set.take([0]), phantom_set.take([7])
    parts = {
        name: SliceSet(name, part.images, part.masks, part.table.assign(source="1.png"))
        for name, part in (("train", first), ("test", second))
    }
    assert find_leaks(parts).empty


@pytest.mark.parametrize("change", ["none", "noise", "jpeg", "brightness", "half size"])
def test_renamed_copies_are_found_by_their_looks(phantom_set, change):
    originals = phantom_set.take(np.arange(0, 36, 3))
    rng = np.random.default_rng(0)
    images = originals.images
    if change == "noise":
        noisy = images + rng.normal(0, 8, images.shape)
        images = np.clip(noisy, 0, 255).astype(np.uint8)
    elif change == "brightness":
        images = (images.astype(np.float32) * 0.7 + 20).astype(np.float32)
    elif change == "jpeg":
        images = np.stack(
            [
                cv2.imdecode(cv2.imencode(".jpg", i, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 0)
                for i in images
            ]
        )[..., None]
    copies = renamed(originals, images)
    if change == "half size":
        half = images.reshape(-1, 32, 2, 32, 2, 1).mean(axis=(2, 4), dtype=np.float32)
        copies = SliceSet("half", half, originals.masks[:, ::2, ::2], copies.table)
    leaks = find_leaks({"train": originals, "test": copies})
    assert set(leaks["kind"]) == {"near-duplicate"}
    found = set(zip(leaks["item_a"], leaks["item_b"], strict=True))
    for row in originals.table.itertuples():
        name = f"{row.patient} {row.phase} slice {row.slice}"
        assert (name, f"x{name}") in found


def test_blank_images_are_not_alike(phantom_set):
    blank = phantom_set.take([0])
    images = np.zeros_like(blank.images)
    train = SliceSet("a", images, blank.masks, blank.table)
    assert find_leaks({"train": train, "test": renamed(train)}).empty


def test_empty_part(phantom_set):
    parts = {"train": phantom_set, "validation": phantom_set.take([]), "test": phantom_set.take([])}
    check_no_leaks(parts)


def test_every_pair_of_parts_is_looked_at(phantom_set):
    one = phantom_set.take([0])
    leaks = find_leaks({"train": one, "validation": phantom_set.take([7]), "test": one})
    assert set(zip(leaks["part_a"], leaks["part_b"], strict=True)) == {("train", "test")}


def test_hamming_distance_counts_bits():
    a = np.array([[0] * 8, [255] * 8], np.uint8)
    b = np.array([[0] * 8, [1, 3, 7, 15, 31, 63, 127, 255]], np.uint8)
    assert hamming_distances(a, b).tolist() == [[0, 36], [64, 28]]


def test_hash_ignores_brightness_and_contrast(phantom_set):
    thumbnails = make_thumbnails(phantom_set.images)
    np.testing.assert_array_equal(
        perceptual_hash(thumbnails), perceptual_hash(thumbnails * 0.5 + 30)
    )


def test_correlations_agree_with_numpy(phantom_set):
    a, b = make_thumbnails(phantom_set.images[:5]), make_thumbnails(phantom_set.images[5:12])
    expected = np.corrcoef(a.reshape(5, -1), b.reshape(7, -1))[:5, 5:]
    np.testing.assert_allclose(correlations(a, b), expected, atol=1e-5)


def test_colour_images(phantom_set):
    colour = SliceSet(
        "c", np.repeat(phantom_set.images, 3, -1), phantom_set.masks, phantom_set.table
    )
    leaks = find_leaks({"train": colour.take([0]), "test": renamed(phantom_set.take([0]))})
    assert leaks["kind"].tolist() == ["near-duplicate"]


@pytest.mark.slow
def test_real_literature_split_and_folds_are_clean(sunnybrook):
    check_no_leaks(literature_split(sunnybrook, validation_patients=3).apply(sunnybrook))
    for fold in patient_folds(sunnybrook):
        check_no_leaks(fold.apply(sunnybrook))


def test_real_random_slice_split_leaks_on_both_grounds(sunnybrook):
    parts = random_split(sunnybrook)
    counts = find_leaks(parts)["kind"].value_counts()
    assert counts["patient"] >= 40
    # Each of the 158 test slices has its other phase in training with 80 % probability.
    assert counts["near-duplicate"] > 0.6 * len(parts["test"])
    with pytest.raises(LeakError, match=r"(?s)patient: \d+, e\.g\. SC-.*near-duplicate: \d+"):
        check_no_leaks(parts)


def test_real_distances_on_which_the_defaults_rest(sunnybrook):
    thumbnails = make_thumbnails(sunnybrook.images)
    hashes = perceptual_hash(thumbnails)
    distances = hamming_distances(hashes, hashes)
    alike = correlations(thumbnails, thumbnails)
    patient = sunnybrook.table["patient"].to_numpy()
    number = sunnybrook.table["slice"].to_numpy()
    strangers = patient[:, None] != patient
    assert distances[strangers].min() == 6
    assert alike[strangers].max() < 0.80
    phases = np.triu(~strangers & (number[:, None] == number), 1)
    assert (distances[phases] <= 8).mean() > 0.99
