"""Confusion matrices of several classes, and their Dice."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference

from seglib.datasets import oasis
from seglib.errors import DataError
from seglib.evaluation import confusion
from seglib.evaluation.tables import score_cases
from seglib.phantoms import brain
from seglib.slices import SliceSet


@pytest.fixture(scope="module")
def brains() -> SliceSet:
    return brain.make(patients=3, slices=2, size=64)


@pytest.fixture(scope="module")
def prediction(brains) -> np.ndarray:
    """The masks with every tenth pixel drawn anew."""
    rng = np.random.default_rng(0)
    shape = brains.masks.shape
    return np.where(rng.random(shape) < 0.1, rng.integers(0, 4, shape), brains.masks).astype(
        np.uint8
    )


def tiny(truth: list, classes: int = 3) -> SliceSet:
    """Slices of 1x4 pixels, each a patient of its own."""
    masks = np.array(truth, np.uint8)[:, None, :, None]
    rows = [(f"{i:03d}", 0, "train") for i in range(len(masks))]
    names = ("background", "one", "two", "three")[:classes]
    return SliceSet("tiny", masks * np.uint8(60), masks, oasis.as_table(rows), names)


def test_known_counts():
    slices = tiny([[0, 0, 1, 1], [2, 2, 0, 1]])
    found = np.array([[0, 1, 1, 2], [2, 0, 0, 1]], np.uint8)[:, None, :, None]
    matrix = confusion.confusion_matrix(slices, found)
    assert matrix.to_numpy().tolist() == [[2, 1, 0], [0, 2, 1], [1, 0, 1]]
    assert matrix.index.tolist() == matrix.columns.tolist() == ["background", "one", "two"]
    assert (matrix.index.name, matrix.columns.name) == ("expert", "network")
    assert confusion.matrices_by_patient(slices, found)["001"].to_numpy().tolist() == [
        [1, 0, 0],
        [0, 1, 0],
        [1, 0, 1],
    ]


def test_counts_agree_with_scikit_learn_and_patients_add_up(brains, prediction):
    matrix = confusion.confusion_matrix(brains, prediction)
    expected = reference(brains.masks.ravel(), prediction.ravel())
    np.testing.assert_array_equal(matrix, expected)
    patients = confusion.matrices_by_patient(brains, prediction)
    assert list(patients) == list(brains.patients)
    np.testing.assert_array_equal(sum(m.to_numpy() for m in patients.values()), expected)


def test_rows_become_shares_and_an_absent_class_stays_out():
    slices = tiny([[0, 0, 1, 1]])
    matrix = confusion.confusion_matrix(slices, np.array([[[[0], [1], [1], [2]]]], np.uint8))
    shares = confusion.normalise_rows(matrix)
    np.testing.assert_allclose(shares.iloc[:2], [[0.5, 0.5, 0], [0, 0.5, 0.5]])
    assert shares.loc["two"].isna().all()


def test_dice_is_that_of_the_evaluation(brains, prediction):
    table = confusion.class_dice(confusion.matrices_by_patient(brains, prediction))
    scores = score_cases(brains, prediction)
    for patient, of_patient in scores.groupby("patient"):
        expected = of_patient.set_index("class")["dice"]
        np.testing.assert_allclose(table.loc[patient, expected.index], expected)
        assert table.at[patient, confusion.MEAN] == pytest.approx(expected.mean())


def test_background_raises_the_mean_of_an_empty_prediction(brains):
    table = confusion.class_dice(confusion.matrices_by_patient(brains, np.zeros_like(brains.masks)))
    np.testing.assert_array_equal(table[confusion.MEAN], 0)
    assert (table[confusion.MEAN_WITH_BACKGROUND] > 0.15).all()


def test_a_class_that_neither_has_is_left_out_of_the_means():
    slices = tiny([[0, 0, 1, 1]])
    dice = confusion.class_dice(confusion.matrices_by_patient(slices, slices.masks))
    assert dice.loc["000"].isna().tolist() == [False, False, True, False, False]
    assert dice.at["000", confusion.MEAN] == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda masks: masks[..., 0], "has shape"),
        (lambda masks: masks[:-1], "has shape"),
        (lambda masks: masks * np.uint8(85), "holds class 255, but brain phantom has 4 classes"),
        (lambda masks: masks.astype(np.int8) - 1, "holds class"),
        (lambda masks: masks.astype(np.float32), "threshold"),
    ],
)
def test_predictions_that_do_not_fit(brains, wrong, message):
    for function in (confusion.confusion_matrix, confusion.matrices_by_patient):
        with pytest.raises(DataError, match=message):
            function(brains, wrong(brains.masks))


def test_an_empty_set_is_refused(brains):
    nothing = brains.take([])
    with pytest.raises(DataError, match="holds no slices"):
        confusion.confusion_matrix(nothing, nothing.masks)
