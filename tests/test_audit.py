"""The label audit finds planted faults, and the real one, first."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from seglib import plot_audit
from seglib.__main__ import main
from seglib.audit import (
    audit,
    count_slices,
    gap,
    rank_slices,
    rank_suspects,
    read_audit,
    robust_z,
)
from seglib.datasets import phantom
from seglib.datasets import sunnybrook as sunnybrook_data
from seglib.errors import DataError
from seglib.inference import predict, to_mask
from seglib.label_checks import (
    contrast,
    contrast_per_patient,
    displace,
    find_displaced_patients,
    find_displaced_slices,
    mask_shift,
    move,
    shifts,
)
from seglib.recipes import get_recipe
from seglib.results import read_results
from seglib.training import train

WRONG = "SC-N-06"


def counts(*rows):
    """Rows of patient, case, slice, truth, predicted, overlap."""
    columns = ["patient", "case", "slice", "truth", "predicted", "overlap"]
    return pd.DataFrame(rows, columns=columns)


def imitate(slices, seed=0):
    """Masks as a fair network draws them: each a pixel larger, smaller or aside."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros_like(slices.masks)
    for out, mask in zip(drawn, slices.masks, strict=True):
        kind, plane = rng.integers(3), mask[..., 0]
        if kind == 0:
            plane = ndimage.binary_dilation(plane)
        elif kind == 1 and ndimage.binary_erosion(plane).any():
            plane = ndimage.binary_erosion(plane)
        else:
            plane = move(mask[None], *rng.integers(-1, 2, 2))[0, ..., 0]
        out[..., 0] = plane
    return drawn


@pytest.fixture(scope="module")
def everyone(sunnybrook_dir):
    """All 45 patients, the one with wrong labels among them."""
    return sunnybrook_data.load(sunnybrook_dir, exclude_wrong=False)


@pytest.fixture
def figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


# --- Ranking ---------------------------------------------------------------------------


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


# --- Shifts and contrast ---------------------------------------------------------------


@pytest.mark.parametrize("y, x", [(0, 0), (7, -3), (-12, 20), (0, 31)])
def test_the_shift_is_the_one_that_was_made(y, x, phantom_set):
    mask = phantom_set.masks[2]
    found = mask_shift(mask, move(mask[None], y, x)[0])
    assert found == (y, x, 1.0)


def test_a_mask_inside_a_larger_one_is_moved_to_its_middle():
    small, large = np.zeros((2, 40, 50), np.uint8)
    small[5:8, 5:8] = 1
    large[20:31, 30:41] = 1
    # From the centre (6, 6) to the centre (25, 35); an island far away does not matter.
    assert mask_shift(small, large)[:2] == (19, 29)
    large[0, 0] = 1
    assert mask_shift(small, large)[:2] == (19, 29)


def test_there_is_no_shift_without_a_mask(phantom_set):
    empty = np.zeros_like(phantom_set.masks[0])
    assert np.isnan(mask_shift(empty, phantom_set.masks[0])).all()
    assert np.isnan(mask_shift(phantom_set.masks[0], empty)).all()


def test_contrast_by_hand_and_where_there_is_none():
    image = np.full((30, 30), 10.0)
    image[10:20, 10:20] = 50
    mask = image > 20
    ring = 16**2 - 10**2
    spread = np.sqrt(100 * ring) * 40 / (100 + ring)  # of two values
    assert contrast(image, mask) == pytest.approx(40 / spread)
    assert contrast(image, np.roll(mask, 10, axis=1)) < 0
    assert np.isnan(contrast(image, np.zeros_like(mask)))
    assert np.isnan(contrast(image, np.ones_like(mask)))
    assert np.isnan(contrast(np.zeros_like(image), mask))


def test_displaced_labels_leave_the_original_alone(phantom_set):
    before = phantom_set.masks.copy()
    moved = displace(phantom_set, "phantom-02", 5)
    others = phantom_set.table["patient"] != "phantom-02"
    assert np.array_equal(phantom_set.masks, before)
    assert np.array_equal(moved.masks[others], before[others])
    assert np.array_equal(moved.masks[~others][:, :, 5:], before[~others][:, :, :-5])
    with pytest.raises(DataError, match="no such patient"):
        displace(phantom_set, "nobody", 5)


# --- Planted faults --------------------------------------------------------------------


