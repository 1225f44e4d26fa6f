"""The chains of `study.questions.waterfall` and `study.questions.chain` as tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from seglib.errors import SeglibError
from seglib.evaluation.comparison import judge_differences
from seglib.evaluation.counts import dice_of_counts
from seglib.evaluation.intervals import bootstrap_interval, crossed_interval
from study.questions.waterfall import BRANCHES, CHAIN, EXPERIMENT, Step
from study.results import STORED, read_manifest, read_results, stored_names


def own_experiment(steps: Sequence[Step]) -> str:
    """The experiment whose jobs a chain is made of, but for its last steps."""
    return next(step.experiment for step in steps if step.variant)


def complete_jobs(
    steps: Sequence[Step] = CHAIN, beside: Sequence[str] = BRANCHES, stored: Path = STORED
) -> list[tuple[str, int]]:
    """Fold and seed of the jobs that every variant of a chain has stored.

    Args:
        steps: Of the chain.
        beside: Variants of its experiment that are not among the steps.
        stored: Where results are kept.

    Raises:
        SeglibError: A variant has no result, or no fold and seed has them all.
    """
    experiment = own_experiment(steps)
    variants = {step.variant for step in steps if step.experiment == experiment and step.variant}
    found: dict[str, set] = {variant: set() for variant in variants | set(beside)}
    for name in stored_names(experiment, sorted(found), stored):
        manifest = read_manifest(name, stored)
        found[manifest["variant"]].add((manifest["fold"], manifest["seed"]))
    jobs = set.intersection(*found.values())
    if not jobs:
        raise SeglibError(
            f"no fold and seed of the experiment {experiment} has all its variants stored; run: "
            f"python -m study run {experiment}"
        )
    return sorted(jobs)


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


def _among(values: pd.Series, jobs: Sequence[tuple[str, int]]) -> pd.Series:
    """The values of these folds and seeds."""
    labels = zip(*(values.index.get_level_values(level) for level in ("fold", "seed")), strict=True)
    return values[[label in set(jobs) for label in labels]]


def training_figures(step: Step, jobs: Sequence[tuple[str, int]], stored: Path) -> pd.Series:
    """Soft Dice of the training pairs in the last epoch, 1 - loss, by variant, fold and seed.

    Args:
        step: Of jobs that were trained with the Dice loss.
        jobs: Fold and seed of those to read.
        stored: Where results are kept.
    """
    history = read_results(step.experiment, "history", [step.variant], stored)
    last = history.sort_values("epoch").groupby(["variant", "fold", "seed"])["loss"].last()
    return _among(1 - last, jobs)


def _tested(experiment: str, jobs: Sequence[tuple[str, int]], stored: Path) -> pd.MultiIndex:
    """``(fold, seed, patient)`` of those whom the split by patient holds out."""
    values = _values(Step("", "", "patients", experiment=experiment), stored)
    return _among(values, jobs).index.droplevel("variant")


def _held_out(step: Step, own: str, tested: pd.MultiIndex, stored: Path) -> pd.Series:
    """`_values` of the patients that the step is read on."""
    values = _values(step, stored)
    if step.experiment == own:
        return values[values.index.droplevel("variant").isin(tested)]
    if step.experiment == "comparison":  # every patient, any seed: keep the chain's patients
        patients = tested.get_level_values("patient")
        values = values[values.index.get_level_values("patient").isin(patients)]
        number = values.groupby("seed").transform("size")  # a seed may be stored in part
        return values[number == number.max()]
    return values


def _crossed(values: pd.Series) -> pd.DataFrame:
    """One row a patient, one column a seed; NaN where a patient lacks a seed."""
    return values.groupby(["patient", "seed"]).mean().unstack("seed")


def _interval(*values: pd.DataFrame) -> tuple[float, float]:
    """Of a mean, or of a difference of two: over patients, and over seeds if all patients have all.

    Where each seed has patients of its own, to resample it would be to resample them twice.
    """
    if any(part.isna().any(axis=None) for part in values):
        means = [part.mean(axis=1) for part in values]
        return bootstrap_interval((means[0] - means[1] if means[1:] else means[0]).to_numpy())
    return crossed_interval(*(part.to_numpy() for part in values))


def _runs(values: pd.Series, experiment: str) -> list[str]:
    """The jobs that values came from."""
    jobs = values.index.droplevel("patient") if "patient" in values.index.names else values.index
    return sorted({f"{experiment}/{variant}/{fold}-seed{seed}" for variant, fold, seed in jobs})


def _figures(values: pd.Series, experiment: str) -> dict:
    """Mean, its doubt, and what it is made of."""
    low, high, patients = float("nan"), float("nan"), 0
    mean = values.mean()
    if "patient" in values.index.names:
        crossed = _crossed(values)
        low, high = _interval(crossed)
        mean, patients = crossed.mean(axis=1).mean(), len(crossed)
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


def waterfall_table(
    stored: Path = STORED, steps: Sequence[Step] = CHAIN, beside: Sequence[str] = BRANCHES
) -> pd.DataFrame:
    """All steps of a chain, from the claimed figure to the best.

    Args:
        stored: Where results are kept.
        steps: Of the chain.
        beside: As `complete_jobs`.

    Returns:
        Index ``step``. ``changed``; ``source`` ("published" or "measured"); ``dice`` with its
        95 % interval (``low``, ``high``; over patients, and over seeds where each patient has
        all; NaN where no patient was held out); ``against``, the step that it is compared with,
        and ``difference`` to it with its paired interval (``difference_low``,
        ``difference_high``; NaN where the two steps do not have the same patients; no
        difference at all to a figure of others, or from other patients), and
        where it has one ``p_holm`` and ``verdict`` of `seglib.evaluation.judge_differences`,
        over all steps;
        ``seeds``; ``by_seed``, the mean of each, separated by spaces; ``seed_sd``, the standard
        deviation of these (in ``waterfall`` each seed also tests another fold, so it holds
        both spreads); ``patients``; ``total``; and ``runs``, the jobs, separated by spaces.

    Raises:
        SeglibError: A step has no stored result.
    """
    own, jobs = own_experiment(steps), complete_jobs(steps, beside, stored)
    tested = _tested(own, jobs, stored)
    rows, paired, last, before = {}, {}, "", None
    for step in steps:
        row = {"changed": step.changed, "source": "published" if step.published else "measured"}
        crossed = None
        if step.published:
            row |= {"dice": step.published, "seeds": 0, "by_seed": "", "patients": 0, "runs": ""}
        elif step.measure == "training":
            row |= _figures(training_figures(step, jobs, stored), step.experiment)
        else:
            values = _held_out(step, own, tested, stored)
            row |= _figures(values, step.experiment)
            crossed = _crossed(values)
        same = before is not None and set(before.index) == set(crossed.index)
        row["against"] = ""
        if same:
            paired[step.name] = (crossed.mean(axis=1) - before.mean(axis=1)).to_numpy()
            low, high = _interval(crossed, before)
            row |= {"difference_low": low, "difference_high": high}
        if same or (before is None and last and rows[last]["source"] == "measured"):
            row |= {"against": last, "difference": row["dice"] - rows[last]["dice"]}
        rows[step.name] = {**row, "total": step.total}
        if not step.aside:
            last, before = step.name, crossed
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table.join(judge_differences(paired)[["p_holm", "verdict"]])
    columns = ["changed", "source", "dice", "low", "high", "against", "difference"]
    columns += ["difference_low", "difference_high", "p_holm", "verdict", "seeds", "by_seed"]
    return table[[*columns, "seed_sd", "patients", "total", "runs"]].rename_axis("step")


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
    jobs = complete_jobs(stored=stored)
    tested = _tested(EXPERIMENT, jobs, stored)
    rows, dice = {}, {}
    for variant in BRANCHES:
        manifest = read_manifest(stored_names(EXPERIMENT, [variant], stored)[0], stored)
        recipe = manifest["recipe"]
        soft = _held_out(Step("", "", variant, "soft"), EXPERIMENT, tested, stored)
        pooled = _held_out(Step("", "", variant), EXPERIMENT, tested, stored)
        dice[variant] = pooled.groupby("patient").mean()
        rows[variant] = {
            "norm": recipe["norm"],
            "batch_size": recipe["batch_size"],
            "steps": manifest["train_slices"] // recipe["batch_size"] * recipe["epochs"],
            "training": training_figures(Step("", "", variant), jobs, stored).mean(),
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
