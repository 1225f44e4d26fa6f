"""The label audit: ranking, and training out of fold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from seglib.audit.ranking import audit, gap, rank_slices, rank_suspects, robust_z
from seglib.errors import DataError
from seglib.evaluation.counts import count_slices
from seglib.inference.prediction import predict, to_mask
from seglib.recipes.recipe import get_recipe
from seglib.training.runs import train


def counts(*rows):
    """Rows of patient, case, slice, truth, predicted, overlap."""
    columns = ["patient", "case", "slice", "truth", "predicted", "overlap"]
    return pd.DataFrame(rows, columns=columns)


def test_patients_are_ranked_by_the_mean_dice_of_their_pooled_cases():
    table = counts(
        ("A", "A ED", 0, 100, 100, 100),
        ("A", "A ES", 0, 10, 30, 10),  # Dice 0.5; alone it would pull the pooled Dice less
        ("B", "B ED", 0, 50, 50, 40),
        ("B", "B ED", 1, 10, 10, 10),  # pooled: 2 * 50 / 120
    )
    ranked = rank_suspects(table)
    assert ranked.index.tolist() == [1, 2] and ranked.index.name == "rank"
    assert ranked["patient"].tolist() == ["A", "B"]
    assert ranked["dice"].tolist() == pytest.approx([0.75, 5 / 6])
    assert ranked["area_ratio"].tolist() == pytest.approx([130 / 110, 1.0])
    assert ranked["slices"].tolist() == [2, 2]
    assert ranked.loc[1, ["worst_case", "worst_slice"]].tolist() == ["A ES", 0]
    # 20 wrong pixels over the circumference of a circle of 20 pixels
    assert ranked.at[1, "worst_gap"] == pytest.approx(20 / (2 * np.sqrt(np.pi * 20)))


def test_robust_z_is_not_stretched_by_the_outlier():
    z = robust_z(pd.Series([1.0, 2.0, 3.0, 4.0, 1000.0]))
    assert z.tolist() == pytest.approx([v / 1.4826 for v in (-2, -1, 0, 1, 997)])
    assert robust_z(pd.Series([5.0, 5.0, 5.0, 4.0])).tolist() == [0, 0, 0, -np.inf]
    assert robust_z(pd.Series([1.0, np.nan, 1.0])).isna().tolist() == [False, True, False]


def test_the_gap_is_the_distance_of_two_concentric_circles_of_any_size():
    y, x = np.mgrid[:200, :200] - 100
    for radius in (8, 30, 80):
        inner, outer = (np.hypot(y, x) < r for r in (radius, radius + 2))
        table = counts(("A", "A", 0, inner.sum(), outer.sum(), inner.sum()))
        assert gap(table)[0] == pytest.approx(2, rel=0.05)


def test_a_wrong_slice_is_found_in_a_good_patient_and_not_drowned_by_a_bad_one():
    """All of B lies 5 pixels off; one slice of A does. A small slice is not suspect as such."""
    bad = [("B", "B", z, 400, 400, 250 + z) for z in range(6)]
    good = [("A", "A", z, 400, 400, 380 + z) for z in range(5)]
    small = [("A", "A", 6, 16, 25, 16), ("C", "C", 0, 400, 400, 385)]
    ranked = rank_slices(counts(*bad, *good, ("A", "A", 5, 400, 400, 250), *small))
    assert ranked.loc[1, ["patient", "slice", "row"]].tolist() == ["A", 5, 11]
    of_a = ranked[ranked["patient"] == "A"]
    assert ranked.at[1, "z"] > 3.5 > of_a["z"].iloc[1]
    assert ranked.loc[ranked["patient"] == "B", "z"].abs().max() < 3.5
    # The only slice of C is measured against all slices, not against itself.
    assert ranked.loc[ranked["patient"] == "C", "usual_gap"].item() == ranked["gap"].median()


def test_empty_masks_are_ranked_too():
    table = counts(
        ("A", "A", 0, 100, 0, 0),  # nothing predicted
        ("B", "B", 0, 0, 100, 0),  # nothing labelled
        ("C", "C", 0, 0, 0, 0),  # both agree that there is nothing
        ("D", "D", 0, 100, 100, 90),
    )
    suspects = rank_suspects(table)
    assert suspects["patient"].tolist() == ["A", "B", "D", "C"]
    assert suspects["dice"].tolist()[:3] == [0, 0, 0.9] and np.isnan(suspects.at[4, "dice"])
    ratios = suspects.set_index("patient")["area_ratio"]
    assert ratios["A"] == 0 and np.isinf(ratios["B"]) and np.isnan(ratios["C"])
    ranked = rank_slices(table).set_index("patient")
    assert set(ranked.index[:2]) == {"A", "B"}
    assert ranked.at["C", "gap"] == 0 and np.isnan(ranked.at["C", "dice"])
    assert ranked["z"].notna().all()


def test_counts_that_do_not_fit_are_refused(phantom_set):
    with pytest.raises(DataError, match="lack the column.s. patient, overlap"):
        rank_suspects(counts().drop(columns=["patient", "overlap"]))
    with pytest.raises(DataError, match="no slices"):
        rank_slices(counts())
    with pytest.raises(DataError, match="has shape"):
        count_slices(phantom_set, phantom_set.masks[:-1])


def test_counts_of_several_classes_agree_only_where_the_class_does(phantom_set):
    slices = replace(phantom_set, class_names=("background", "a", "b"))
    other = (slices.masks * 2).astype(np.uint8)
    row = count_slices(slices, other).iloc[0]
    assert row["truth"] == row["predicted"] == np.count_nonzero(slices.masks[0])
    assert row["overlap"] == 0


@pytest.mark.slow
def test_nobody_is_predicted_by_a_network_that_saw_him(phantom_set, tmp_path, reports, monkeypatch):
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "progress.jsonl"))
    few = phantom_set.of_patients(phantom_set.patients[:2])
    crop = replace(get_recipe("unet").preprocessing, size=None)
    recipe = get_recipe("unet", "smoke", preprocessing=crop)
    found = audit(few, recipe, folds=2)
    assert found.prediction.shape == few.masks.shape
    for patient in few.patients:
        others = few.of_patients(set(few.patients) - {patient})
        run = train(recipe, others, seed=0)  # read back: that very training was made
        assert run.id in found.runs
        rows = (few.table["patient"] == patient).to_numpy()
        probabilities = predict(run.model, few.images[rows], recipe.preprocessing)
        assert np.array_equal(to_mask(probabilities), found.prediction[rows])
    assert len(set(found.runs)) == len(list((reports / "runs").iterdir())) == 2
    assert found.per_slice.equals(count_slices(few, found.prediction))
    with pytest.raises(DataError, match="2 or more"):
        audit(few, recipe, folds=1)
    with pytest.raises(DataError, match="2 patients cannot be cut into 3 folds"):
        audit(few, recipe, folds=3)


@pytest.mark.parametrize(
    ("labelled", "message"),
    [(0, "all .* labels of .* are empty"), (1, "only phantom-01 of 6 patients have a label")],
)
def test_folds_that_would_teach_nothing_are_refused_before_any_training(
    labelled, message, phantom_set, reports
):
    kept = phantom_set.table["patient"].isin(phantom_set.patients[:labelled]).to_numpy()
    few = replace(phantom_set, masks=phantom_set.masks * kept[:, None, None, None])
    with pytest.raises(DataError, match=message):
        audit(few, get_recipe("unet", "smoke"), folds=3)
    assert not reports.exists()