def test_a_displaced_patient_comes_first_with_the_right_shift(sunnybrook):
    prediction = imitate(sunnybrook)
    wrong = displace(sunnybrook, "SC-N-09", 6)
    assert rank_suspects(count_slices(wrong, prediction)).at[1, "patient"] == "SC-N-09"
    moves = shifts(wrong, prediction)
    of_wrong = moves[moves["patient"] == "SC-N-09"]
    assert of_wrong["y"].between(-1, 1).all() and of_wrong["x"].between(-7, -5).all()
    assert (of_wrong["moved_dice"] > of_wrong["dice"]).all()
    assert moves.loc[moves["patient"] != "SC-N-09", "distance"].max() < 2


def test_swapped_slices_of_a_good_patient_come_first(sunnybrook):
    """The masks of the first and the last slice of one volume change places."""
    prediction = imitate(sunnybrook)
    of_case = sunnybrook.table[sunnybrook.table["case"] == "SC-HF-I-04 ED"].sort_values("slice")
    first, last = of_case.index[[0, -1]]
    masks = sunnybrook.masks.copy()
    masks[[first, last]] = masks[[last, first]]
    per_slice = count_slices(replace(sunnybrook, masks=masks), prediction)
    assert set(rank_slices(per_slice)["row"].iloc[:2]) == {first, last}


def test_larger_displacements_are_found_sooner(phantom_set):
    prediction = imitate(phantom_set)
    patients = find_displaced_patients(phantom_set, prediction, (0, 12))
    assert len(patients) == 2 * 6
    ranks = patients.set_index("pixels")["rank"]
    assert sorted(ranks[0]) == [1, 2, 3, 4, 5, 6]  # nothing moved: each has its own rank
    assert (ranks[12] == 1).all()
    slices = find_displaced_slices(phantom_set, prediction, (12,), trials=5)
    assert (slices["gap_rank"] == 1).all() and (slices["dice_rank"] >= 1).all()


# --- Training --------------------------------------------------------------------------


def test_nobody_is_predicted_by_a_network_that_saw_him(phantom_set, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(tmp_path))
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
    assert len(set(found.runs)) == len(list((tmp_path / "runs").iterdir())) == 2
    assert found.per_slice.equals(count_slices(few, found.prediction))
    with pytest.raises(DataError, match="2 or more"):
        audit(few, recipe, folds=1)
    with pytest.raises(DataError, match="2 patients cannot be cut into 3 folds"):
        audit(few, recipe, folds=3)


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    """Four simulated patients of 32x32 pixels as two folders of PNG files."""
    monkeypatch.setenv("SEGLIB_REPORTS_DIR", str(tmp_path / "reports"))
    monkeypatch.setenv("SEGLIB_PROGRESS_FILE", str(tmp_path / "progress.jsonl"))
    slices = phantom.make(patients=4, slices=2, size=32)
    for kind, pixels in (("images", slices.images), ("masks", slices.masks * 255)):
        (tmp_path / kind).mkdir()
        for name, array in zip(slices.table["source"], pixels, strict=True):
            Image.fromarray(array[..., 0]).save(tmp_path / kind / f"{name}.png")
    return tmp_path


def run_command(folder, *options):
    arguments = ["audit", "--images", str(folder / "images"), "--masks", str(folder / "masks")]
    arguments += ["--output", str(folder / "out"), "--profile", "smoke", "--crop", "0"]
    return main([*arguments, *options])


def test_the_command_audits_own_data(own_data, capsys):
    pattern = ("--patients", "(?P<patient>phantom-[0-9]+)")
    assert run_command(own_data, *pattern, "--folds", "2", "--top", "3") == 0
    printed = capsys.readouterr().out
    assert "unet on images: 4 patients (16 slices), 2 trainings of 1 epochs" in printed
    suspects = pd.read_csv(own_data / "out" / "suspects.csv")
    assert suspects["rank"].tolist() == [1, 2, 3, 4]
    assert set(suspects["patient"]) == {f"phantom-0{k}" for k in range(1, 5)}
    assert f"first suspect: {suspects['patient'][0]}, Dice {suspects['dice'][0]:.4f}" in printed
    assert suspects["contrast"].gt(0).all()
    slices = pd.read_csv(own_data / "out" / "slices.csv")
    assert len(slices) == slices["source"].nunique() == 16
    assert "move_y" in slices and slices["z"].is_monotonic_decreasing
    for name in ("suspects.png", "slices.png"):
        with Image.open(own_data / "out" / name) as picture:
            assert min(picture.size) > 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--patients", "(?P<patient>phantom-[0-9]+)"), "4 patient(s) cannot be cut into 5 folds"),
        (("--recipe", "vnet"), "no recipe 'vnet'"),
        (("--crop", "64", "--folds", "2"), "central 64x64 pixels, but the images are 32x32"),
    ],
)
def test_the_command_says_what_does_not_fit(options, message, own_data, capsys):
    assert run_command(own_data, *options) == 1
    assert message in capsys.readouterr().err
    assert not (own_data / "out").exists() and not (own_data / "reports").exists()


