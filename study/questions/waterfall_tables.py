"""The waterfall of `study.questions.waterfall` as tables, made of stored jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from seglib.errors import SeglibError
from seglib.evaluation.comparison import judge_differences
from seglib.evaluation.counts import dice_of_counts
from seglib.evaluation.intervals import bootstrap_interval
from study.questions.waterfall import BRANCHES, CHAIN, EXPERIMENT, Step
from study.results import STORED, read_manifest, read_results, stored_names


def complete_seeds(stored: Path = STORED) -> list[int]:
    """The seeds of which every variant of the chain and its branches is stored.

    Args:
        stored: Where results are kept.

    Raises:
        SeglibError: A variant has no result, or no seed has them all.
    """
    variants = {step.variant for step in CHAIN if step.experiment == EXPERIMENT and step.variant}
    variants |= set(BRANCHES)
    found: dict[str, set[int]] = {variant: set() for variant in variants}
    for name in stored_names(EXPERIMENT, sorted(variants), stored):
        manifest = read_manifest(name, stored)
        found[manifest["variant"]].add(manifest["seed"])
    seeds = set.intersection(*found.values())
    if not seeds:
        raise SeglibError(
            "no seed of the experiment waterfall has all its variants stored; run: "
            f"python -m study run {EXPERIMENT}"
        )
    return sorted(seeds)


def soft_dice(per_slice: pd.DataFrame) -> pd.Series:
    """Soft Dice of each slice on the network's grid: 1 - `seglib.losses.DiceLoss`.

    That loss adds 1 to |A B| and to (|A| + |B|) / 2, so twice as much stands here.

    Args:
        per_slice: From `study.results.read_results`.
    """
    both = per_slice["soft_predicted"] + per_slice["network_truth"]
    return (2 * per_slice["soft_overlap"] + 2) / (both + 2)


def hard_dice(per_slice: pd.DataFrame) -> pd.Series:
    """Hard Dice of each slice on the network's grid; NaN where both masks are empty.

    Args:
        per_slice: From `study.results.read_results`.
    """
    return dice_of_counts(per_slice, "network_")


#: For each measure on held-out images, the stored table and each row's value.
_MEASURES = {
    "soft": ("per_slice", soft_dice),
    "hard": ("per_slice", hard_dice),
    "patient": ("per_case", lambda per_case: per_case["dice"]),
}


def _values(step: Step, stored: Path) -> pd.Series:
    """One value a patient and job, indexed by ``variant``, ``fold``, ``seed``, ``patient``."""
    table, measure = _MEASURES[step.measure]
    rows = read_results(step.experiment, table, [step.variant], stored)
    by = [rows[column] for column in ("variant", "fold", "seed", "patient")]
    return measure(rows).groupby(by).mean().dropna()


def training_figures(variant: str, seeds: Sequence[int], stored: Path = STORED) -> pd.Series:
    """Soft Dice of the training pairs in the last epoch, 1 - loss, by ``fold`` and ``seed``.

    Args:
        variant: Of the experiment ``waterfall``, trained with the Dice loss.
        seeds: Which of its jobs.
        stored: Where results are kept.
    """
    history = read_results(EXPERIMENT, "history", [variant], stored)
    history = history[history["seed"].isin(seeds)].sort_values("epoch")
    return 1 - history.groupby(["variant", "fold", "seed"])["loss"].last()


def _tested(seeds: Sequence[int], stored: Path) -> pd.MultiIndex:
    """``(seed, patient)`` of those whom the split by patient holds out."""
    values = _values(Step("", "", "patients"), stored).droplevel(["variant", "fold"])
    return values.index[values.index.get_level_values("seed").isin(seeds)]


def _held_out(step: Step, tested: pd.MultiIndex, stored: Path) -> pd.Series:
    """`_values` of the patients that the step is read on."""
    values = _values(step, stored)
    if step.experiment == EXPERIMENT:
        return values[values.index.droplevel(["variant", "fold"]).isin(tested)]
    if step.experiment == "comparison":  # every patient, any seed: keep the chain's patients
        patients = tested.get_level_values("patient")
        values = values[values.index.get_level_values("patient").isin(patients)]
        number = values.groupby("seed").transform("size")  # a seed may be stored in part
        return values[number == number.max()]
    return values


def _runs(values: pd.Series, experiment: str) -> list[str]:
    """The jobs that values came from."""
    jobs = values.index.droplevel("patient") if "patient" in values.index.names else values.index
    return sorted({f"{experiment}/{variant}/{fold}-seed{seed}" for variant, fold, seed in jobs})


def _figures(values: pd.Series, experiment: str) -> dict:
    """Mean, its doubt, and what it is made of."""
    low, high, patients = float("nan"), float("nan"), 0
    mean = values.mean()
    if "patient" in values.index.names:
        by_patient = values.groupby("patient").mean()
        low, high = bootstrap_interval(by_patient.to_numpy())
        mean, patients = by_patient.mean(), len(by_patient)
    by_seed = values.groupby("seed").mean()
    return {
        "dice": mean,
        "low": low,
        "high": high,
        "seeds": len(by_seed),
        "seed_sd": by_seed.std(),
        "by_seed": " ".join(f"{mean:.3f}" for mean in by_seed),
        "patients": patients,
        "runs": " ".join(_runs(values, experiment)),
    }


def waterfall_table(stored: Path = STORED) -> pd.DataFrame:
    """All steps of `CHAIN`, from the claimed figure to the best.

    Args:
        stored: Where results are kept.

    Returns:
        Index ``step``. ``changed``; ``source`` ("published" or "measured"); ``dice`` with
        its 95 % bootstrap interval over patients (``low``, ``high``; NaN where no patient
        was held out); ``difference`` to the step before with its paired interval
        (``difference_low``, ``difference_high``; NaN where the two steps do not have the
        same patients; no difference at all to a figure of others, or from other patients), and
        where it has one ``p_holm`` and ``verdict`` of `seglib.evaluation.judge_differences`,
        over all steps;
        ``seeds``; ``by_seed``, the mean of each, separated by spaces; ``seed_sd``, the standard
        deviation of these (in ``waterfall`` each seed also tests another fold, so it holds
        both spreads); ``patients``; ``total``; and ``runs``, the jobs, separated by spaces.

    Raises:
        SeglibError: A step has no stored result.
    """
    seeds = complete_seeds(stored)
    tested = _tested(seeds, stored)
    rows, paired, before = {}, {}, None
    for step in CHAIN:
        row = {"changed": step.changed, "source": "published" if step.published else "measured"}
        patients = None
        if step.published:
            row |= {"dice": step.published, "seeds": 0, "by_seed": "", "patients": 0, "runs": ""}
        elif step.measure == "training":
            row |= _figures(training_figures(step.variant, seeds, stored), step.experiment)
        else:
            values = _held_out(step, tested, stored)
            row |= _figures(values, step.experiment)
            patients = values.groupby("patient").mean()
        same = before is not None and set(before.index) == set(patients.index)
        if same:
            paired[step.name] = (patients - before).to_numpy()
            low, high = bootstrap_interval(paired[step.name])
            row |= {"difference_low": low, "difference_high": high}
        last = next(reversed(rows.values()), None)
        if same or (before is None and last is not None and last["source"] == "measured"):
            row["difference"] = row["dice"] - last["dice"]
        rows[step.name] = {**row, "total": step.total}
        before = patients
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table.join(judge_differences(paired)[["p_holm", "verdict"]])
    columns = ["changed", "source", "dice", "low", "high", "difference", "difference_low"]
    columns += ["difference_high", "p_holm", "verdict", "seeds", "by_seed", "seed_sd"]
    return table[[*columns, "patients", "total", "runs"]].rename_axis("step")


def branch_table(stored: Path = STORED) -> pd.DataFrame:
    """What the normalisation sees: batches of 1 to 16, and groups instead of batches.

    Args:
        stored: Where results are kept.

    Returns:
        Index ``variant``, in the order of `BRANCHES`. ``norm`` and ``batch_size`` of the
        recipe; ``steps`` of the optimiser; ``training``, the training score; ``soft``, the
        same measure on held-out patients; ``dice`` (hard, pooled by patient), ``low``,
        ``high``, ``seeds``, ``seed_sd``, ``patients`` and ``runs`` as in `waterfall_table`;
        against the first of them ``difference``, ``p_holm`` and ``verdict`` of
        `seglib.evaluation.judge_differences` (NaN for the first).

    Raises:
        SeglibError: A variant has no stored result.
    """
    seeds = complete_seeds(stored)
    tested = _tested(seeds, stored)
    rows, dice = {}, {}
    for variant in BRANCHES:
        manifest = read_manifest(stored_names(EXPERIMENT, [variant], stored)[0], stored)
        recipe = manifest["recipe"]
        soft = _held_out(Step("", "", variant, "soft"), tested, stored)
        pooled = _held_out(Step("", "", variant), tested, stored)
        dice[variant] = pooled.groupby("patient").mean()
        rows[variant] = {
            "norm": recipe["norm"],
            "batch_size": recipe["batch_size"],
            "steps": manifest["train_slices"] // recipe["batch_size"] * recipe["epochs"],
            "training": training_figures(variant, seeds, stored).mean(),
            "soft": soft.groupby("patient").mean().mean(),
            **_figures(pooled, EXPERIMENT),
        }
    first, *others = BRANCHES
    judged = judge_differences({name: (dice[name] - dice[first]).to_numpy() for name in others})
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")
    return table.join(judged[["difference", "p_holm", "verdict"]])


def cited(*tables: pd.DataFrame) -> list[str]:
    """The jobs that tables were made from, sorted, each once.

    Args:
        *tables: With a column ``runs``, from `waterfall_table` or `branch_table`.
    """
    return sorted({name for table in tables for runs in table["runs"] for name in runs.split()})
