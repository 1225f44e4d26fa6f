"""The waterfall: tables of planted results whose every number can be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from stored_jobs import plant_job

from seglib.errors import SeglibError
from study.questions import waterfall, waterfall_pictures, waterfall_tables

VARIANTS = (
    "leaked",
    "patients",
    "nearest",
    "nearest-group",
    "nearest-batch4",
    "batch8",
    "nearest-batch16",
    "skips",
    "head",
    "adam",
)
#: Planted Dice of the two patients of a fold, where the variant does not say otherwise.
DICE = {"patients": 0.4, "nearest": 0.45, "batch8": 0.6, "adam": 0.7}


def patients_of(seed):
    return [f"P{seed}a", f"P{seed}b"]


def plant(stored, experiment, variant, fold, seed, patients, dice):
    """One stored job: every slice has 100 pixels of truth, `dice` of them found."""
    batch = int(variant.partition("batch")[2] or 1)
    more = {
        "recipe": {
            "norm": "group" if "group" in variant else "batch",
            "batch_size": batch,
            "epochs": 3,
        },
        "train_slices": 2240,
    }
    slices = pd.DataFrame({"patient": np.repeat(patients, 2), "slice": [0, 1] * len(patients)})
    found = np.where(slices["patient"].str.endswith("b"), dice + 0.1, dice) * 100
    slices = slices.assign(network_truth=100, network_predicted=100, network_overlap=found)
    slices = slices.assign(soft_predicted=100.0, soft_overlap=found - 10)
    history = pd.DataFrame({"epoch": [0, 1], "loss": [0.9, 0.2 + 0.1 * seed]})
    tables = {"per_slice": slices, "history": history}
    if variant != "leaked":
        names = [p for p in patients for _ in range(2)]
        offset = np.tile([0.05, -0.05], len(patients))  # the two phases
        cases = pd.DataFrame({"patient": names, "dice": offset + dice})
        cases["dice"] += np.where(cases["patient"].str.endswith("b"), 0.1, 0)
        tables["per_case"] = cases
    plant_job(stored, experiment, variant, fold, seed, tables, **more)


def plant_all(stored, seeds):
    everyone = [patient for seed in range(3) for patient in patients_of(seed)]
    for seed in range(seeds):
        for variant in VARIANTS:
            patients = everyone if variant == "leaked" else patients_of(seed)
            plant(stored, "waterfall", variant, f"fold{seed + 1}", seed, patients,
                  DICE.get(variant, 0.5))  # fmt: skip
    for fold in range(3):
        plant(stored, "comparison", "unet", f"fold{fold + 1}", 0, patients_of(fold), 0.8)
    plant(stored, "comparison", "unet", "fold1", 1, patients_of(0), 0.84)
    plant(stored, "literature", "lv_best", "literature", 0, ["Q1a", "Q2a", "Q3a"], 0.9)
    return stored


@pytest.fixture(params=[1, 3])
def seeds(request):
    return request.param


@pytest.fixture
def stored(tmp_path, seeds):
    return plant_all(tmp_path, seeds)


def test_every_step_has_the_figure_worked_out_by_hand(stored, seeds):
    table = waterfall_tables.waterfall_table(stored)
    assert table.index.tolist() == [step.name for step in waterfall.CHAIN]
    # The mean of patient a (0.5) and b (0.6); a tenth less of it is found softly.
    soft = np.mean([(2 * (found - 10) + 2) / 202 for found in (50, 60)])
    soft_split = np.mean([(2 * (found - 10) + 2) / 202 for found in (40, 50)])
    training = 1 - np.mean([0.2 + 0.1 * seed for seed in range(seeds)])
    expected = [0.8036, training, soft, soft_split, 0.45, 0.45, 0.5, 0.65, 0.55, 0.55, 0.75]
    assert table["dice"].tolist()[:-2] == pytest.approx(expected)
    assert table["dice"].tolist()[-1] == pytest.approx(0.9)
    differences = np.diff(table["dice"], prepend=np.nan)
    differences[[1, -1]] = np.nan  # to others' figure, and to other patients, there is none
    assert table["difference"].tolist() == pytest.approx(differences.tolist(), nan_ok=True)
    means = [float(mean) for mean in table.loc["batch 8", "by_seed"].split()]
    assert len(means) == seeds and np.mean(means) == pytest.approx(table.loc["batch 8", "dice"])


def test_seeds_and_patients_are_counted(stored, seeds):
    table = waterfall_tables.waterfall_table(stored)
    assert table["seeds"].tolist() == [0, *[seeds] * 10, 2 if seeds == 1 else 1, 1]
    assert table["patients"].tolist() == [0, 0, *[2 * seeds] * 10, 3]
    training = table.loc["our slim copy, training score", "seed_sd"]
    expected = np.std([0.1 * seed for seed in range(seeds)], ddof=1) if seeds > 1 else np.nan
    assert training == pytest.approx(expected, nan_ok=True)
    assert table["source"].tolist() == ["published", *["measured"] * 12]


def test_steps_are_judged_together_and_those_of_others_not_at_all(stored, seeds):
    table = waterfall_tables.waterfall_table(stored)
    judged = table["verdict"].notna()
    assert (judged == table["difference_low"].notna()).all()
    assert judged.sum() == 9
    # All 2, 4 or 6 patients gain 0.15 alike: the smallest p-value there is, for nine tests.
    assert table.loc["batch 8", "p_holm"] == pytest.approx(min(1, 9 * 2 / 2 ** (2 * seeds)))
    assert table.loc["batch 8", "verdict"] == "not shown"
    branches = waterfall_tables.branch_table(stored)
    assert branches["verdict"].isna().tolist() == [True, False, False, False, False]
    expected = [np.nan, 0.05, 0.15, 0.05, 0.05]
    assert branches["difference"].tolist() == pytest.approx(expected, nan_ok=True)


def test_intervals_are_over_patients_and_differences_are_paired(stored):
    table = waterfall_tables.waterfall_table(stored)
    claimed, trained, held_out = (table.iloc[i] for i in range(3))
    assert np.isnan([claimed["low"], trained["high"], held_out["difference_low"]]).all()
    step = table.loc["batch 8"]
    assert step["low"] < step["dice"] < step["high"]
    # Both patients of every fold gain the same 0.15, so the paired interval has no width.
    assert step["difference"] == pytest.approx(0.15)
    assert step[["difference_low", "difference_high"]].tolist() == pytest.approx([0.15, 0.15])
    assert np.isnan(table.loc["the study's best", "difference_low"])  # other patients


def test_the_comparison_keeps_the_patients_of_the_chain_and_whole_seeds(tmp_path):
    table = waterfall_tables.waterfall_table(plant_all(tmp_path / "one", 1))
    row = table.loc["the study's recipe"]
    assert row["dice"] == pytest.approx(0.5 * (0.85 + 0.89))
    assert row["runs"] == "comparison/unet/fold1-seed0 comparison/unet/fold1-seed1"
    # With two folds, seed 1 has only one of them.
    table = waterfall_tables.waterfall_table(plant_all(tmp_path / "two", 2))
    row = table.loc["the study's recipe"]
    assert row["dice"] == pytest.approx(0.85)
    assert row["runs"] == "comparison/unet/fold1-seed0 comparison/unet/fold2-seed0"


def test_a_seed_that_is_not_complete_is_left_out(tmp_path):
    stored = plant_all(tmp_path, 1)
    plant(stored, "waterfall", "leaked", "fold2", 1, patients_of(1), 0.1)
    assert waterfall_tables.complete_jobs(stored=stored) == [("fold1", 0)]
    table = waterfall_tables.waterfall_table(stored)
    assert "seed1" not in " ".join(table["runs"][:11])


def test_missing_variants_are_named(tmp_path):
    with pytest.raises(SeglibError, match="python -m study run waterfall"):
        waterfall_tables.waterfall_table(tmp_path)
    for seed, variant in enumerate(VARIANTS):  # all there, but of different seeds
        plant(tmp_path, "waterfall", variant, "fold1", seed, ["A"], 0.5)
    with pytest.raises(SeglibError, match="no fold and seed"):
        waterfall_tables.waterfall_table(tmp_path)


def test_the_branches_stand_side_by_side(stored, seeds):
    table = waterfall_tables.branch_table(stored)
    assert table.index.tolist() == list(waterfall.BRANCHES)
    assert table["batch_size"].tolist() == [1, 4, 8, 16, 1]
    assert table["steps"].tolist() == [6720, 1680, 840, 420, 6720]
    assert table["norm"].tolist() == ["batch"] * 4 + ["group"]
    assert table.loc["batch8", "dice"] == pytest.approx(0.65)
    assert table["patients"].tolist() == [2 * seeds] * 5
    training = 1 - np.mean([0.2 + 0.1 * seed for seed in range(seeds)])
    assert table["training"].tolist() == pytest.approx([training] * 5)


def test_every_figure_cites_its_jobs(stored, seeds):
    table = waterfall_tables.waterfall_table(stored)
    names = waterfall_tables.cited(table)
    assert names == sorted(set(names))
    assert "waterfall/leaked/fold1-seed0" in names
    assert "literature/lv_best/literature-seed0" in names
    assert all((stored / name / "manifest.json").is_file() for name in names)
    assert len(waterfall_tables.cited(waterfall_tables.branch_table(stored))) == 5 * seeds


def test_soft_and_hard_dice_of_a_slice_by_hand():
    rows = pd.DataFrame({
        "network_truth": [4, 0], "network_predicted": [4, 0], "network_overlap": [2, 0],
        "soft_predicted": [5.0, 0.0], "soft_overlap": [2.5, 0.0],
    })  # fmt: skip
    assert waterfall_tables.soft_dice(rows).tolist() == pytest.approx([7 / 11, 1.0])
    hard = waterfall_tables.hard_dice(rows)
    assert hard[0] == 0.5
    assert np.isnan(hard[1])


def test_the_soft_dice_of_a_slice_is_one_minus_the_loss():
    from seglib.losses import DiceLoss

    rng = np.random.default_rng(0)
    truth = (rng.random((3, 8, 8, 1)) < 0.2).astype("float32")
    soft = rng.random((3, 8, 8, 1)).astype("float32")
    rows = pd.DataFrame({
        "network_truth": truth.sum(axis=(1, 2, 3)),
        "soft_predicted": soft.sum(axis=(1, 2, 3)),
        "soft_overlap": (truth * soft).sum(axis=(1, 2, 3)),
    })  # fmt: skip
    loss = np.asarray(DiceLoss().call(truth, soft))
    np.testing.assert_allclose(waterfall_tables.soft_dice(rows), 1 - loss, rtol=1e-5)


def test_every_variant_of_the_experiment_is_in_the_chain_or_beside_it():
    shown = {step.variant for step in waterfall.CHAIN} | set(waterfall.BRANCHES)
    assert set(waterfall.waterfall_recipes()) <= shown


def test_the_figures_show_every_step(stored):
    table = waterfall_tables.waterfall_table(stored)
    fig = waterfall_pictures.plot_waterfall(table, references=waterfall_pictures.PUBLISHED)
    axes = fig.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == table.index.tolist()
    shown = [text.get_text().strip() for text in axes.texts]
    assert all(f"{value:.3f}" in shown for value in table["dice"])
    assert f"{table['difference'].iloc[-2]:+.3f}" in shown
    assert axes.get_xlim() == (0, 1)
    branches = waterfall_tables.branch_table(stored)
    axes = waterfall_pictures.plot_branches(branches).axes[0]
    assert len(axes.get_xticklabels()) == 5
    low, high = axes.get_ylim()
    everything = branches[["training", "soft", "low", "high"]].stack()
    assert low < everything.min() and everything.max() < high
    assert high - low < 1.5 * np.ptp(everything)  # the values fill the axis