def test_the_command_refuses_a_file_as_output(own_data, capsys):
    (own_data / "out").write_text("mine")
    assert run_command(own_data) == 1
    assert "expected a folder, found a file" in capsys.readouterr().err
    assert (own_data / "out").read_text() == "mine"


# --- The real fault --------------------------------------------------------------------


def test_the_stored_audit_ranks_the_wrong_patient_first():
    """Needs no data: the counts are stored with the repository."""
    ranked = rank_suspects(read_results("audit", "per_slice"))
    assert len(ranked) == 45
    assert ranked.at[1, "patient"] == WRONG
    assert ranked.at[1, "z"] < -plot_audit.UNUSUAL
    assert ranked.at[1, "z"] < 2 * ranked.at[2, "z"]


def test_stored_masks_show_how_the_wrong_patient_is_displaced(everyone):
    found = read_audit(everyone)
    moves = shifts(found.slices, found.prediction)
    wrong = moves[moves["patient"] == WRONG]
    right = moves[moves["patient"] != WRONG]
    assert wrong["distance"].median() > 5 * right["distance"].median()
    assert (wrong["moved_dice"] - wrong["dice"]).mean() > 0.2
    assert (right["moved_dice"] - right["dice"]).mean() < 0.05
    # Some patients, in another order, get the same masks; other labels are noticed.
    some = everyone.of_patients([WRONG]).take([3, 1])
    rows = np.flatnonzero(everyone.table["patient"] == WRONG)[[3, 1]]
    assert np.array_equal(read_audit(some).prediction, found.prediction[rows])
    with pytest.raises(DataError, match="not the one that audit was counted with"):
        read_audit(displace(everyone, "SC-N-09", 4))
    renamed = replace(some, table=some.table.assign(case="nobody"))
    with pytest.raises(DataError, match="audit has no mask of nobody"):
        read_audit(renamed)


def test_the_contrast_of_the_masks_finds_the_wrong_patient_without_a_network(everyone):
    by_patient = contrast_per_patient(everyone)
    assert len(by_patient) == 45 and by_patient.index[0] == WRONG
    assert by_patient.iloc[0] < by_patient.iloc[1] / 3


# --- Figures ---------------------------------------------------------------------------


def test_the_ranking_marks_what_is_known_and_names_the_first(figures):
    ranked = rank_suspects(read_results("audit", "per_slice"))
    fig = plot_audit.plot_ranking(ranked, dataset="Sunnybrook", profile="smoke", wrong=[WRONG])
    axes = fig.axes[0]
    others, known = (points.get_offsets() for points in axes.collections)
    assert len(others) == 44 and known.tolist() == [[1, ranked.at[1, "dice"]]]
    names = [text.get_text() for text in axes.texts]
    assert names == ranked["patient"].head(10).tolist()


def test_sheets_show_the_worst_slice_and_survive_empty_predictions(phantom_set, figures):
    empty = np.zeros_like(phantom_set.masks)
    suspects = rank_suspects(count_slices(phantom_set, empty))
    fig = plot_audit.show_suspects(phantom_set, empty, suspects.head(2), profile="smoke", columns=2)
    titles = [axes.get_title() for axes in fig.axes]
    for row in range(2):
        worst = f"slice {suspects.at[row + 1, 'worst_slice']}: worst"
        assert worst in titles[2 * row : 2 * row + 2]
    moves = shifts(phantom_set, empty).head(3)
    fig = plot_audit.show_moves(phantom_set, empty, moves, profile="smoke", columns=2)
    assert len(fig.axes) == 3 and not any(axes.texts for axes in fig.axes)


def test_charts_of_two_checks_and_of_what_is_found(phantom_set, figures):
    labels = {"dataset": "phantom", "profile": "smoke"}
    wrong = displace(phantom_set, "phantom-03", 10)
    suspects = rank_suspects(count_slices(wrong, phantom_set.masks))
    by_contrast = contrast_per_patient(wrong)
    fig = plot_audit.plot_two_checks(suspects, by_contrast, **labels, wrong=["phantom-03"])
    known = fig.axes[0].collections[1].get_offsets().tolist()
    assert known == [[by_contrast["phantom-03"], suspects.at[1, "dice"]]]
    share = pd.Series([0.0, 1.0], index=[2, 8])
    fig = plot_audit.plot_found({"by Dice": share, "by gap": share}, **labels)
    assert [line.get_label() for line in fig.axes[0].lines] == ["by Dice", "by gap"]
